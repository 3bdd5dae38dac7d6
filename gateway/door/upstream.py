"""The connections to the services: one request in, one answer out, streamed, never through redirects or cookies."""

import asyncio
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass

import structlog

from gateway.door.headers import Header, value_of
from gateway.door.pool import Busy, Pool
from gateway.door.wire import Answer, Broken, Late
from services.kit.problems import GatewayTimeout, Unavailable

log = structlog.get_logger(__name__)

CONNECT_PAUSES = (0.05, 0.15)
"""A service that restarts is away for a moment; nothing was sent yet, so trying again is safe."""
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
SMALL = 262_144


@dataclass(slots=True)
class Outgoing:
    """A request to a service. `target` is the raw path with its query, as it came."""

    method: str
    target: str
    headers: list[Header]
    body: bytes | AsyncIterable[bytes] = b""
    """A stream goes with its Content-Length among the headers, or else in chunks."""
    repeatable: bool = False
    """The service recognises a repetition (Idempotency-Key, delivery id), so a broken connection may be tried anew."""


@dataclass(slots=True)
class Incoming:
    """A service's answer: the body is whole where it is small, else a stream, which must be closed."""

    status: int
    headers: list[Header]
    body: bytes | Answer


class Upstream:
    """All services that the door can reach."""

    def __init__(
        self, peers: Mapping[str, str], *, connect_seconds: float, answer_seconds: float, connections: int
    ) -> None:
        """Take base URLs by service name."""
        self._pools = {
            name: Pool(base, connect_seconds=connect_seconds, answer_seconds=answer_seconds, most=connections)
            for name, base in peers.items()
        }

    def stop(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.stop()

    async def send(self, service: str, request: Outgoing, *, whole: bool = False) -> Incoming:
        """Return the service's answer; Unavailable or GatewayTimeout where there is none.

        `whole` reads the body to its end whatever its size.
        """
        pool = self._pools.get(service)
        if pool is None:
            raise Unavailable(f"{service} is not part of this installation.", retry_after=60)
        try:
            answer = await send_stubbornly(pool, request)
            if not whole and (answer.length is None or answer.length > SMALL):
                return Incoming(answer.status, answer.headers, answer)
            return Incoming(answer.status, answer.headers, await answer.read())
        except Busy as error:
            log.warning("peer_busy", peer=service)
            raise Unavailable(f"{service} takes no more requests.", retry_after=1) from error
        except Late as error:
            log.warning("peer_late", peer=service)
            detail = f"{service} did not answer in time."
            raise GatewayTimeout(detail, headers={"Retry-After": "1"}) from error
        except (Broken, OSError) as error:
            log.warning("peer_unreachable", peer=service, error=type(error).__name__)
            raise Unavailable(f"{service} cannot be reached.", retry_after=1) from error


async def send_stubbornly(pool: Pool, request: Outgoing) -> Answer:
    """Send a request, again where that cannot have its effect twice."""
    for pause in CONNECT_PAUSES:
        try:
            return await send_once(pool, request)
        except OSError:
            await asyncio.sleep(pause)
        except Broken as broken:
            if broken.begun or not (request.repeatable and isinstance(request.body, bytes)):
                raise
    return await send_once(pool, request)


async def send_once(pool: Pool, request: Outgoing) -> Answer:
    """Send a request over a connection of the pool; OSError where none could be opened."""
    head, chunked = head_of(request, pool.host)
    connection = await pool.take()
    return await connection.ask(request.method, head, request.body, chunked=chunked)


def head_of(request: Outgoing, host: bytes) -> tuple[bytes, bool]:
    """Return a request's head as it goes over the wire, and whether its body follows in chunks."""
    lines = [f"{request.method} {request.target} HTTP/1.1".encode("latin-1"), b"host: " + host]
    lines += [name + b": " + value for name, value in request.headers]
    chunked = not isinstance(request.body, bytes) and value_of(request.headers, b"content-length") is None
    if chunked:
        lines.append(b"transfer-encoding: chunked")
    elif isinstance(request.body, bytes) and (request.body or request.method not in WITHOUT_BODY):
        lines.append(b"content-length: %d" % len(request.body))
    head = b"\r\n".join([*lines, b"", b""])
    if head.count(b"\n") != len(lines) + 1 or head.count(b"\r") != len(lines) + 1 or b"\0" in head:
        message = "a header or the target holds a line break"  # would be another header, or another request
        raise ValueError(message)
    return head, chunked
