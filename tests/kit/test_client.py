"""Calls between services: signed, repeated only where harmless, problems kept as they are."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from uuid import uuid4

import httpx
import orjson
import pytest

from services.kit.client import NOBODY, Peers, ServiceClient, system_identity
from services.kit.context import CURRENT, RequestContext
from services.kit.identity import Identity, IdentitySigner, IdentityVerifier
from services.kit.problems import (
    Conflict,
    Forbidden,
    InternalError,
    NotFound,
    PreconditionFailed,
    Problem,
    RequestInProgress,
    Unavailable,
    invalid_body,
)
from tests import keys

Answer = Callable[[httpx.Request], httpx.Response]
ACTOR = Identity(workspace_id=uuid4(), actor_id=uuid4(), scopes=frozenset({"people:read", "orders:write"}))
READ = frozenset({"people:read"})
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class PeerIsOdd(Conflict):
    """A problem that only a peer's code raises."""


class Peer:
    """A peer that answers from a list, one after another, and remembers what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer the next call."""
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def client_of(peer: Answer) -> ServiceClient:
    """Return a client for whom time stands still: a circuit that opened stays open."""
    signer = IdentitySigner("scoring", keys.private_key("scoring"))
    transport = httpx.MockTransport(peer)
    return ServiceClient("contacts", "http://contacts.test", signer, transport=transport, now=lambda: 0.0)


def answer_with(problem: Problem) -> httpx.Response:
    document = problem.document(base="https://kith.example", instance="/x", request_id="r")
    return httpx.Response(
        problem.status,
        headers={"Content-Type": "application/problem+json", **problem.headers},
        content=orjson.dumps(document),
    )


async def test_a_call_carries_the_actor_the_caller_and_only_its_own_scopes() -> None:
    peer = Peer(httpx.Response(200, json={"ok": True}))
    answer = await client_of(peer).get("/v1/people", identity=ACTOR, scopes=READ, params={"limit": 3})
    assert answer.json() == {"ok": True}
    [request] = peer.asked
    assert request.url.params["limit"] == "3"
    seen = IdentityVerifier("contacts", keys.public_keys()).verify(request.headers["kith-identity"])
    assert (seen.actor_id, seen.workspace_id, seen.service) == (ACTOR.actor_id, ACTOR.workspace_id, "scoring")
    assert seen.scopes == READ


async def test_request_id_and_trace_travel_along() -> None:
    peer = Peer(httpx.Response(200))
    token = CURRENT.set(RequestContext("request-7", TRACE))
    try:
        await client_of(peer).get("/", identity=ACTOR, scopes=READ)
    finally:
        CURRENT.reset(token)
    assert peer.asked[0].headers["x-request-id"] == "request-7"
    assert peer.asked[0].headers["traceparent"] == TRACE


async def test_a_service_acts_in_its_own_name() -> None:
    identity = system_identity("scoring")
    assert (identity.actor_kind, identity.actor_id, identity.service) == ("service", NOBODY, "scoring")
    assert not identity.scopes


@pytest.mark.parametrize(
    "problem",
    [
        NotFound(),
        Forbidden("people:read"),
        PreconditionFailed(17),
        PeerIsOdd("too odd", existing_id="7"),
        invalid_body("#/name", "It is empty.", "empty"),
    ],
    ids=lambda problem: problem.slug(),
)
async def test_a_problem_crosses_the_wire_as_the_same_class(problem: Problem) -> None:
    with pytest.raises(type(problem)) as raised:
        await client_of(Peer(answer_with(problem))).get("/", identity=ACTOR, scopes=READ)
    assert raised.value.detail == (problem.detail or problem.title)
    assert raised.value.errors == problem.errors
    assert raised.value.extensions == problem.extensions


async def test_a_problem_that_we_do_not_know_keeps_its_status() -> None:
    unknown = httpx.Response(412, json={"type": "https://kith.example/problems/never-heard-of", "detail": "so"})
    with pytest.raises(PreconditionFailed, match="so"):
        await client_of(Peer(unknown)).get("/", identity=ACTOR, scopes=READ)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b'{"errors": 7}'])
async def test_an_answer_that_is_no_problem_document_is_an_error_of_ours(body: bytes) -> None:
    with pytest.raises(InternalError):
        await client_of(Peer(httpx.Response(500, content=body))).get("/", identity=ACTOR, scopes=READ)


async def test_a_peer_away_for_a_moment_is_asked_again() -> None:
    peer = Peer(httpx.ConnectError("refused"), httpx.Response(503), httpx.Response(200))
    answer = await client_of(peer).get("/", identity=ACTOR, scopes=READ)
    assert answer.status_code == 200
    assert len(peer.asked) == 3


async def test_a_peer_that_stays_away_is_unavailable() -> None:
    peer = Peer(httpx.ReadTimeout("late"))
    with pytest.raises(Unavailable, match="contacts cannot be reached"):
        await client_of(peer).get("/", identity=ACTOR, scopes=READ)
    assert len(peer.asked) == 3


async def test_a_write_without_a_key_is_never_repeated() -> None:
    peer = Peer(httpx.ConnectError("refused"), httpx.Response(200))
    with pytest.raises(Unavailable):
        await client_of(peer).post("/", identity=ACTOR, scopes=READ, json={})
    assert len(peer.asked) == 1


async def test_a_write_with_a_key_is_repeated_with_the_same_key_and_body() -> None:
    peer = Peer(httpx.ReadTimeout("late"), answer_with(RequestInProgress()), httpx.Response(201))
    await client_of(peer).post("/", identity=ACTOR, scopes=READ, json={"a": 1}, idempotency_key="k")
    assert {request.headers["idempotency-key"] for request in peer.asked} == {"k"}
    assert [request.content for request in peer.asked] == [b'{"a":1}'] * 3


async def test_a_refusal_is_not_repeated() -> None:
    peer = Peer(answer_with(NotFound()))
    with pytest.raises(NotFound):
        await client_of(peer).get("/", identity=ACTOR, scopes=READ)
    assert len(peer.asked) == 1


async def test_a_dead_peer_is_no_longer_asked() -> None:
    peer = Peer(httpx.ConnectError("refused"))
    client = client_of(peer)
    for _ in range(4):
        with pytest.raises(Unavailable):
            await client.get("/", identity=ACTOR, scopes=READ)
    assert len(peer.asked) == 5


async def test_a_peer_that_answers_with_problems_is_alive() -> None:
    peer = Peer(answer_with(NotFound()))
    client = client_of(peer)
    for _ in range(10):
        with pytest.raises(NotFound):
            await client.get("/", identity=ACTOR, scopes=READ)
    assert len(peer.asked) == 10


async def test_cancelling_a_call_does_not_block_the_peer_for_good() -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    signer = IdentitySigner("scoring", keys.private_key("scoring"))
    client = ServiceClient("contacts", "http://contacts.test", signer, transport=httpx.MockTransport(never))
    call = asyncio.create_task(client.get("/", identity=ACTOR, scopes=READ))
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_peers_have_one_client_each() -> None:
    signer = IdentitySigner("scoring", keys.private_key("scoring"))
    peers = Peers({"contacts": "http://contacts.test"}, signer)
    assert peers.client("contacts") is peers.client("contacts")
    with pytest.raises(KeyError):
        peers.client("nobody")
    await peers.close()


async def test_an_answer_that_nobody_holds_is_gone_before_garbage_is_looked_for() -> None:
    client = client_of(lambda _: httpx.Response(200, stream=httpx.ByteStream(b"a large batch")))
    gc.disable()
    try:
        answer = weakref.ref(await client.get("/feed", identity=ACTOR, scopes=READ))

        assert answer() is None
    finally:
        gc.enable()
    await client.close()
