"""The kept connections to one service: never more than so many, the one used last first, none kept too long."""

import asyncio
import ssl
from collections import deque
from urllib.parse import urlsplit

from gateway.door.wire import Connection

KEEP_ALIVE_SECONDS = 30.0
"""Shorter than the services' own, so that a connection is not closed while a request is on its way."""


class Busy(Exception):
    """No connection became free, or could be opened, in time."""


class Pool:
    """The connections to one service."""

    def __init__(self, base: str, *, connect_seconds: float, answer_seconds: float, most: int) -> None:
        """Take the service's base URL; opens nothing yet."""
        parts = urlsplit(base)
        self.host = parts.netloc.rpartition("@")[2].encode()
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._address = (parts.hostname or "", parts.port or (443 if self._tls else 80))
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._free = most
        self._connections: set[Connection] = set()
        self._idle: deque[Connection] = deque()
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    async def take(self) -> Connection:
        """Return a connection that carries nothing; Busy or OSError where there is none."""
        fresh = asyncio.get_running_loop().time() - KEEP_ALIVE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_since > fresh:
                return connection
            connection.close()
        try:
            async with asyncio.timeout(self._connect_seconds):
                return await self._wait() or await self._open()
        except TimeoutError as error:
            raise Busy from error

    def stop(self) -> None:
        """Close all connections."""
        for connection in tuple(self._connections):
            connection.abort()

    async def _wait(self) -> Connection | None:
        """Wait for one's turn; None where a new connection may be opened."""
        if self._free > 0:
            self._free -= 1
            return None
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on(turn.result())
            raise

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._answer_seconds, self._pass_on, self._lose), *self._address, ssl=self._tls
            )
        except BaseException:
            self._pass_on(None)
            raise
        if not connection.is_open:
            self._pass_on(None)
            raise ConnectionResetError
        self._connections.add(connection)
        return connection

    def _pass_on(self, connection: Connection | None) -> None:
        """Give a free connection, or the right to open one, to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is None:
            self._free += 1
        else:
            self._idle.append(connection)

    def _lose(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._pass_on(None)
        if connection in self._idle:
            self._idle.remove(connection)
