"""The one way a request runs: who, may he, is it well formed, one transaction, reply kept, commit, answer."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from services.kit.audit.author import Author, acting
from services.kit.audit.readings import note_reading
from services.kit.database import Session
from services.kit.feeds.positions import AFTER_HEADER, POSITION_HEADER, STALE_HEADER
from services.kit.identity import HEADER as IDENTITY_HEADER
from services.kit.identity import Identity
from services.kit.problems import (
    BadRequest,
    ErrorItem,
    TooLarge,
    UnsupportedMediaType,
)
from services.kit.web.answers import answer_of
from services.kit.web.calling import Endpoint
from services.kit.web.idempotency import Act, attempt_of
from services.kit.web.json_body import read_json
from services.kit.web.operation import AUDITED, MAX_BODY, OWN_TRANSACTION, SCOPES, SHOWN_ONCE

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
JSON_TYPES = ("application/json", "application/merge-patch+json")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class KithRoute(APIRoute):
    """A route that denies by default and commits before it answers."""

    def get_route_handler(self) -> Handler:
        """Return what runs the route; everything that can be known beforehand is computed once, here."""
        self.serve = Steps(self).run
        return self.serve


class Steps:
    """The steps of one route, with what they need to know about it."""

    def __init__(self, route: APIRoute) -> None:
        declared = route.openapi_extra or {}
        if SCOPES not in declared:
            message = f"{route.path} does not declare its scopes; use **operation(scopes=[...])"
            raise TypeError(message)
        self.name = route.name
        self.scopes: tuple[str, ...] = tuple(declared[SCOPES])
        self.public = bool(declared.get("x-public"))
        if not self.scopes and not self.public and not declared.get("x-any-key"):
            message = f"{route.path} requires no scope; say extra={{'x-public': True}} or {{'x-any-key': True}}"
            raise TypeError(message)
        self.max_body: int | None = declared.get(MAX_BODY)
        self.shown_once = bool(declared.get(SHOWN_ONCE))
        self.own_transaction = bool(declared.get(OWN_TRANSACTION))
        self.audited: str | None = declared.get(AUDITED)
        self.endpoint = Endpoint(route)
        self.has_body = route.body_field is not None
        self.query_names = query_names(route)
        self.reads = uses_session(route)

    async def run(self, request: Request) -> Response:
        """Take a request through all steps."""
        identity = None if self.public else self.identify(request)
        self.check_query(request)
        body = await self.read_body(request)
        if identity is None:
            return await self.endpoint.answer(request)
        if request.method in WRITES or self.audited:
            with acting(Author(self.name, identity)):
                return await self.act(request, identity, body)
        if self.own_transaction:
            return await self.endpoint.answer(request)
        stale = await is_stale(request)
        response = await self.read(request, identity)
        if stale:
            response.headers[STALE_HEADER] = "true"
        return response

    async def act(self, request: Request, identity: Identity, body: bytes) -> Response:
        """Run an operation that is written down: a change, or a reading of much at once."""
        if self.own_transaction:
            return await self.endpoint.answer(request)
        if request.method in WRITES:
            return await self.write(request, body)
        async with request.app.state.kit.database.write(identity.workspace_id) as session:
            request.state.session = session
            response = await self.endpoint.answer(request)
            await note_reading(session, str(self.audited), request.path_params)
            return response

    def identify(self, request: Request) -> Identity:
        """Return the verified caller, who holds every scope of the operation."""
        identity: Identity = request.app.state.kit.verifier.verify(request.headers.get(IDENTITY_HEADER))
        for scope in self.scopes:
            identity.require(scope)
        request.state.identity = identity
        return identity

    def check_query(self, request: Request) -> None:
        """Refuse parameters that the operation does not have, and text that cannot be stored."""
        for name, value in request.query_params.multi_items():
            if not self.public and name not in self.query_names:
                message = f"There is no parameter {name!r} here."
                raise BadRequest(message, errors=[ErrorItem("query", message, "unknown_parameter", name=name)])
            if "\x00" in value:
                message = "The value holds NUL."
                raise BadRequest(message, errors=[ErrorItem("query", message, "bad_character", name=name)])
        for name, value in request.path_params.items():
            if "\x00" in str(value):
                message = "The value holds NUL."
                raise BadRequest(message, errors=[ErrorItem("path", message, "bad_character", name=name)])

    async def read_body(self, request: Request) -> bytes:
        """Read and check the body within its limit."""
        if not self.has_body:
            return b""
        limit = self.max_body or request.app.state.kit.settings.max_body_bytes
        raw = await read_within(request, limit)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in JSON_TYPES and (raw or kind):
            raise UnsupportedMediaType(f"Send {JSON_TYPES[0]}.", headers={"Accept": ", ".join(JSON_TYPES)})
        if raw:
            request.state.body = read_json(raw)
        return raw

    async def read(self, request: Request, identity: Identity) -> Response:
        """Run an endpoint that changes nothing; in a read-only transaction where it asks for one."""
        if not self.reads:
            return await self.endpoint.answer(request)
        async with request.app.state.kit.database.read(identity.workspace_id) as session:
            request.state.session = session
            return await self.endpoint.answer(request)

    async def write(self, request: Request, body: bytes) -> Response:
        """Run the endpoint in one transaction that also keeps its reply."""

        async def act(session: Session) -> Response:
            request.state.session = session
            return await self.endpoint.answer(request)

        return await write_once(request, body, act, secret=self.shown_once)


async def write_once(request: Request, body: bytes, act: Act, *, secret: bool = False) -> Response:
    """Act in one transaction that also keeps the reply, and answer after the commit; a repetition gets the reply again.

    For an endpoint with `own_transaction` that has to ask another service first: what it learnt is judged in `act`.
    """
    kit, identity = request.app.state.kit, request.state.identity
    attempt = attempt_of(request, identity, body)

    async def run(session: Session) -> Response:
        return stamped(await act(session), kit.settings.service, session)

    if attempt is None:
        async with kit.database.write(identity.workspace_id) as session:
            return await run(session)
    replied: Response = await kit.replies.once(
        kit.database, attempt, run, lambda problem: answer_of(request, problem), secret=secret
    )
    return replied


async def is_stale(request: Request) -> bool:
    """Wait for the writes that Kith-After names; tell whether one of them has not arrived in time."""
    header = request.headers.get(AFTER_HEADER)
    positions = request.app.state.kit.positions
    return bool(header and positions and not await positions.wait(header))


def stamped(response: Response, service: str, session: Session) -> Response:
    """Say in the answer where the events of a write stand."""
    if session.position:
        response.headers[POSITION_HEADER] = f"{service}:{session.position}"
    return response


async def read_within(request: Request, limit: int) -> bytes:
    """Return the body; TooLarge as soon as it is longer than the limit."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"At most {limit} bytes are taken here.")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"At most {limit} bytes are taken here.")
        parts.append(part)
    raw = b"".join(parts)
    request._body = raw  # noqa: SLF001 - Starlette's own cache: request.body() returns it
    return raw


def query_names(route: APIRoute) -> frozenset[str]:
    """Return the names of all query parameters of a route, those of parameter models included."""
    names: set[str] = set()
    for parameter in query_parameters(route.dependant):
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names.update(field.alias or name for name, field in kind.model_fields.items())
        else:
            names.add(parameter.alias)
    return frozenset(names)


def query_parameters(dependant: Any) -> list[Any]:  # noqa: ANN401 - FastAPI's internal tree
    """Return the query parameters of an endpoint and of all its dependencies."""
    found: list[Any] = list(dependant.query_params)
    for inner in dependant.dependencies:
        found += query_parameters(inner)
    return found


def uses_session(route: APIRoute) -> bool:
    """Tell whether the endpoint or one of its dependencies asks for the session."""
    return any(call is session_of for call in calls(route.dependant))


def calls(dependant: Any) -> "list[object]":  # noqa: ANN401 - FastAPI's internal tree
    """Return every callable in a tree of dependencies."""
    found: list[object] = [dependant.call]
    for inner in dependant.dependencies:
        found += calls(inner)
    return found


async def session_of(request: Request) -> Session:
    """Return the transaction of the request."""
    session: Session = request.state.session
    return session


class Router(APIRouter):
    """A router whose routes all run the Kith way."""

    def __init__(self, *, prefix: str = "", tags: list[str] | None = None) -> None:
        super().__init__(prefix=prefix, tags=list(tags or []), route_class=KithRoute, redirect_slashes=False)
