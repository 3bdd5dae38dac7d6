"""What a token says: before it is proven, to whom to turn; after that, what its claims mean here."""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.access.rules import SCOPES
from services.kit.identity import Identity, Visibility

LONGEST_TOKEN = 8192
WELL_KNOWN = "/.well-known/openid-configuration"
LEEWAY_SECONDS = 30
WORKSPACE_CLAIM = "kith_workspace_id"
"""Needed only where several workspaces take tokens of one issuer for one audience."""
TYPES = (None, "jwt", "at+jwt", "application/at+jwt")
REQUIRED = ("iss", "aud", "sub", "exp", "iat")
SHORTEST_RSA = 2048
KEY_TYPES = {"RS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
VISIBILITIES: dict[str, Visibility] = {"own": "own", "team": "team", "all": "all"}


@dataclass(frozen=True, slots=True)
class Provider:
    """Whose tokens count in a workspace, and which of their claims say what."""

    workspace_id: UUID
    issuer: str
    audience: str
    jwks_url: str
    """Where the keys are, or the issuer's description, which names that place."""
    algorithm: Literal["RS256", "ES256", "EdDSA"]
    scopes: str
    rep: str
    visibility: str

    @classmethod
    def of(cls, workspace_id: UUID, stored: Mapping[str, Any]) -> "Provider":
        """Return the provider that a workspace's settings describe."""
        plain = {name: stored[name] for name in ("issuer", "audience", "jwks_url", "algorithm")}
        return cls(workspace_id, **plain, **stored["claims"])


@dataclass(frozen=True, slots=True)
class Unproven:
    """What a token claims about itself."""

    issuer: str
    audiences: frozenset[str]
    algorithm: str
    key_id: str | None
    workspace: str | None

    def may_be_for(self, provider: Provider) -> bool:
        """Tell whether the token is worth proving with a provider's keys."""
        return (
            self.issuer == provider.issuer
            and provider.audience in self.audiences
            and self.algorithm == provider.algorithm
            and self.workspace in (None, str(provider.workspace_id))
        )


def described_at(issuer: str) -> str:
    """Return where an issuer describes itself (OpenID Connect Discovery 1.0, section 4)."""
    return f"{issuer.rstrip('/')}{WELL_KNOWN}"


def read_unproven(text: str) -> Unproven | None:
    """Return what a token claims; None for what is no token of a kind that counts."""
    if len(text) > LONGEST_TOKEN or text.count(".") != 2:  # noqa: PLR2004 - head, claims and signature
        return None
    try:
        read = jwt.decode_complete(text, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, binascii.Error, RecursionError):
        return None
    head, claims = read["header"], read["payload"]
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    kind, key_id, workspace = head.get("typ"), head.get("kid"), claims.get(WORKSPACE_CLAIM)
    texts = [claims.get("iss"), head.get("alg"), *audiences]
    if "crit" in head or not all(isinstance(one, str) for one in texts):
        return None
    if not all(one is None or isinstance(one, str) for one in (kind, key_id, workspace)):
        return None
    if (kind.lower() if kind else None) not in TYPES:
        return None
    return Unproven(claims["iss"], frozenset(audiences), head["alg"], key_id, workspace)


def prove(text: str, provider: Provider, key: jwt.PyJWK, now: datetime) -> Mapping[str, Any] | None:
    """Return the claims of a token that a key signed for a provider's audience and that counts now; else None."""
    try:
        claims: dict[str, Any] = jwt.decode(
            text,
            key.key,
            algorithms=[provider.algorithm],
            audience=provider.audience,
            issuer=provider.issuer,
            options={"require": list(REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    second = now.timestamp()
    times = [claims["exp"], claims["iat"], claims.get("nbf", claims["iat"])]
    if not all(isinstance(time, int | float) and not isinstance(time, bool) for time in times):
        return None
    ends, issued, begins = times
    good = second < ends + LEEWAY_SECONDS and max(issued, begins) - LEEWAY_SECONDS <= second
    return claims if good and isinstance(claims["sub"], str) and claims["sub"] else None


def expiry(claims: Mapping[str, Any]) -> datetime:
    """Return the instant from which a token no longer counts, our clocks' difference allowed for."""
    latest = datetime.max.replace(tzinfo=UTC).timestamp() - 1
    return datetime.fromtimestamp(min(claims["exp"] + LEEWAY_SECONDS, latest), UTC)


def identity_of(claims: Mapping[str, Any], provider: Provider) -> Identity:
    """Return who a proven token stands for; scopes that we do not know are another program's."""
    said = claims.get(provider.scopes)
    scopes = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    return Identity(
        workspace_id=provider.workspace_id,
        actor_id=uuid5(provider.workspace_id, f"{provider.issuer} {claims['sub']}"),
        actor_kind="user",
        scopes=frozenset(scope for scope in scopes if isinstance(scope, str) and scope in SCOPES),
        rep_id=as_id(claims.get(provider.rep)),
        visibility=VISIBILITIES.get(str(claims.get(provider.visibility)), "own"),
    )


def as_id(value: object) -> UUID | None:
    """Return the id in a claim, None where it holds none."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def usable_key(data: object, algorithm: str) -> jwt.PyJWK | None:
    """Return a published key that may prove tokens of an algorithm, None for any other."""
    if not isinstance(data, dict) or not isinstance(data.get("kid"), str | None):
        return None
    kind, curve = KEY_TYPES[algorithm]
    told = {"use": "sig", "alg": algorithm}
    if data.get("kty") != kind or (curve and data.get("crv") != curve) or "d" in data:
        return None
    if any(data.get(name, wanted) != wanted for name, wanted in told.items()):
        return None
    try:
        key = jwt.PyJWK(data, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    weak = isinstance(key.key, RSAPublicKey) and key.key.key_size < SHORTEST_RSA
    return None if weak else key
