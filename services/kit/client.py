"""Calling other services: signed per call, bounded in time, repeated only where repeating is harmless."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import orjson
import stamina

from services.kit.circuit import Circuit
from services.kit.context import current
from services.kit.identity import HEADER, Identity, IdentitySigner
from services.kit.metrics import PEER_CIRCUIT_OPEN, PEER_SECONDS
from services.kit.problems import ErrorItem, InternalError, Problem, RequestInProgress, Unavailable
from services.kit.tls import trusted_authorities

NOBODY = UUID(int=0)
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20, keepalive_expiry=30)
CONNECT_SECONDS = 1.0
TRIES = 3
AWAY = frozenset({502, 503, 504})
FIRST_ERROR = 400
STANDARD = frozenset({"type", "title", "status", "detail", "instance", "request_id", "errors"})


def system_identity(service: str, workspace_id: UUID = NOBODY) -> Identity:
    """Return the identity of a service that acts by itself: followers, jobs, schedules."""
    return Identity(workspace_id=workspace_id, actor_id=NOBODY, actor_kind="service", service=service)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: what is asked, by whom, with which scopes."""

    method: str
    path: str
    identity: Identity
    scopes: frozenset[str]
    params: Mapping[str, str | int] | None = None
    body: bytes | None = None
    media_type: str = "application/json"
    idempotency_key: str | None = None
    seconds: float | None = None

    @property
    def may_be_repeated(self) -> bool:
        """Tell whether a second try cannot do harm."""
        return self.method in {"GET", "HEAD"} or self.idempotency_key is not None


class ServiceClient:
    """Calls one peer. A problem that the peer answers is raised here as the same class."""

    def __init__(
        self,
        peer: str,
        base_url: str,
        signer: IdentitySigner,
        *,
        seconds: float = 5.0,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare for a peer; `seconds` bounds each try, `transport` replaces the network in tests."""
        self.peer = peer
        self._signer = signer
        self._seconds = seconds
        self._circuit = Circuit(now)
        self._http = httpx.AsyncClient(
            base_url=base_url,
            transport=transport,
            verify=trusted_authorities(),
            limits=LIMITS,
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(
        self,
        path: str,
        *,
        identity: Identity,
        scopes: frozenset[str],
        params: Mapping[str, str | int] | None = None,
        seconds: float | None = None,
    ) -> httpx.Response:
        """Read something of the peer's; repeated when the peer is away for a moment."""
        return await self.call(Call("GET", path, identity, scopes, params, seconds=seconds))

    async def post(
        self,
        path: str,
        *,
        identity: Identity,
        scopes: frozenset[str],
        json: object,
        idempotency_key: str | None = None,
        seconds: float | None = None,
    ) -> httpx.Response:
        """Send something to the peer; repeated only with an `idempotency_key`."""
        body = orjson.dumps(json)
        return await self.call(
            Call("POST", path, identity, scopes, body=body, idempotency_key=idempotency_key, seconds=seconds)
        )

    async def call(self, call: Call) -> httpx.Response:
        """Make a call and return its successful answer.

        Raises the peer's Problem, or Unavailable where the peer cannot be reached or does not answer in time.
        """
        tries = TRIES if call.may_be_repeated else 1
        retrying = stamina.retry_context(
            on=worth_repeating, attempts=tries, timeout=None, wait_initial=0.05, wait_max=1.0, wait_jitter=0.1
        )
        async for attempt in retrying:
            with attempt:
                return await self._try(call)
        raise Unavailable  # pragma: no cover - the loop returns or raises

    async def _try(self, call: Call) -> httpx.Response:
        if not self._circuit.lets_through():
            raise Unavailable(f"{self.peer} does not answer.", retry_after=self._circuit.seconds_left())
        started = time.perf_counter()
        try:
            response = await self._http.send(self._request(call))
        except httpx.TransportError as error:
            self._record(call, type(error).__name__, started, away=True)
            raise Unavailable(f"{self.peer} cannot be reached.", retry_after=1) from error
        except BaseException:
            # Cancelled: nothing was learnt, but the one try of a half open circuit must not be lost.
            self._circuit.forget()
            raise
        # It was read whole; its stream points back at it, so a large body would stay until garbage is looked for.
        response.stream = httpx.ByteStream(b"")
        self._record(call, str(response.status_code), started, away=response.status_code in AWAY)
        if response.status_code >= FIRST_ERROR:
            raise problem_of(response)
        return response

    def _request(self, call: Call) -> httpx.Request:
        context = current()
        headers = {
            HEADER: self._signer.sign(call.identity.for_call(self._signer.issuer, call.scopes), self.peer),
            "X-Request-Id": context.request_id,
        }
        if context.traceparent:
            headers["traceparent"] = context.traceparent
        if call.idempotency_key:
            headers["Idempotency-Key"] = call.idempotency_key
        if call.body is not None:
            headers["Content-Type"] = call.media_type
        timeout = httpx.Timeout(call.seconds or self._seconds, connect=CONNECT_SECONDS)
        return self._http.build_request(
            call.method, call.path, params=call.params, content=call.body, headers=headers, timeout=timeout
        )

    def _record(self, call: Call, outcome: str, started: float, *, away: bool) -> None:
        self._circuit.note(failed=away)
        service = self._signer.issuer
        PEER_SECONDS.labels(service, self.peer, call.method, outcome).observe(time.perf_counter() - started)
        PEER_CIRCUIT_OPEN.labels(service, self.peer).set(self._circuit.is_open)


class Peers:
    """The clients of one process, one per peer, made when first asked for."""

    def __init__(
        self,
        addresses: Mapping[str, str],
        signer: IdentitySigner,
        transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        self._addresses = addresses
        self._signer = signer
        self._transports = transports or {}
        self._clients: dict[str, ServiceClient] = {}

    def client(self, peer: str) -> ServiceClient:
        """Return the client for a peer; KeyError where the settings name no such peer."""
        if peer not in self._clients:
            address = self._addresses[peer]
            self._clients[peer] = ServiceClient(peer, address, self._signer, transport=self._transports.get(peer))
        return self._clients[peer]

    async def close(self) -> None:
        """Close every client."""
        for client in self._clients.values():
            await client.close()


def worth_repeating(error: Exception) -> bool:
    """Tell whether the same call may well succeed in a moment."""
    return isinstance(error, Unavailable | RequestInProgress) or (isinstance(error, Problem) and error.status in AWAY)


def problem_of(response: httpx.Response) -> Problem:
    """Return the problem in an error answer, as the class that the peer raised."""
    try:
        document = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        document = {}
    document = document if isinstance(document, dict) else {}
    kind = _kind_of(str(document.get("type", "")).rpartition("/")[2], response.status_code)
    errors = document.get("errors")
    problem = kind.__new__(kind)
    # Problem's own initialiser: those of the classes take arguments of their own, which are in the extensions here.
    Problem.__init__(
        problem,
        str(document.get("detail", "")),
        errors=[_error_item(item) for item in (errors if isinstance(errors, list) else []) if isinstance(item, dict)],
        headers={name: response.headers[name] for name in ("Retry-After",) if name in response.headers},
        **{str(name): value for name, value in document.items() if name not in STANDARD},
    )
    return problem


def _kind_of(slug: str, status: int) -> type[Problem]:
    known = Problem.registry.get(slug)
    if known is not None and known.status == status:
        return known
    if status in AWAY:
        return Unavailable
    # A problem of a class that this process does not know keeps its status by the class that the kit has for it.
    kit = (kind for kind in Problem.registry.values() if kind.__module__ == Problem.__module__)
    return next((kind for kind in kit if kind.status == status), InternalError)


def _error_item(item: Mapping[str, Any]) -> ErrorItem:
    return ErrorItem(
        where=item.get("in", "body"),
        message=str(item.get("message", "")),
        code=str(item.get("code", "invalid")),
        pointer=item.get("pointer"),
        name=item.get("name"),
    )
