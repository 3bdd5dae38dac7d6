"""The gateway's own questions to services, for composed answers: signed per call, bounded in time, soon given up."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson

from gateway.door.headers import Header, value_of
from gateway.door.upstream import Incoming, Outgoing, Upstream
from services.kit.circuit import Circuit
from services.kit.client import AWAY, FIRST_ERROR, problem_of
from services.kit.context import current
from services.kit.feeds.positions import AFTER_HEADER, PATIENCE_SECONDS, STALE_HEADER
from services.kit.identity import HEADER, Identity, IdentitySigner, Signed
from services.kit.problems import GatewayTimeout, Problem, Unavailable

MOST_TOKENS = 5000
AFTER = AFTER_HEADER.lower().encode()
STALE = STALE_HEADER.lower().encode()

Params = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A service's answer."""

    document: dict[str, Any]
    is_stale: bool
    """The service waited in vain for the writes that the caller named."""


class Calls:
    """Asks services on behalf of callers."""

    def __init__(
        self,
        upstream: Upstream,
        signer: IdentitySigner,
        *,
        seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Give each question `seconds` at most."""
        self._upstream = upstream
        self._signer = signer
        self._seconds = seconds
        self._now = now
        self._circuits: dict[str, Circuit] = {}
        self._tokens: dict[tuple[Identity, str], Signed] = {}

    async def get(
        self, service: str, path: str, identity: Identity, scopes: set[str], params: Params | None = None
    ) -> dict[str, Any]:
        """Return a service's JSON answer; its problem is raised here as the same class."""
        return (await self.fetch(service, path, identity, scopes, params or [])).document

    async def fetch(
        self,
        service: str,
        path: str,
        identity: Identity,
        scopes: set[str],
        params: Params,
        headers: Sequence[Header] = (),
    ) -> "Reply":
        """Return a service's answer with what its headers say; `headers` of the caller's go along."""
        target = f"{path}?{urlencode(params)}" if params else path
        return await self._ask(service, Outgoing("GET", target, [*self._headers(service, identity, scopes), *headers]))

    async def post(
        self, service: str, path: str, identity: Identity, scopes: set[str], body: object, key: str | None = None
    ) -> dict[str, Any]:
        """Send something to a service and return its JSON answer."""
        headers = [*self._headers(service, identity, scopes), (b"content-type", b"application/json")]
        if key is not None:
            headers.append((b"idempotency-key", key.encode()))
        return (await self._ask(service, Outgoing("POST", path, headers, orjson.dumps(body)))).document

    async def _ask(self, service: str, request: Outgoing) -> "Reply":
        circuit = self._circuits.setdefault(service, Circuit(self._now))
        if not circuit.lets_through():
            raise Unavailable(f"{service} does not answer.", retry_after=circuit.seconds_left())
        answer: Incoming | None = None
        try:
            async with asyncio.timeout(self._seconds + (PATIENCE_SECONDS if is_waiting(request) else 0)):
                answer = await self._upstream.send(service, request, whole=True)
        except TimeoutError as error:
            raise GatewayTimeout(f"{service} did not answer in time.") from error
        finally:
            circuit.note(failed=answer is None or answer.status in AWAY)
        if answer.status >= FIRST_ERROR:
            raise as_problem(answer)
        return Reply(orjson.loads(whole(answer) or b"{}"), is_stale=value_of(answer.headers, STALE) is not None)

    def _headers(self, service: str, identity: Identity, scopes: set[str]) -> list[Header]:
        context = current()
        headers = [
            (HEADER.encode(), self._token(service, identity.for_call(self._signer.issuer, frozenset(scopes)))),
            (b"x-request-id", context.request_id.encode()),
        ]
        if context.traceparent:
            headers.append((b"traceparent", context.traceparent.encode()))
        return headers

    def _token(self, service: str, identity: Identity) -> bytes:
        known = self._tokens.get((identity, service))
        signed = self._signer.renew(known, identity, service)
        if signed is not known:
            if len(self._tokens) >= MOST_TOKENS:
                self._tokens.clear()
            self._tokens[identity, service] = signed
        return signed.token


def is_waiting(request: Outgoing) -> bool:
    """Tell whether the service will first wait for writes that the caller named."""
    return value_of(request.headers, AFTER) is not None


def as_problem(answer: Incoming) -> Problem:
    """Return the problem that a service answered."""
    return problem_of(httpx.Response(answer.status, headers=answer.headers, content=whole(answer)))


def whole(answer: Incoming) -> bytes:
    """Return the body of an answer that was read to its end."""
    return answer.body if isinstance(answer.body, bytes) else b""
