"""Watching requests: ids in, ids out, one log line and one measurement each, by route template only."""

import time

import structlog
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit.context import CURRENT, accept

log = structlog.get_logger("kith.access")

DURATION = Histogram(
    "kith_http_request_seconds",
    "Time from request to the end of the answer, by route template.",
    ["service", "method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
QUIET = ("/health/", "/feed")
"""Probes and long polls come all the time: they are measured, not logged."""


class Observe:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request with its ids set, then log and measure it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        first = dict(reversed(scope["headers"]))
        context = accept(text_of(first.get(b"x-request-id")), text_of(first.get(b"traceparent")))
        token = CURRENT.set(context)
        structlog.contextvars.bind_contextvars(request_id=context.request_id)
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (b"x-request-id", context.request_id.encode())
                message["headers"] = [*message.get("headers", ()), named]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            self.record(scope, status, time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id")
            CURRENT.reset(token)

    def record(self, scope: Scope, status: int, seconds: float) -> None:
        """Measure and log one request; probes are measured only."""
        route = route_of(scope)
        method = scope["method"]
        DURATION.labels(self.service, method, route, status).observe(seconds)
        if not scope["path"].startswith(QUIET):
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def text_of(value: bytes | None) -> str | None:
    """Return a header's value as text."""
    return None if value is None else value.decode("latin-1")


def route_of(scope: Scope) -> str:
    """Return the route template."""
    return str(getattr(scope.get("route"), "path", "unmatched"))
