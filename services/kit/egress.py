"""Calls to addresses that users give: to the open internet only, on the very address that was checked, within limits.

No redirects are followed, no proxy of the environment is asked, no name is resolved twice.
"""

import asyncio
import contextlib
import socket
import ssl
import time
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import httpcore
import structlog

from services.kit.destinations import Address, Destination, Limits, Refused, as_address
from services.kit.metrics import EGRESS_SECONDS
from services.kit.tls import trusted_authorities

log = structlog.get_logger(__name__)

MOST_BYTES = 1_048_576
CONNECT_SECONDS, SILENT_SECONDS, ALL_SECONDS = 3.0, 5.0, 10.0
MOST_ADDRESSES = 3
"""So many addresses of one name are tried, one after the other."""
MOST_CONNECTIONS, IDLE_CONNECTIONS, IDLE_SECONDS = 50, 10, 15.0
GZIP_OR_ZLIB = 47
FIRST_REDIRECT, FIRST_CLIENT_ERROR, FIRST_SERVER_ERROR = 300, 400, 500

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""Returns the addresses of a name; raises OSError where it has none."""
Socket = Iterable[httpcore.SOCKET_OPTION]


class Unanswered(Exception):
    """No whole answer came.

    `outcome` says why in a word: refused, unresolved, unreachable, timeout, too_large, garbled.
    """

    def __init__(self, outcome: str, reason: str = "") -> None:
        super().__init__(f"{outcome}: {reason}" if reason else outcome)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; a redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]
    """By names in lower case; the last one counts where a name comes twice."""
    body: bytes


FAILURES = (
    Unanswered,
    Refused,
    OSError,
    zlib.error,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
)


class Egress:
    """The one client for addresses that users give."""

    def __init__(
        self,
        service: str,
        limits: Limits,
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Name the process that calls; the rest replaces name server, certificates and network in tests."""
        self.limits = limits
        self._service = service
        tls = tls or trusted_authorities()
        dial = network or httpcore.AnyIOBackend()
        self._pools = {
            scheme: httpcore.AsyncConnectionPool(
                ssl_context=tls,
                max_connections=MOST_CONNECTIONS,
                max_keepalive_connections=IDLE_CONNECTIONS,
                keepalive_expiry=IDLE_SECONDS,
                network_backend=CheckedNetwork(dial, limits, resolve or ask_name_server, secure=scheme == "https"),
            )
            for scheme in ("https", "http")
        }

    async def close(self) -> None:
        """Close idle connections."""
        for pool in self._pools.values():
            await pool.aclose()

    async def send(
        self,
        purpose: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        most_bytes: int = MOST_BYTES,
        seconds: float = ALL_SECONDS,
    ) -> Answer:
        """Return the answer of an address; Unanswered where there is none within `seconds`, or it is too large.

        `purpose` is a word for measurements. `most_bytes` bounds the body as it came and as it is unpacked.
        """
        began = time.perf_counter()
        outcome, status, host = "failed", None, None
        try:
            destination = Destination.parse(url)
            host = destination.host
            async with asyncio.timeout(seconds):
                answer = await self._exchange(destination, method, headers or {}, body, most_bytes)
            outcome, status = outcome_of(answer.status), answer.status
            return answer
        except FAILURES as error:
            failure = as_unanswered(error)
            outcome = failure.outcome
            raise failure from None
        finally:
            taken = time.perf_counter() - began
            EGRESS_SECONDS.labels(self._service, purpose, outcome).observe(taken)
            # Neither path nor query: they may hold somebody's data, or what the address is a secret for.
            log.info("egress", purpose=purpose, host=host, outcome=outcome, status=status, ms=round(taken * 1000, 1))

    async def _exchange(
        self, destination: Destination, method: str, headers: Mapping[str, str], body: bytes, most_bytes: int
    ) -> Answer:
        url = httpcore.URL(
            scheme=destination.scheme, host=destination.host, port=destination.port, target=destination.path
        )
        own = {"host": destination.authority, "accept-encoding": "identity", "user-agent": "kith"}
        sent = [*own.items(), *((name, value) for name, value in headers.items() if name.lower() not in own)]
        if body or method in {"POST", "PUT", "PATCH"}:
            sent.append(("content-length", str(len(body))))
        limits = {"connect": CONNECT_SECONDS, "read": SILENT_SECONDS, "write": SILENT_SECONDS, "pool": SILENT_SECONDS}
        async with self._pools[destination.scheme].stream(
            method, url, headers=sent, content=body, extensions={"timeout": limits}
        ) as response:
            found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Answer(response.status, found, await read(response, found, most_bytes))


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Opens every connection of the client: here, and nowhere else, a name becomes the address that is dialled."""

    def __init__(self, dial: httpcore.AsyncNetworkBackend, limits: Limits, resolve: Resolve, *, secure: bool) -> None:
        self._dial = dial
        self._limits = limits
        self._resolve = resolve
        self._secure = secure

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is the library's
        local_address: str | None = None,
        socket_options: Socket | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to an address of a host, all of whose addresses must be allowed: one that is not is a trap."""
        addresses = await self._addresses(host, port)
        for address in addresses:
            self._limits.check(address, port, secure=self._secure)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses[:MOST_ADDRESSES]:
            try:
                return await self._dial.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> list[Address]:
        literal = as_address(host)
        if literal is not None:
            return [literal]
        try:
            return list(dict.fromkeys(await self._resolve(host, port)))
        except OSError as error:
            raise Unanswered("unresolved") from error


async def ask_name_server(host: str, port: int) -> list[Address]:
    """Return the addresses that the system's resolver knows for a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(info[4][0]).partition("%")[0]) for info in found]


async def read(response: httpcore.Response, headers: Mapping[str, str], most: int) -> bytes:
    """Return the body of a response, unpacked; Unanswered where it is more than `most` bytes packed or unpacked."""
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip", "deflate"}:
        raise Unanswered("refused", "content_encoding")
    packed = coding != "identity"
    unpacker = zlib.decompressobj(GZIP_OR_ZLIB)
    came, body = 0, bytearray()
    async with contextlib.aclosing(pieces(response)) as stream:
        async for piece in stream:
            came += len(piece)
            # One byte more than fits is enough to know: a bomb is never unpacked.
            body += unpacker.decompress(piece, most - len(body) + 1) if packed else piece
            if max(came, len(body)) > most:
                raise Unanswered("too_large")
    return bytes(body)


async def pieces(response: httpcore.Response) -> AsyncGenerator[bytes]:
    """Yield the body as it comes."""
    async for piece in response.aiter_stream():
        yield piece


def outcome_of(status: int) -> str:
    """Return the word for an answer."""
    if status < FIRST_REDIRECT:
        return "ok"
    if status < FIRST_CLIENT_ERROR:
        return "redirect"
    return "client_error" if status < FIRST_SERVER_ERROR else "server_error"


def as_unanswered(error: Exception) -> Unanswered:
    """Return what the caller learns of a failure: no address, no certificate, no piece of an answer."""
    if isinstance(error, Unanswered):
        return error
    if isinstance(error, Refused):
        return Unanswered("refused", error.reason)
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return Unanswered("timeout")
    if isinstance(error, httpcore.NetworkError | OSError):
        return Unanswered("unreachable")
    return Unanswered("garbled")
