"""What is taken for a token and for a key, which tokens are proven, and what their claims mean."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.tokens.rules import (
    Provider,
    described_at,
    expiry,
    identity_of,
    prove,
    read_unproven,
    usable_key,
)
from tests.gateway.tokens.provider import private_key, public_jwk

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
SECOND = int(NOW.timestamp())
WORKSPACE = UUID(int=7)
PROVIDER = Provider.of(
    WORKSPACE,
    {
        "issuer": "https://login.example",
        "audience": "kith",
        "jwks_url": "https://login.example/keys",
        "algorithm": "ES256",
        "claims": {"scopes": "scope", "rep": "rep_id", "visibility": "kith_visibility"},
    },
)
CLAIMS = {"iss": "https://login.example", "aud": "kith", "sub": "ming"}


def token(head: object = None, claims: object = None) -> str:
    """Return a token with a signature that nobody has proven."""
    parts = ({"alg": "RS256", "kid": "one"} if head is None else head, CLAIMS if claims is None else claims)
    return ".".join([*(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "c2lnbg"])


def test_a_token_says_who_issued_it_for_whom_and_by_which_key() -> None:
    read = read_unproven(token())

    assert read is not None
    assert (read.issuer, read.audiences, read.algorithm, read.key_id) == (
        "https://login.example",
        frozenset({"kith"}),
        "RS256",
        "one",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one.two",
        "not.a.token",
        "a." * 40_000,
        token({"alg": "RS256", "crit": ["b64"]}),
        token({"alg": "RS256", "typ": "logout+jwt"}),
        token({"alg": "RS256", "typ": 5}),
        token({"alg": 5}),
        token(claims={"iss": ["https://login.example"], "aud": "kith"}),
        token(claims={"iss": "https://login.example", "aud": ["kith", 5]}),
        token(claims={"iss": "https://login.example"}),
    ],
    ids=range(11),
)
def test_what_has_not_the_form_of_a_token_is_none(text: str) -> None:
    assert read_unproven(text) is None


@pytest.mark.parametrize(
    "key",
    [
        None,
        "key",
        {"kty": "RSA", "kid": 5},
        {"kty": "EC", "kid": "one", "crv": "P-256"},
        {"kty": "RSA", "kid": "one"},
        {"kty": "RSA", "kid": "one", "n": "!", "e": "AQAB"},
        {"kty": "RSA", "kid": "one", "n": 5, "e": "AQAB"},
        {"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB", "use": "enc"},
    ],
    ids=range(8),
)
def test_what_is_no_key_for_proving_is_passed_over(key: Any) -> None:  # noqa: ANN401 - any JSON value
    assert usable_key(key, "RS256") is None


def test_weak_and_private_keys_prove_nothing() -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505 - what must be refused
    weak = jwt.algorithms.RSAAlgorithm.to_jwk(short.public_key(), as_dict=True)
    assert usable_key({**weak, "kid": "one"}, "RS256") is None
    assert usable_key(public_jwk("ES256", d="AQAB"), "ES256") is None


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_published_keys_of_each_algorithm_prove_tokens(algorithm: str) -> None:
    assert usable_key(public_jwk(algorithm), algorithm) is not None


@pytest.mark.parametrize("more", [{"alg": "ES256"}, {"alg": "ES256", "typ": "at+JWT"}])
def test_a_token_is_worth_proving_with_the_keys_of_the_provider_that_it_names(more: dict[str, str]) -> None:
    read = read_unproven(token(more))
    assert read is not None
    assert read.may_be_for(PROVIDER)
    others = [
        replace(PROVIDER, issuer="https://other.example"),
        replace(PROVIDER, audience="shop"),
        replace(PROVIDER, algorithm="RS256"),
    ]
    assert not any(map(read.may_be_for, others))
    assert replace(read, workspace=str(WORKSPACE)).may_be_for(PROVIDER)
    assert not replace(read, workspace="another").may_be_for(PROVIDER)


@pytest.mark.parametrize("issuer", ["https://login.example/a", "https://login.example/a/"])
def test_an_issuer_describes_itself_at_the_well_known_place(issuer: str) -> None:
    assert described_at(issuer) == "https://login.example/a/.well-known/openid-configuration"


def proven(**claims: object) -> Mapping[str, Any] | None:
    """Return what is proven of a token with these claims; one that is None is left out."""
    good = CLAIMS | {"exp": SECOND + 60, "iat": SECOND - 60}
    said = {name: value for name, value in (good | claims).items() if value is not None}
    key = usable_key(public_jwk("ES256"), "ES256")
    assert key is not None
    return prove(sign(said), PROVIDER, key, NOW)


def sign(claims: dict[str, Any]) -> str:
    """Return a token signed by the key that is published."""
    return jwt.api_jws.encode(json.dumps(claims).encode(), private_key("ES256", "first"), "ES256")


@pytest.mark.parametrize(
    "claims",
    [{}, {"exp": SECOND - 29}, {"iat": SECOND + 30}, {"nbf": SECOND + 30}, {"aud": ["shop", "kith"]}],
    ids=range(5),
)
def test_a_token_counts_within_its_time_allowing_for_clocks_that_differ(claims: dict[str, Any]) -> None:
    found = proven(**claims)
    assert found is not None
    assert found["sub"] == "ming"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": SECOND - 30},
        {"iat": SECOND + 31},
        {"nbf": SECOND + 31},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": True},
        {"sub": ""},
        {"sub": 5},
        {"aud": "shop"},
        {"iss": "https://other.example"},
    ],
    ids=range(10),
)
def test_a_token_that_says_anything_else_is_not_proven(claims: dict[str, Any]) -> None:
    assert proven(**claims) is None


def test_a_token_that_another_key_signed_is_not_proven() -> None:
    key = usable_key(public_jwk("ES256", "second"), "ES256")
    assert key is not None
    assert prove(sign(CLAIMS | {"exp": SECOND + 60, "iat": SECOND}), PROVIDER, key, NOW) is None


def test_it_counts_until_its_end_and_the_difference_of_clocks_however_late_that_is() -> None:
    assert expiry({"exp": SECOND}) == datetime(2026, 11, 22, 4, 0, 30, tzinfo=UTC)
    assert expiry({"exp": 10**18}).year == 9999


@pytest.mark.parametrize(
    ("claims", "scopes", "rep", "visibility"),
    [
        ({}, set(), None, "own"),
        ({"scope": "openid people:read", "kith_visibility": "team"}, {"people:read"}, None, "team"),
        ({"scope": ["people:read", 5, "root"], "rep_id": str(UUID(int=9))}, {"people:read"}, UUID(int=9), "own"),
        ({"scope": 5, "rep_id": "me", "kith_visibility": "everything"}, set(), None, "own"),
        ({"rep_id": 9, "kith_visibility": "all"}, set(), None, "all"),
    ],
    ids=range(5),
)
def test_claims_say_what_the_caller_may(
    claims: dict[str, Any], scopes: set[str], rep: UUID | None, visibility: str
) -> None:
    found = identity_of({"sub": "ming", **claims}, PROVIDER)
    assert (found.workspace_id, found.actor_kind, found.scopes) == (WORKSPACE, "user", frozenset(scopes))
    assert (found.rep_id, found.visibility) == (rep, visibility)
    assert found.actor_id == identity_of({"sub": "ming"}, PROVIDER).actor_id
    assert found.actor_id != identity_of({"sub": "lin"}, PROVIDER).actor_id
