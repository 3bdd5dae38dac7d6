"""A way past the framework for plain routes whose load is great: its layers would cost a third of such a request."""

from collections.abc import Sequence

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from services.kit.failures import where
from services.kit.problems import InternalError, Problem
from services.kit.web.answers import answer_of
from services.kit.web.observe import Observe

log = structlog.get_logger(__name__)


class Straight:
    """Serves some routes, observed and with problems answered like all others."""

    def __init__(self, routes: Sequence[Route], service: str) -> None:
        self._routes = [(route.path.partition("{")[0], route) for route in routes]
        self.serve = Observe(self._answer, service)

    def takes(self, scope: Scope) -> bool:
        """Tell whether a request is for one of the routes; which one is noted in the scope."""
        if scope["type"] == "http":
            for beginning, route in self._routes:
                if scope["path"].startswith(beginning):
                    match, found = route.matches(scope)
                    if match is Match.FULL:
                        scope.update(found, route=route)
                        return True
        return False

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            answer = await scope["endpoint"](request)
        except Problem as problem:
            answer = answer_of(request, problem)
        except Exception as error:  # noqa: BLE001 - the last resort, as the framework has one
            log.error("request_failed", route=scope["route"].path, error=type(error).__name__, where=where(error))  # noqa: TRY400 - a traceback quotes values
            answer = answer_of(request, InternalError())
        await answer(scope, receive, send)


class Application(FastAPI):
    """An application that lets some routes pass."""

    straight = Straight((), "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self.straight.takes(scope):
            scope["app"] = self
            await self.straight.serve(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
