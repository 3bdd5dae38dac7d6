"""Head and body of an answer leave together, nothing is lost by that; what is no request is refused as a problem."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import orjson
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.protocol import MOST_HEAD_BYTES, Protocol
from services.kit.web.ops import QuietServer

PATIENCE_SECONDS = 60
ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


@contextlib.asynccontextmanager
async def connected(app: ASGIApp) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with serving(app) as (_, reader, writer):
        yield reader, writer


@contextlib.asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[tuple[uvicorn.Server, asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False, http=Protocol)
    server = QuietServer(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.005)
    reader, writer = await asyncio.open_connection(*server.servers[0].sockets[0].getsockname()[:2])
    try:
        yield server, reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await running


def answering(*pieces: bytes, between: Callable[[], asyncio.Future[None]] | None = None) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = str(sum(map(len, pieces))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for piece in pieces:
            if between:
                await between()
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


async def test_head_and_body_come_in_one_piece() -> None:
    async with connected(answering(b"hello")) as (reader, writer):
        for _ in range(3):
            writer.write(ASK)
            assert (await reader.read(65_536)).endswith(b"\r\n\r\nhello")


async def test_two_requests_at_once_are_answered_in_turn() -> None:
    async with connected(answering(b"hello", b"!")) as (reader, writer):
        writer.write(ASK + ASK)
        for _ in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(6) == b"hello!"


async def test_a_head_does_not_wait_for_a_body_that_takes_its_time() -> None:
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with connected(answering(b"late", between=lambda: asyncio.shield(waiting))) as (reader, writer):
        writer.write(ASK)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_SECONDS)).startswith(b"HTTP/1.1 200")
        waiting.set_result(None)
        assert await reader.readexactly(4) == b"late"


async def test_a_large_answer_comes_whole_and_the_connection_ends_after_it_where_asked() -> None:
    pieces = [bytes([65 + place % 26]) * 50_000 for place in range(200)]
    async with connected(answering(*pieces)) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        _, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert body == b"".join(pieces)


async def test_what_is_no_http_is_a_problem() -> None:
    async with connected(answering(b"hello")) as (reader, writer):
        writer.write(b"HELO crm.example\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert orjson.loads(body)["status"] == 400


async def test_a_head_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    async with connected(answering(b"hello")) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nx-more: ")
        for _ in range(MOST_HEAD_BYTES // 8192):
            writer.write(b"a" * 8192)
            await asyncio.sleep(0.005)  # in pieces, as from a network
        assert (await reader.read()).startswith(b"HTTP/1.1 431 ")


async def test_many_requests_on_one_connection_may_have_longer_heads_together() -> None:
    ask = ASK.replace(b"host", b"x-long: " + b"a" * 30_000 + b"\r\nhost")
    async with connected(answering(b"hello")) as (reader, writer):
        for _ in range(5):
            writer.write(ask)
            assert (await reader.read(65_536)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("before", [0, 1], ids=["its first request", "another request"])
async def test_who_is_connected_when_the_process_stops_may_still_ask_once(
    before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.protocol.LAST_REQUEST_SECONDS", PATIENCE_SECONDS)  # however slow the machine is
    async with serving(answering(b"hello")) as (server, reader, writer):
        for _ in range(before):
            writer.write(ASK)
            assert (await reader.read(65_536)).endswith(b"hello")
        await asyncio.sleep(0.05)  # accepted, and nothing on its way
        server.should_exit = True
        await stopped_listening(server)

        writer.write(ASK[:9])
        await asyncio.sleep(0.05)
        writer.write(ASK[9:])
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert body == b"hello"


async def test_who_asks_nothing_does_not_hold_up_the_end() -> None:
    async with serving(answering(b"hello")) as (server, reader, _):
        server.should_exit = True
        assert await asyncio.wait_for(reader.read(), PATIENCE_SECONDS) == b""


async def stopped_listening(server: uvicorn.Server) -> None:
    while server.servers[0].is_serving():  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.005)
