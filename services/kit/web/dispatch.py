"""Every request finds its route here, and every failure becomes a problem.

FastAPI reads routes and describes them. Its own layers around each request, and Starlette's, would do what is done here
once more, and took a tenth of the time of a small request.
"""

from collections.abc import Awaitable, Callable, Iterable

import asyncpg
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kit.database import UNREACHABLE
from services.kit.failures import where
from services.kit.problems import InternalError, MethodNotAllowed, NotFound, Problem, Unavailable
from services.kit.web.answers import answer_of
from services.kit.web.observe import route_of
from services.kit.web.route import KithRoute

log = structlog.get_logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


class Dispatch:
    """The routes of one process, served."""

    def __init__(self, routes: Iterable[BaseRoute], lifespan: ASGIApp) -> None:
        """Serve these routes, the first that fits; `lifespan` is told of the process's start and end."""
        plain = [route for route in routes if isinstance(route, Route)]
        self._routes = [(route.path.partition("{")[0], route, handler_of(route)) for route in plain]
        self._lifespan = lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            answer = await self._find(scope)(request)
        except Exception as error:  # noqa: BLE001 - the last resort
            answer = answer_of(request, problem_of(error, scope))
        await answer(scope, receive, send)

    def _find(self, scope: Scope) -> Handler:
        """Return what answers a request; which route that belongs to is noted in the scope."""
        allowed: set[str] = set()
        for beginning, route, handler in self._routes:
            if scope["path"].startswith(beginning):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found, route=route)
                    return handler
                if match is Match.PARTIAL:
                    allowed |= route.methods or set()
        raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(allowed))}) if allowed else NotFound


def handler_of(route: Route) -> Handler:
    """Return what answers a request to a route."""
    return route.serve if isinstance(route, KithRoute) else route.endpoint


def problem_of(error: Exception, scope: Scope) -> Problem:
    """Return what a failure is answered with; one that nobody foresaw is logged."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, (*UNREACHABLE, asyncpg.QueryCanceledError)):
        log.warning("database_unreachable", error=type(error).__name__)
        return Unavailable(retry_after=1)
    # The place only: the error's text may quote a value of the request or of a row.
    log.error("request_failed", route=route_of(scope), error=type(error).__name__, where=where(error))
    return InternalError()
