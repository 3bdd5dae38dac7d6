"""The door: every request passes here once, and only what the committed document names gets through."""

from dataclasses import dataclass

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.door.answers import finish, problem_answer, send_answer
from gateway.door.bodies import CallerGone
from gateway.door.cors import Cors
from gateway.door.failures import Failures
from gateway.door.forward import IDENTITY, Forwarder
from gateway.door.headers import has_two
from gateway.door.inner import ask_inner, finished, inner_scope
from gateway.door.keyring import Holder, Keyring
from gateway.door.limiter import Limiter
from gateway.door.limits import Bucket, Lease
from gateway.door.negotiation import accepts
from gateway.door.routes import Operation, Place, Routes
from gateway.door.usage import Usage
from gateway.door.visit import Visit
from services.kit.context import CURRENT
from services.kit.failures import where
from services.kit.problems import (
    InternalError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    Problem,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)

log = structlog.get_logger("kith.door")

OWN = "gateway"
FOR_SERVICES = ("/feed", "/snapshot/", "/internal/")
"""For other processes of Kith, which sign their calls themselves; not in the document, and no key opens them."""
PAGES = ("/health/", "/docs", "/openapi.json", "/problems")
CLIENT_CLOSED = 499
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Parts:
    """What the door is made of."""

    public_url: str
    trusted_hops: int
    routes: Routes
    cors: Cors
    keyring: Keyring
    limiter: Limiter
    failures: Failures
    forwarder: Forwarder
    usage: Usage


class Door:
    """ASGI middleware in front of the gateway's own endpoints."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        """Stand before `app`, which answers the operations that belong to the gateway itself."""
        self.app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it with a problem."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = Visit.begin(scope, self._parts.cors, self._parts.trusted_hops)
        token = CURRENT.set(visit.context)
        try:
            await self._pass(visit, scope, receive, send)
        except CallerGone:
            visit.measure(CLIENT_CLOSED)
        except Problem as problem:
            await self._refuse(visit, problem, send)
        except Exception as error:  # noqa: BLE001 - whatever fails, the caller gets a problem and we a line
            # Not log.exception: a traceback may quote what callers sent.
            log.error("door_failed", route=visit.route, error=type(error).__name__, where=where(error))  # noqa: TRY400 - see above
            await self._refuse(visit, InternalError(), send)
        finally:
            CURRENT.reset(token)

    async def _pass(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        place = self._parts.routes.find(visit.path)
        if place is None:
            await self._pass_aside(visit, scope, receive, send)
            return
        visit.route = place.template
        if visit.method == "OPTIONS" and not place.any_method:
            await self._tell_options(visit, place, send)
            return
        operation = place.operation(visit.method)
        if operation is None:
            raise MethodNotAllowed(headers={"Allow": place.allow})
        visit.service = operation.service
        holder = None if operation.public else await self._admit(visit)
        if not operation.takes_webhooks:
            check_form(visit, operation)
        if operation.service == OWN:
            await self._answer_self(visit, operation, holder, scope, receive, send)
        else:
            await self._parts.forwarder.forward(visit, operation, holder, receive, send)

    async def _admit(self, visit: Visit) -> Holder:
        """Return the holder of the request's key, with one request taken off its limit."""
        holder = await self._open(visit)
        lease, passed = self._parts.limiter.lease(holder.identity.workspace_id, holder.key_id)
        spend(visit, lease, passed=passed)
        self._parts.usage.note(holder)
        return holder

    async def _open(self, visit: Visit) -> Holder:
        """Return the holder of the request's key; one that does not count is counted against its address."""
        try:
            if has_two(visit.headers, b"authorization"):
                raise Unauthorized("Authorization stands twice.")  # noqa: TRY301 - counted like other bad ones
            return await self._parts.keyring.open(
                visit.first.get(b"authorization"), visit.first.get(b"origin"), visit.address
            )
        except Unauthorized:
            if b"authorization" in visit.first:
                bucket, passed = self._parts.failures.take(visit.address)
                spend(visit, bucket, passed=passed, refusal="Too many keys that do not count came from your address.")
            raise

    async def _answer_self(
        self,
        visit: Visit,
        operation: Operation,
        holder: Holder | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        identity = [(IDENTITY, self._parts.keyring.token(holder, OWN))] if holder else []
        answer = await ask_inner(self.app, inner_scope(scope, visit, identity), receive)
        await self._parts.forwarder.reply(visit, operation, holder, answer, send)

    async def _pass_aside(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not in the document: pages for everybody, and calls that other processes signed."""
        if visit.path.startswith(FOR_SERVICES) and IDENTITY in visit.first:
            await self.app(scope, receive, send)
        elif visit.path.startswith(PAGES):
            await self.app(inner_scope(scope, visit, []), receive, finished(send, visit))
        else:
            raise NotFound

    async def _tell_options(self, visit: Visit, place: Place, send: Send) -> None:
        preflight = self._parts.cors.preflight(visit.first)
        headers = [(b"allow", place.allow.encode())] if preflight is None else preflight
        visit.started = True
        await send_answer(send, 204, finish(headers, visit.extra[:1]), b"")
        visit.measure(204)

    async def _refuse(self, visit: Visit, problem: Problem, send: Send) -> None:
        if visit.started:
            # The answer is on its way already: only breaking the connection tells the caller that it is not whole.
            raise problem
        headers, body = problem_answer(
            problem,
            base=self._parts.public_url.rstrip("/"),
            instance=visit.path,
            request_id=visit.context.request_id,
        )
        await send_answer(send, problem.status, finish(headers, visit.extra), body)
        visit.measure(problem.status)


def spend(visit: Visit, limit: Lease | Bucket, *, passed: bool, refusal: str = "") -> None:
    """Say in the answer what is left of a limit; TooManyRequests where nothing was."""
    visit.extra += limit.headers()
    if not passed:
        raise TooManyRequests(refusal, headers={"Retry-After": str(limit.retry_after())})


def check_form(visit: Visit, operation: Operation) -> None:
    """Refuse a request whose body is packed, or that wants its answer in a form which it does not have."""
    packing = visit.first.get(b"content-encoding", b"identity").strip().lower()
    if operation.method in WITH_BODY and packing != b"identity":
        # Unpacked, a small body can be a huge one; what clients send here is small as it is.
        raise UnsupportedMediaType(
            "Send the body as it is, without Content-Encoding.", headers={"Accept-Encoding": "identity"}
        )
    if not accepts(visit.first.get(b"accept"), operation.media_types):
        kinds = ", ".join(sorted(kind.decode() for kind in operation.media_types))
        raise NotAcceptable(f"The answer is {kinds}.")
