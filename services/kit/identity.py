"""Who is calling: short-lived signed identities that the gateway and the services issue and verify."""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.kit.problems import Forbidden, Unauthorized

HEADER = "kith-identity"
ALGORITHM = "EdDSA"
LIFETIME_SECONDS = 30
FRESH_SECONDS = 12.0
"""A token lives thirty seconds; handed out for less than half of that, it is never stale when it arrives."""
LEEWAY_SECONDS = 5
CACHE_LIMIT = 4096
ID_DIGITS = 32

Visibility = Literal["own", "team", "all"]
ActorKind = Literal["key", "user", "service", "system"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified caller: whose data, who acts, and what he may do."""

    workspace_id: UUID
    actor_id: UUID
    actor_kind: ActorKind = "key"
    scopes: frozenset[str] = frozenset()
    rep_id: UUID | None = None
    visibility: Visibility = "all"
    team: frozenset[UUID] = frozenset()
    """The reps of the caller's teams; they count where the visibility is `team`."""
    service: str | None = None
    """The service that calls on the actor's behalf; None for a call that came through the gateway."""

    def may(self, scope: str) -> bool:
        """Tell whether the caller holds a scope; `admin` holds every public one."""
        return scope in self.scopes or ("admin" in self.scopes and scope not in INTERNAL_SCOPES)

    def require(self, scope: str) -> None:
        """Raise Forbidden where the scope is missing."""
        if not self.may(scope):
            raise Forbidden(scope)

    @property
    def sees_all(self) -> bool:
        """Whether the caller sees customers of every rep, and those of none."""
        return self.visibility == "all"

    @property
    def reps(self) -> list[UUID]:
        """The reps whose customers exist for a caller who does not see all; none where the caller stands for no rep."""
        if self.rep_id is None:
            return []
        return sorted({self.rep_id, *self.team}) if self.visibility == "team" else [self.rep_id]

    def sees(self, *reps: UUID | None) -> bool:
        """Tell whether something that belongs to one of these reps exists for the caller."""
        return self.sees_all or not {*self.reps}.isdisjoint(reps)

    def for_call(self, service: str, scopes: frozenset[str]) -> "Identity":
        """Return the identity for one call of `service` to a peer: the actor stays, only that call's scopes remain."""
        return replace(self, service=service, scopes=scopes)


INTERNAL_SCOPES = frozenset({"feed:read", "internal"})
"""Scopes that only services give one another; no API key can hold them."""


class Signed(NamedTuple):
    """A token, and when it was signed, in seconds since 1970."""

    at: float
    token: bytes


class IdentitySigner:
    """Signs identities for one issuer (a process of Kith)."""

    def __init__(
        self,
        issuer: str,
        private_key: str,
        now: Callable[[], float] = time.time,
        *,
        lifetime: int = LIFETIME_SECONDS,
    ) -> None:
        """Take the key as `kid:base64 of 32 bytes`, and for how many seconds what it signs is believed."""
        kid, _, encoded = private_key.partition(":")
        self.issuer = issuer
        self._kid = kid
        self._key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded))
        self._now = now
        self._lifetime = lifetime

    @property
    def public_key(self) -> tuple[str, bytes]:
        """The key id and the public half of the key, as verifiers know them."""
        return f"{self.issuer}:{self._kid}", self._key.public_key().public_bytes_raw()

    def renew(self, known: Signed | None, identity: Identity, audience: str) -> Signed:
        """Return what was signed before for the same identity and audience while it is fresh, else sign anew.

        Fresh by the clock that the ends of tokens are written in: the monotonic one stands still while a laptop sleeps.
        """
        now = self._now()
        if known is not None and 0 <= now - known.at < FRESH_SECONDS:
            return known
        return Signed(now, self.sign(identity, audience).encode())

    def sign(self, identity: Identity, audience: str) -> str:
        """Return a token that `audience` accepts, by default for thirty seconds."""
        issued = int(self._now())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": audience,
            "iat": issued,
            "exp": issued + self._lifetime,
            "ws": str(identity.workspace_id),
            "sub": str(identity.actor_id),
            "kind": identity.actor_kind,
            "scopes": sorted(identity.scopes),
            "vis": identity.visibility,
        }
        if identity.rep_id:
            claims["rep"] = str(identity.rep_id)
        if identity.visibility == "team":
            claims["team"] = "".join(rep.hex for rep in sorted(identity.team))
        if identity.service:
            claims["svc"] = identity.service
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": f"{self.issuer}:{self._kid}"})


class IdentityVerifier:
    """Verifies identities that were issued for one audience; remembers good ones for as long as they live."""

    def __init__(self, audience: str, public_keys: Sequence[str], now: Callable[[], float] = time.time) -> None:
        """Take keys as `issuer:kid:base64 of 32 bytes`."""
        self.audience = audience
        self._keys = dict(map(read_public_key, public_keys))
        self._now = now
        self._seen: dict[str, tuple[float, Identity]] = {}

    def trusts(self, signer: IdentitySigner) -> bool:
        """Tell whether what a signer signs would be believed here."""
        key_id, public = signer.public_key
        known = self._keys.get(key_id)
        return known is not None and known.public_bytes_raw() == public

    def verify(self, token: str | None) -> Identity:
        """Return the identity in a token; Unauthorized for a missing, foreign, forged or expired one."""
        if not token:
            raise Unauthorized
        seen = self._seen.get(token)
        if seen and seen[0] > self._now():
            return seen[1]
        claims = self._read(token)
        identity = from_claims(claims)
        if len(self._seen) >= CACHE_LIMIT:
            self._seen.clear()
        self._seen[token] = (float(claims["exp"]), identity)
        return identity

    def _read(self, token: str) -> Mapping[str, Any]:
        try:
            kid = str(jwt.get_unverified_header(token).get("kid", ""))
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys[kid],
                algorithms=[ALGORITHM],
                audience=self.audience,
                issuer=kid.partition(":")[0],
                options={
                    "require": ["exp", "iat", "aud", "iss", "sub", "ws"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, KeyError, ValueError) as error:
            raise Unauthorized from error
        if claims["exp"] + LEEWAY_SECONDS < self._now() or claims["iat"] - LEEWAY_SECONDS > self._now():
            raise Unauthorized
        return claims


def read_public_key(text: str) -> tuple[str, Ed25519PublicKey]:
    """Return the key id and key of `issuer:kid:base64`; ValueError if it is none."""
    issuer, kid, encoded = text.split(":", 2)
    return f"{issuer}:{kid}", Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded))


def from_claims(claims: Mapping[str, Any]) -> Identity:
    """Return the identity that verified claims state."""
    return Identity(
        workspace_id=UUID(claims["ws"]),
        actor_id=UUID(claims["sub"]),
        actor_kind=claims.get("kind", "key"),
        scopes=frozenset(claims.get("scopes", ())),
        rep_id=UUID(claims["rep"]) if "rep" in claims else None,
        visibility=claims.get("vis", "own"),
        team=frozenset(reps_in(claims.get("team", ""))),
        service=claims.get("svc"),
    )


def reps_in(text: str) -> list[UUID]:
    """Return the ids that a claim holds one after the other, without dashes: a team shall fit into a header."""
    return [UUID(text[start : start + ID_DIGITS]) for start in range(0, len(text), ID_DIGITS)]
