"""The connections to the services: one request in, one answer out, streamed, never through redirects or cookies."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
import structlog
from multidict import CIMultiDict
from yarl import URL

from gateway.door.headers import Header
from services.kit.problems import GatewayTimeout, Unavailable

log = structlog.get_logger(__name__)

KEEP_ALIVE_SECONDS = 30.0
"""Shorter than the services' own, so that a connection is not closed while a request is on its way."""
CONNECT_PAUSES = (0.05, 0.15)
"""A service that restarts is away for a moment; nothing was sent yet, so trying again is safe."""
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
SMALL = 262_144
AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")

Body = bytes | AsyncIterable[bytes]


@dataclass(slots=True)
class Outgoing:
    """A request to a service. `target` is the raw path with its query, as it came."""

    method: str
    target: str
    headers: list[Header]
    body: Body = b""
    repeatable: bool = False
    """The service recognises a repetition (Idempotency-Key, delivery id), so a broken connection may be tried anew."""


@dataclass(slots=True)
class Incoming:
    """A service's answer: the body is whole where it is small, a stream otherwise."""

    status: int
    headers: list[Header]
    body: Body


class Upstream:
    """All services that the door can reach."""

    def __init__(
        self, peers: Mapping[str, str], *, connect_seconds: float, answer_seconds: float, connections: int
    ) -> None:
        """Take base URLs by service name."""
        self._bases = {name: base.rstrip("/") for name, base in peers.items()}
        # `connect` also bounds the wait for one of the connections, so that callers do not pile up here.
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=connect_seconds, sock_connect=connect_seconds, sock_read=answer_seconds
        )
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the pool; needs the running loop."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, limit_per_host=self._connections, keepalive_timeout=KEEP_ALIVE_SECONDS, use_dns_cache=True
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=AUTOMATIC,
        )

    async def stop(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def send(self, service: str, request: Outgoing, *, whole: bool = False) -> Incoming:
        """Return the service's answer; Unavailable or GatewayTimeout where there is none.

        `whole` reads the body to its end whatever its size.
        """
        try:
            response = await self._send_stubbornly(service, request)
            return await _incoming(response, whole=whole)
        except aiohttp.ConnectionTimeoutError as error:
            log.warning("peer_busy", peer=service)
            raise Unavailable(f"{service} takes no more requests.", retry_after=1) from error
        except TimeoutError as error:
            log.warning("peer_late", peer=service)
            detail = f"{service} did not answer in time."
            raise GatewayTimeout(detail, headers={"Retry-After": "1"}) from error
        except aiohttp.ClientError as error:
            log.warning("peer_unreachable", peer=service, error=type(error).__name__)
            raise Unavailable(f"{service} cannot be reached.", retry_after=1) from error

    async def _send_stubbornly(self, service: str, request: Outgoing) -> aiohttp.ClientResponse:
        for pause in CONNECT_PAUSES:
            try:
                return await self._send(service, request)
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(pause)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not (request.repeatable and isinstance(request.body, bytes)):
                    raise
        return await self._send(service, request)

    async def _send(self, service: str, request: Outgoing) -> aiohttp.ClientResponse:
        base = self._bases.get(service)
        if base is None or self._session is None:
            raise Unavailable(f"{service} is not part of this installation.", retry_after=60)
        return await self._session.request(
            request.method,
            # Encoded already: the service must see the very path that was asked for, slashes of external ids included.
            URL(base + request.target, encoded=True),
            # The client writes UTF-8; Latin-1 here would change every byte above 127.
            headers=CIMultiDict((name.decode(), value.decode(errors="replace")) for name, value in request.headers),
            data=request.body or None,
            allow_redirects=False,
        )


async def _incoming(response: aiohttp.ClientResponse, *, whole: bool) -> Incoming:
    length = response.content_length
    if whole or (length is not None and length <= SMALL):
        return Incoming(response.status, list(response.raw_headers), await response.read())
    return Incoming(response.status, list(response.raw_headers), _pieces(response))


async def _pieces(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with response:
        async for piece in response.content.iter_any():
            yield piece
