"""HTTP/1.1 towards the services, byte by byte: what is one answer, when a connection serves again, when it may not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest

from gateway.door.upstream import Outgoing, Upstream
from gateway.door.wire import HIGH_WATER, MOST_HEAD_BYTES, Answer
from services.kit.problems import GatewayTimeout, Unavailable
from tests.waiting import until

Serve = Callable[["Line"], Awaitable[None]]
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
GET = Outgoing("GET", "/x", [], repeatable=True)


class Line:
    """A service's end of one connection."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes:
        """Read one request without a body."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def say(self, text: bytes) -> None:
        """Write."""
        self.writer.write(text)
        await self.writer.drain()


@contextlib.asynccontextmanager
async def service(serve: Serve, *, connections: int = 4, seconds: float = 30) -> AsyncIterator[Upstream]:
    numbers = iter(range(1, 1000))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(Line(next(numbers), reader, writer))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    upstream = Upstream({"s": base}, connect_seconds=30, answer_seconds=seconds, connections=connections)
    try:
        yield upstream
    finally:
        upstream.stop()
        server.close()


def always(text: bytes) -> Serve:
    """Answer every request of a connection with the same bytes and the connection's number in a header."""

    async def serve(line: Line) -> None:
        while True:
            await line.request()
            await line.say(text.replace(b"\r\n", b"\r\nx-line: %d\r\n" % line.number, 1))

    return serve


async def has_no_connection(upstream: Upstream) -> bool:
    """Tell whether every connection is gone, and noticed to be."""
    return not upstream._pools["s"]._connections


async def ask(upstream: Upstream, request: Outgoing = GET) -> tuple[int, bytes, bytes]:
    """Return status, body and number of the connection."""
    answer = await upstream.send("s", request, whole=True)
    assert isinstance(answer.body, bytes)
    return answer.status, answer.body, dict(answer.headers).get(b"x-line", b"")


class TestWhatIsOneAnswer:
    @pytest.mark.parametrize(
        ("method", "text", "status", "body"),
        [
            ("GET", GOOD, 200, b"ok"),
            (
                "GET",
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
                200,
                b"abc",
            ),
            ("GET", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-late: 1\r\n\r\n", 200, b""),
            ("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 700\r\n\r\n", 200, b""),
            ("HEAD", b"HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\n", 404, b""),
            ("POST", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
            ("GET", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 700\r\n\r\n", 304, b""),
            ("GET", b"HTTP/1.1 103 Early\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + GOOD, 200, b"ok"),
        ],
    )
    async def test_each_framing_is_read_to_its_end_and_the_connection_serves_again(
        self, method: str, text: bytes, status: int, body: bytes
    ) -> None:
        async def serve(line: Line) -> None:
            while True:
                await line.request()
                await line.say(text)

        async with service(serve, connections=1) as upstream:
            for _ in range(3):
                answer = await upstream.send("s", Outgoing(method, "/x", []), whole=True)
                assert (answer.status, answer.body) == (status, body)
                assert {name for name, _ in answer.headers} <= {b"content-length", b"transfer-encoding"}

    async def test_one_connection_serves_many_requests(self) -> None:
        async with service(always(GOOD)) as upstream:
            lines = {(await ask(upstream))[2] for _ in range(5)}
        assert lines == {b"1"}

    async def test_an_answer_in_single_bytes(self) -> None:
        async def serve(line: Line) -> None:
            await line.request()
            for place in range(len(GOOD)):
                await line.say(GOOD[place : place + 1])
                await asyncio.sleep(0)

        async with service(serve) as upstream:
            assert (await ask(upstream))[:2] == (200, b"ok")

    async def test_a_body_without_a_length_ends_with_the_connection(self) -> None:
        async def serve(line: Line) -> None:
            await line.request()
            await line.say(b"HTTP/1.1 200 OK\r\n\r\nabc")

        async with service(serve) as upstream:
            assert (await ask(upstream))[:2] == (200, b"abc")

    @pytest.mark.parametrize(
        "text",
        [
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
            b"SSH-2.0-OpenSSH\r\n",
            b"HTTP/1.1 200 OK\r\nx: " + b"a" * (MOST_HEAD_BYTES + 1),
        ],
    )
    async def test_what_is_no_whole_answer_is_none(self, text: bytes) -> None:
        async def serve(line: Line) -> None:
            await line.request()
            await line.say(text)

        async with service(serve, connections=1) as upstream:
            for _ in range(2):  # and the one connection that may be open is given back each time
                with pytest.raises(Unavailable, match="cannot be reached"):
                    await ask(upstream)


class TestKeptConnections:
    @pytest.mark.parametrize(
        "text",
        [
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
            b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
            GOOD + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
            GOOD + b"rubbish",
        ],
    )
    async def test_one_with_something_left_over_or_that_is_to_end_serves_no_second_request(self, text: bytes) -> None:
        async with service(always(text)) as upstream:
            assert [await ask(upstream) for _ in range(2)] == [(200, b"ok", b"1"), (200, b"ok", b"2")]

    async def test_one_on_which_something_comes_unasked_serves_no_second_request(self) -> None:
        answered, ended = asyncio.Event(), asyncio.Event()

        async def serve(line: Line) -> None:
            if line.number > 1:
                await always(GOOD)(line)
            await line.request()
            await line.say(GOOD.replace(b"\r\n", b"\r\nx-line: 1\r\n", 1))
            await answered.wait()
            await line.say(GOOD)
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await line.request()
            ended.set()

        async with service(serve) as upstream:
            assert await ask(upstream) == (200, b"ok", b"1")
            answered.set()
            await ended.wait()
            assert await ask(upstream) == (200, b"ok", b"2")

    async def test_one_that_the_service_has_closed_is_replaced_unnoticed(self) -> None:
        async def serve(line: Line) -> None:
            await line.request()
            await line.say(GOOD)

        async with service(serve, connections=1) as upstream:
            for _ in range(3):
                assert (await upstream.send("s", Outgoing("POST", "/x", []), whole=True)).status == 200
                await until(partial(has_no_connection, upstream))

    @pytest.mark.parametrize(("method", "repeatable", "survives"), [("GET", True, True), ("POST", False, False)])
    async def test_one_that_closes_on_a_request_is_replaced_only_where_repeating_is_safe(
        self, method: str, repeatable: bool, survives: bool
    ) -> None:
        async def serve(line: Line) -> None:
            await line.request()
            await line.say(GOOD)
            if line.number == 1:
                await line.request()
            else:
                await always(GOOD)(line)

        async with service(serve) as upstream:
            assert (await ask(upstream))[0] == 200
            request = Outgoing(method, "/x", [], repeatable=repeatable)
            if survives:
                assert (await ask(upstream, request))[0] == 200
            else:
                with pytest.raises(Unavailable):
                    await ask(upstream, request)

    async def test_a_caller_who_gives_up_takes_the_connection_along(self) -> None:
        asked, given_up = asyncio.Event(), asyncio.Event()

        async def serve(line: Line) -> None:
            await line.request()
            if line.number == 1:
                asked.set()
                await given_up.wait()
            await line.say(GOOD.replace(b"ok", b"%02d" % line.number))
            await line.request()

        async with service(serve, connections=1) as upstream:
            asking = asyncio.create_task(ask(upstream))
            await asked.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            given_up.set()
            assert (await ask(upstream))[1] == b"02"

    async def test_an_answer_that_stops_midway_is_late(self) -> None:
        async def serve(line: Line) -> None:
            await line.request()
            await line.say(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")
            await line.request()

        async with service(serve, connections=1, seconds=0.05) as upstream:
            for _ in range(2):
                with pytest.raises(GatewayTimeout):
                    await ask(upstream)


class TestStreams:
    async def test_a_large_answer_waits_for_a_slow_reader(self) -> None:
        size, sent = 50_000_000, 0

        async def serve(line: Line) -> None:
            nonlocal sent
            await line.request()
            await line.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
            for _ in range(50):
                await line.say(b"x" * 1_000_000)
                sent += 1_000_000
            await always(GOOD)(line)

        async with service(serve, connections=1, seconds=1) as upstream:
            answer = await upstream.send("s", GET)
            assert isinstance(answer.body, Answer)
            await asyncio.sleep(1.2)  # longer than a service may take: it is the reader who is slow
            assert sent < size / 2
            assert answer.body._waiting < HIGH_WATER * 4
            assert sum([len(piece) async for piece in answer.body]) == size
            answer.body.close()
            assert (await ask(upstream))[0] == 200

    async def test_an_answer_that_is_dropped_midway_gives_its_connection_back(self) -> None:
        async def serve(line: Line) -> None:
            await line.request()
            await line.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
            await line.request()

        async with service(serve, connections=1) as upstream:
            for _ in range(3):
                answer = await upstream.send("s", GET)
                assert isinstance(answer.body, Answer)
                answer.body.close()

    async def test_a_large_body_waits_for_a_slow_service(self) -> None:
        taken = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal taken
            for _ in range(50):
                taken += 1
                yield b"x" * 1_000_000

        async def serve(line: Line) -> None:
            await line.request()
            await asyncio.sleep(0.2)
            assert taken < 25
            await line.reader.readexactly(50_000_000)
            await line.say(GOOD)

        async with service(serve) as upstream:
            headers = [(b"content-length", b"50000000")]
            assert (await ask(upstream, Outgoing("POST", "/x", headers, body())))[0] == 200

    async def test_a_body_without_a_length_goes_in_chunks(self) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b"abc"
            yield b"x" * 16

        got: list[bytes] = []

        async def serve(line: Line) -> None:
            got.append(await line.request())
            got.append(await line.reader.readuntil(b"0\r\n\r\n"))
            await line.say(GOOD)

        async with service(serve) as upstream:
            await ask(upstream, Outgoing("POST", "/x", [], body()))
        assert b"transfer-encoding: chunked" in got[0]
        assert b"content-length" not in got[0]
        assert got[1] == b"3\r\nabc\r\n10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n"

    async def test_an_answer_before_the_end_of_the_body_is_taken_and_the_connection_is_not_used_again(self) -> None:
        ended = False

        async def body() -> AsyncIterator[bytes]:
            nonlocal ended
            try:
                while True:
                    yield b"x" * 1000
                    await asyncio.sleep(0.01)
            finally:
                ended = True

        async def serve(line: Line) -> None:
            await line.request()
            await line.say(b"HTTP/1.1 413 Too Large\r\nx-line: %d\r\ncontent-length: 2\r\n\r\nno" % line.number)
            await line.reader.read()

        async with service(serve) as upstream:
            assert await ask(upstream, Outgoing("POST", "/x", [], body())) == (413, b"no", b"1")

            async def has_ended() -> bool:
                return ended

            await until(has_ended)
            assert (await ask(upstream, Outgoing("POST", "/x", [], body())))[2] == b"2"


class TestWhatGoesOut:
    async def test_a_post_without_a_body_says_so_and_a_get_says_nothing(self) -> None:
        heads: list[bytes] = []

        async def serve(line: Line) -> None:
            while True:
                heads.append(await line.request())
                await line.say(GOOD)

        async with service(serve) as upstream:
            await ask(upstream, Outgoing("POST", "/a?b=%20", [(b"x-one", b"1")]))
            await ask(upstream)
        assert heads[0].startswith(b"POST /a?b=%20 HTTP/1.1\r\nhost: 127.0.0.1:")
        assert heads[0].endswith(b"x-one: 1\r\ncontent-length: 0\r\n\r\n")
        assert b"length" not in heads[1]

    @pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\nb", b"a\rb", b"a\0b"])
    async def test_nothing_can_be_slipped_in_behind_a_line_break(self, value: bytes) -> None:
        async with service(always(GOOD)) as upstream:
            with pytest.raises(ValueError, match="line break"):
                await ask(upstream, Outgoing("GET", "/x", [(b"x", value)]))
            with pytest.raises(ValueError, match="line break"):
                await ask(upstream, Outgoing("GET", "/" + value.decode(), []))
