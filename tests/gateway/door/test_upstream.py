"""Services that break off, come late or come back: repeated where it is safe, a problem where it is not."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.app import create_app
from gateway.door.upstream import Outgoing, Upstream
from services.kit.clock import FixedClock
from services.kit.problems import GatewayTimeout, Unavailable
from tests.gateway.conftest import Issue, echo_document, gateway_settings
from tests.gateway.peers import served

GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LONG = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 300_000


class Moody:
    """A server that answers each connection's first request by the next of its moods."""

    def __init__(self, *moods: bytes | None) -> None:
        self.moods = list(moods)
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer, or close the connection without a word (None)."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            mood = self.moods.pop(0) if self.moods else GOOD
            if mood is not None:
                writer.write(mood)
                await writer.drain()
        writer.close()


def upstream_at(
    port: int, *, connect_seconds: float = 30, answer_seconds: float = 30, connections: int = 4
) -> Upstream:
    return Upstream(
        {"contacts": f"http://127.0.0.1:{port}"},
        connect_seconds=connect_seconds,
        answer_seconds=answer_seconds,
        connections=connections,
    )


@contextlib.asynccontextmanager
async def upstream_to(moody: Moody) -> AsyncIterator[tuple[Upstream, int]]:
    server = await asyncio.start_server(moody.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = upstream_at(port)
    try:
        yield upstream, port
    finally:
        upstream.stop()
        server.close()
        await server.wait_closed()


def post(**more: bool) -> Outgoing:
    return Outgoing("POST", "/v1/people", [(b"content-type", b"application/json")], b"{}", **more)


async def test_a_request_that_may_be_repeated_survives_a_broken_connection() -> None:
    moody = Moody(None, GOOD)
    async with upstream_to(moody) as (upstream, _):
        answer = await upstream.send("contacts", post(repeatable=True))
    assert (answer.status, answer.body, len(moody.requests)) == (200, b"ok", 2)


async def test_a_request_that_may_have_had_its_effect_is_not_repeated() -> None:
    moody = Moody(None, GOOD)
    async with upstream_to(moody) as (upstream, _):
        with pytest.raises(Unavailable):
            await upstream.send("contacts", post())
    assert len(moody.requests) == 1


async def test_a_service_that_says_nothing_is_a_timeout() -> None:
    silent = asyncio.Event()

    async def wait(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = upstream_at(port, answer_seconds=0.1)
    with pytest.raises(GatewayTimeout):
        await upstream.send("contacts", post(repeatable=True))
    upstream.stop()
    silent.set()
    server.close()


async def test_callers_do_not_pile_up_before_a_service_whose_connections_are_all_taken() -> None:
    taken, release = asyncio.Event(), asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.set()
        await release.wait()
        writer.write(GOOD)
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = upstream_at(port, connect_seconds=1, connections=1)
    first = asyncio.create_task(upstream.send("contacts", post()))
    await taken.wait()
    with pytest.raises(Unavailable, match="takes no more"):
        await upstream.send("contacts", post())
    release.set()
    assert (await first).status == 200
    upstream.stop()
    server.close()


async def test_a_service_that_restarts_is_waited_for_a_moment() -> None:
    place = socket.socket()
    place.bind(("127.0.0.1", 0))  # it is ours, and nobody listens on it yet
    upstream = upstream_at(place.getsockname()[1])
    asking = asyncio.create_task(upstream.send("contacts", post()))
    await asyncio.sleep(0.02)
    server = await asyncio.start_server(Moody(GOOD).serve, sock=place)
    assert (await asking).status == 200
    upstream.stop()
    server.close()


async def test_a_service_that_is_not_part_of_it_is_unavailable() -> None:
    async with upstream_to(Moody()) as (upstream, _):
        with pytest.raises(Unavailable, match="not part of this installation"):
            await upstream.send("billing", post())


async def test_an_answer_that_breaks_off_reaches_the_caller_as_a_broken_connection(
    settings_for: "object", clock: FixedClock, issue: Issue
) -> None:
    moody = Moody(LONG)
    async with upstream_to(moody) as (_, port):
        peers = {"contacts": f"http://127.0.0.1:{port}"}
        app = create_app(gateway_settings(settings_for, peers), clock, document=echo_document())  # type: ignore[arg-type]  # a fixture's callable
        async with served(app, lifespan="on") as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get("/v1/people", headers={"Authorization": f"Bearer {await issue()}"})


async def test_cookies_and_redirects_of_a_service_are_not_followed() -> None:
    head = b"HTTP/1.1 302 Found\r\nlocation: /internal/names\r\nset-cookie: a=b\r\n"
    redirect = head + b"connection: close\r\ncontent-length: 0\r\n\r\n"
    moody = Moody(redirect, GOOD)
    async with upstream_to(moody) as (upstream, _):
        assert (await upstream.send("contacts", post())).status == 302
        await upstream.send("contacts", post())
    assert all(b"cookie" not in request.lower() for request in moody.requests)
