"""The gateway's own questions to services, for composed answers: signed per call, bounded in time, soon given up."""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlencode

import httpx
import orjson

from gateway.door.headers import Header
from gateway.door.upstream import Incoming, Outgoing, Upstream
from services.kit.circuit import Circuit
from services.kit.client import AWAY, FIRST_ERROR, problem_of
from services.kit.context import current
from services.kit.identity import HEADER, Identity, IdentitySigner
from services.kit.problems import GatewayTimeout, Problem, Unavailable

TOKEN_SECONDS = 12.0
MOST_TOKENS = 5000
QUIET = (503, 504)

Params = list[tuple[str, str]]


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
        self._tokens: dict[tuple[Identity, str], tuple[float, bytes]] = {}

    async def get(
        self, service: str, path: str, identity: Identity, scopes: set[str], params: Params | None = None
    ) -> dict[str, object]:
        """Return a service's JSON answer; its problem is raised here as the same class."""
        target = f"{path}?{urlencode(params)}" if params else path
        return await self._ask(service, Outgoing("GET", target, self._headers(service, identity, scopes)))

    async def post(
        self, service: str, path: str, identity: Identity, scopes: set[str], body: object, key: str | None = None
    ) -> dict[str, object]:
        """Send something to a service and return its JSON answer."""
        headers = [*self._headers(service, identity, scopes), (b"content-type", b"application/json")]
        if key is not None:
            headers.append((b"idempotency-key", key.encode()))
        return await self._ask(service, Outgoing("POST", path, headers, orjson.dumps(body)))

    async def _ask(self, service: str, request: Outgoing) -> dict[str, object]:
        circuit = self._circuits.setdefault(service, Circuit(self._now))
        if not circuit.lets_through():
            raise Unavailable(f"{service} does not answer.", retry_after=circuit.seconds_left())
        answer: Incoming | None = None
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._upstream.send(service, request, whole=True)
        except TimeoutError as error:
            raise GatewayTimeout(f"{service} did not answer in time.") from error
        finally:
            circuit.note(failed=answer is None or answer.status in AWAY)
        if answer.status >= FIRST_ERROR:
            raise as_problem(answer)
        document: dict[str, object] = orjson.loads(bytes(answer.body)) if answer.body else {}  # type: ignore[arg-type]  # whole=True
        return document

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
        if known is not None and known[0] > self._now():
            return known[1]
        if len(self._tokens) >= MOST_TOKENS:
            self._tokens.clear()
        token = self._signer.sign(identity, service).encode()
        self._tokens[identity, service] = (self._now() + TOKEN_SECONDS, token)
        return token


def as_problem(answer: Incoming) -> Problem:
    """Return the problem that a service answered."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    return problem_of(httpx.Response(answer.status, headers=answer.headers, content=body))
