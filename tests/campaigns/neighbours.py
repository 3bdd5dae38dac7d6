"""The neighbours of campaigns: the real contacts, feeds of the others, and wires that can be cut."""

import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
from fastapi import FastAPI

from services.contracts.envelope import Event
from services.kit.clock import Clock
from services.kit.feeds import Sequencer, publish_all
from services.kit.feeds.routes import feed_routes
from services.kit.settings import ServiceSettings
from services.kit.web import Kit, create_app


class Wire(httpx.AsyncBaseTransport):
    """Connects to an application in this loop; can be cut before the request or before the answer."""

    def __init__(self, app: FastAPI) -> None:
        self._inner = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.cut = False
        self.lose_answers = 0
        self.requests: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on unless the wire is cut; lose the answer if told so."""
        self.requests.append(f"{request.method} {request.url.path}")
        if self.cut:
            message = "the wire is cut"
            raise httpx.ConnectError(message)
        response = await self._inner.handle_async_request(request)
        if self.lose_answers:
            self.lose_answers -= 1
            message = "the answer was lost"
            raise httpx.ReadError(message)
        return response


class Producer:
    """A neighbour of whom only the feed is needed."""

    def __init__(self, settings: ServiceSettings, clock: Clock) -> None:
        self.kit = Kit.build(settings, clock)
        self.app = create_app(self.kit, title=settings.service, routers=[], routes=feed_routes())
        self.sequencer = Sequencer(self.kit.database, clock)

    async def publish(self, workspace_id: UUID, *events: Event) -> None:
        """Publish events and number them."""
        async with self.kit.database.worker() as session:
            await publish_all(session, [(workspace_id, event) for event in events])
        await self.sequencer.number_all()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Producer"]:
        """Keep the feed open."""
        async with self.app.router.lifespan_context(self.app):
            yield self
