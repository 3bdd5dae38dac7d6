"""One kept HTTP/1.1 connection to a service: a request goes out whole, its answer comes in whole, then the next."""

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

if TYPE_CHECKING:
    from gateway.door.headers import Header

MOST_HEAD_BYTES = 65_536
HIGH_WATER = 262_144
"""An answer that is read slower than it comes is let in so far, then the service has to wait."""
FIRST_FINAL = 200
BODILESS = frozenset({204, 304})
FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class Broken(Exception):
    """The connection broke, or what came over it is no HTTP; `begun` tells whether an answer had begun."""

    def __init__(self, reason: str, *, begun: bool) -> None:
        super().__init__(reason)
        self.begun = begun


class Late(Exception):
    """Nothing came for longer than it may take."""


class Answer:
    """An answer as it comes in; the parser calls its `on_` methods."""

    def __init__(self, connection: "Connection", method: str) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.began: asyncio.Future[None] = connection.loop.create_future()
        self._connection = connection
        self._to_head = method == "HEAD"
        self._parser = HttpResponseParser(self)
        self._head_bytes = 0
        self._keeps = self._until_close = False
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._whole = False
        self._complete = False
        self._excess = False
        self._failure: Exception | None = None
        self._news: asyncio.Future[None] | None = None

    @property
    def is_clean(self) -> bool:
        """Tell whether the answer is whole and the connection may carry another one."""
        return self._complete and not self._excess and not self._until_close and self._keeps

    @property
    def length(self) -> int | None:
        """The length of the body where it is known beforehand."""
        if self._to_head or self.status in BODILESS:
            return 0
        value = next((value for name, value in self.headers if name.lower() == b"content-length"), b"")
        return int(value) if value.isdigit() else None

    async def read(self) -> bytes:
        """Return the whole body."""
        self._whole = True
        self._connection.resume()
        try:
            while not self._complete:
                await self._next()
        finally:
            self.close()
        body = b"".join(self._pieces)
        # Parser and answer hold one another, so a large body would stay until garbage is looked for.
        self._pieces.clear()
        return body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body piece by piece, as fast as it is taken."""
        while self._pieces or not self._complete:
            if not self._pieces:
                await self._next()
                continue
            piece = self._pieces.popleft()
            self._waiting -= len(piece)
            if self._waiting < HIGH_WATER:
                self._connection.resume()
            yield piece

    def close(self) -> None:
        """Let the connection go: back to the pool after a whole answer, else it is closed."""
        self._connection.finished(self)

    async def _next(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._news = self._connection.loop.create_future()
        await self._news

    def feed(self, data: bytes) -> None:
        """Take in what came."""
        if self._complete:
            self._excess = True
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._excess = True
            self.fail(Broken(type(error).__name__, begun=True))
        if not self.began.done():
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self.fail(Broken("the head is too large", begun=True))
        self._tell()

    def end(self) -> None:
        """The service has closed the connection: the end of a body without a length, a break of any other."""
        if self._until_close and self.began.done():
            self._complete = True
            self._tell()
        else:
            self.fail(Broken("closed", begun=self._head_bytes > 0 or self.began.done()))

    def fail(self, failure: Exception) -> None:
        """Give up what is not whole."""
        if self._complete or self._failure is not None:
            return
        self._failure = failure
        if not self.began.done():
            self.began.set_exception(failure)
            self.began.exception()  # read, so that nobody who has gone away is missed
        self._connection.abort()
        self._tell()

    def on_message_begin(self) -> None:
        """Begin; a second answer to one request is one too many."""
        self._excess = self._complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header; what stands behind a chunked body is dropped."""
        if not self.began.done():
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Let the answer begin, unless it is an interim one."""
        self.status = self._parser.get_status_code()
        if self.status < FIRST_FINAL or self.began.done():
            return
        has_body = not self._to_head and self.status not in BODILESS
        self._until_close = has_body and not any(name.lower() in FRAMING for name, _ in self.headers)
        self._keeps = self._parser.should_keep_alive()  # the parser forgets it with the end of the message
        self._complete = self._to_head
        self.began.set_result(None)

    def on_body(self, piece: bytes) -> None:
        """Keep a piece until it is taken."""
        if self._complete:
            self._excess = True
            return
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting >= HIGH_WATER and not self._whole:
            self._connection.pause()

    def on_message_complete(self) -> None:
        """End, or forget an interim answer."""
        if self.status < FIRST_FINAL:
            self.headers.clear()
        else:
            self._complete = True

    def _tell(self) -> None:
        if self._news is None or self._news.done():
            return
        if self._failure is not None and not self._complete:
            self._news.set_exception(self._failure)
        elif self._complete or self._pieces:
            self._news.set_result(None)


class Connection(asyncio.Protocol):
    """A connection, its one request at a time, and the clock that bounds each wait for the service."""

    def __init__(self, seconds: float, returned: "Callable[[Connection], None]", lost: Callable[..., None]) -> None:
        """Take the longest wait, and whom to tell when the connection is free again, and when it is gone."""
        self.loop = asyncio.get_running_loop()
        self.idle_since = 0.0
        self._seconds = seconds
        self._returned = returned
        self._lost = lost
        self._transport: asyncio.Transport
        self._answer: Answer | None = None
        self._sent = True
        self._paused = False
        self._writable: asyncio.Future[None] | None = None
        self._deadline: float | None = None
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether a request may be sent."""
        return not self._transport.is_closing()

    async def ask(self, method: str, head: bytes, body: bytes | AsyncIterable[bytes], *, chunked: bool) -> Answer:
        """Send a request and return its answer as soon as that begins; whoever gets it reads or closes it.

        OSError where nothing was sent yet, Broken or Late afterwards. Whatever fails, the connection is closed.
        """
        if not self.is_open:
            raise ConnectionResetError
        self._answer = answer = Answer(self, method)
        try:
            if isinstance(body, bytes):
                self._transport.write(head + body)
            else:
                self._transport.write(head)
                await self._send(body, answer, chunked=chunked)
            self._expect()
            await answer.began
        except BaseException:
            self.abort()
            raise
        return answer

    async def _send(self, body: AsyncIterable[bytes], answer: Answer, *, chunked: bool) -> None:
        """Send a stream; an answer that comes before its end ends it."""
        self._sent = False
        sending = asyncio.ensure_future(self._write(body, chunked=chunked))
        try:
            await asyncio.wait({sending, answer.began}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
                self._sent = True
        finally:
            sending.cancel()

    async def _write(self, body: AsyncIterable[bytes], *, chunked: bool) -> None:
        async for piece in body:
            self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if self._writable is not None:
                self._expect()
                await self._writable
                self._deadline = None
        if chunked:
            self._transport.write(b"0\r\n\r\n")

    def finished(self, answer: Answer) -> None:
        """Go back to the pool after an answer, where nothing is left over on the wire; else close."""
        if self._answer is not answer:
            return
        self._answer = self._deadline = None
        if answer.is_clean and self._sent and self.is_open:
            self.idle_since = self.loop.time()
            self.resume()
            self._returned(self)
        else:
            self.abort()

    def pause(self) -> None:
        """Let the service wait."""
        if not self._paused and self.is_open:
            self._paused = True
            self._deadline = None
            self._transport.pause_reading()

    def resume(self) -> None:
        """Let the service go on."""
        if self._paused and self.is_open:
            self._paused = False
            self._transport.resume_reading()
            if self._answer is not None:
                self._expect()

    def close(self) -> None:
        """Close a connection that carries nothing."""
        self._transport.close()

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self._transport.abort()

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvloop's transport is of no public class
        """Begin."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take in a piece of the answer; what nobody has asked for makes the connection unusable."""
        if self._answer is None:
            self.abort()
            return
        if self._deadline is not None:
            self._deadline = self.loop.time() + self._seconds
        self._answer.feed(data)

    def eof_received(self) -> None:
        """End; the transport closes itself."""
        if self._answer is not None:
            self._answer.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, whoever ended it."""
        del exc
        if self._answer is not None:
            self._answer.end()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        if self._alarm is not None:
            self._alarm.cancel()
        self._lost(self)

    def pause_writing(self) -> None:
        """The service takes no more for now."""
        self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        """The service takes more again."""
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None

    def _expect(self) -> None:
        """Begin to wait for the service. The alarm is set once and put off, not made anew for each request."""
        self._deadline = self.loop.time() + self._seconds
        if self._alarm is None:
            self._alarm = self.loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self._deadline is None:
            return
        if self._deadline > self.loop.time():
            self._alarm = self.loop.call_at(self._deadline, self._ring)
        elif self._answer is not None:
            self._answer.fail(Late())
