"""What is taken for a token, and for a key, before anything is proven."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from gateway.tokens.rules import read_unproven, usable_key

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
