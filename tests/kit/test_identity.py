import base64
import time
from dataclasses import replace
from uuid import uuid4

import jwt
import pytest

from services.kit.identity import Identity, IdentitySigner, IdentityVerifier
from services.kit.problems import Forbidden, Unauthorized
from tests import keys


def someone(*scopes: str) -> Identity:
    team = frozenset(uuid4() for _ in range(3))
    return Identity(uuid4(), uuid4(), scopes=frozenset(scopes), rep_id=uuid4(), visibility="team", team=team)


def signer(issuer: str = "gateway", ago: float = 0) -> IdentitySigner:
    return IdentitySigner(issuer, keys.private_key(issuer), now=lambda: time.time() - ago)


def verifier(audience: str = "contacts") -> IdentityVerifier:
    return IdentityVerifier(audience, keys.public_keys())


def test_an_identity_arrives_as_it_was_sent() -> None:
    identity = someone("people:read")
    assert verifier().verify(signer().sign(identity, "contacts")) == identity


def test_who_sees_his_team_sees_himself_and_nobody_else() -> None:
    identity = someone()
    assert identity.sees(identity.rep_id)
    assert all(identity.sees(mate) for mate in identity.team)
    assert not identity.sees(uuid4(), None)
    alone = replace(identity, visibility="own")
    assert [alone.sees(mate) for mate in alone.team] == [False] * 3
    assert not replace(alone, rep_id=None).sees(None)
    assert replace(alone, visibility="all").sees(None)


def test_a_token_is_good_for_one_audience_only() -> None:
    with pytest.raises(Unauthorized):
        verifier("scoring").verify(signer().sign(someone(), "contacts"))


def test_an_expired_token_is_refused_even_if_it_was_seen_before() -> None:
    now = [1_000_000.0]
    patient = IdentityVerifier("contacts", keys.public_keys(), now=lambda: now[0])
    token = IdentitySigner("gateway", keys.private_key("gateway"), now=lambda: now[0]).sign(someone(), "contacts")
    patient.verify(token)
    now[0] += 36
    with pytest.raises(Unauthorized):
        patient.verify(token)


def test_a_token_from_the_future_is_refused() -> None:
    with pytest.raises(Unauthorized):
        verifier().verify(signer(ago=-60).sign(someone(), "contacts"))


def test_one_service_cannot_speak_as_another() -> None:
    forged = jwt.encode(
        {
            "iss": "gateway",
            "aud": "contacts",
            "iat": int(time.time()),
            "exp": int(time.time()) + 30,
            "ws": str(uuid4()),
            "sub": str(uuid4()),
            "scopes": ["admin"],
        },
        signer("scoring")._key,
        algorithm="EdDSA",
        headers={"kid": "scoring:1"},
    )
    with pytest.raises(Unauthorized):
        verifier().verify(forged)


def test_no_other_algorithm_is_taken() -> None:
    claims = {"iss": "gateway", "aud": "contacts", "iat": 0, "exp": 2**33, "ws": str(uuid4()), "sub": str(uuid4())}
    public = base64.b64decode(keys.public_keys()[0].rpartition(":")[2])
    for algorithm, key in (("HS256", public), ("none", "")):
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "gateway:1"})
        with pytest.raises(Unauthorized):
            verifier().verify(token)


@pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c", "eyJhbGciOiJFZERTQSJ9.e30.AAAA"])
def test_what_is_no_token_is_refused(token: str | None) -> None:
    with pytest.raises(Unauthorized):
        verifier().verify(token)


def test_admin_holds_every_public_scope_but_no_internal_one() -> None:
    admin = someone("admin")
    admin.require("people:write")
    for internal in ("feed:read", "internal"):
        with pytest.raises(Forbidden):
            admin.require(internal)


def test_a_call_to_a_peer_carries_only_that_calls_scopes() -> None:
    call = someone("admin").for_call("campaigns", frozenset({"interactions:write"}))
    assert (call.service, call.scopes) == ("campaigns", frozenset({"interactions:write"}))
