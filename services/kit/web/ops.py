"""The operations port: metrics and health details, never reachable through the gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Generator

import orjson
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Details = Callable[[], Awaitable[dict[str, object]]]
"""Returns what the health page of the process says beyond pass or fail."""


class QuietServer(uvicorn.Server):
    """A second server in the same loop: signals belong to the first one."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signal handlers alone."""
        yield


def ops_app(details: Details) -> Starlette:
    """Return the application of the operations port."""

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def health(_: Request) -> Response:
        return Response(orjson.dumps(await details()), media_type="application/json")

    return Starlette(routes=[Route("/metrics", metrics), Route("/health/details", health)])


@contextlib.asynccontextmanager
async def ops_server(host: str, port: int, details: Details) -> AsyncIterator[None]:
    """Serve the operations port while the context is open; nothing at all for port 0."""
    if port == 0:
        yield
        return
    config = uvicorn.Config(
        ops_app(details),
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = QuietServer(config)
    running = asyncio.create_task(server.serve(), name="ops")
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({running}, timeout=5)
