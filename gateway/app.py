"""The gateway's application: its own endpoints, and the door in front of them."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI

from gateway.access.endpoints import router as access
from gateway.audit.endpoints import router as audit
from gateway.container import Container, build_container, read_document
from gateway.customers.endpoints import router as customers
from gateway.door.door import Door
from gateway.events.endpoints import router as events
from gateway.events.schemas import data_schemas
from gateway.jobs.endpoints import router as jobs
from gateway.keys.endpoints import router as keys
from gateway.pages.routes import Pages
from gateway.settings import GatewaySettings
from gateway.teams.endpoints import router as teams
from gateway.worker import build_worker
from gateway.workspaces.endpoints import router as workspaces
from gateway.workspaces.service import WorkspaceSnapshot
from services.kit.clock import Clock
from services.kit.database import UNREACHABLE
from services.kit.feeds.routes import feed_routes
from services.kit.problems import Unavailable
from services.kit.web.app import Kit
from services.kit.web.app import create_app as create_kit_app

TAGS = [
    {"name": "access", "description": "Who the caller is and what he may do."},
    {"name": "workspace", "description": "Settings of the caller's workspace."},
    {"name": "jobs", "description": "Long work: how far it is, and what came out."},
    {"name": "audit", "description": "Who changed what: every change through the API, before and after."},
    {"name": "events", "description": "Everything that happened, for programs that keep up by pulling."},
    {"name": "api-keys", "description": "Keys: made, changed, rotated, revoked."},
]


def create_app(
    settings: GatewaySettings, clock: Clock | None = None, *, document: dict[str, Any] | None = None
) -> FastAPI:
    """Return the application of the gateway; it routes by `document`, the committed one unless another is given."""
    kit = Kit.build(settings, clock)
    container = build_container(kit, settings, document or read_document(settings))
    pages = Pages(lambda: document or read_document(settings))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with running(kit, container):
            yield

    app = create_kit_app(
        kit,
        title="Kith gateway",
        routers=[access, workspaces, keys, teams, jobs, audit, events, customers],
        routes=[*feed_routes([WorkspaceSnapshot()]), *pages.routes()],
        lifespan=lifespan,
        openapi_tags=TAGS,
        door=lambda served: Door(served, container.door),
    )
    app.state.gateway = container
    app.state.schemas = data_schemas()
    return app


@contextlib.asynccontextmanager
async def running(kit: Kit, container: Container) -> AsyncIterator[None]:
    """Keep connections and loops open while the application serves."""
    worker = build_worker(kit, container)
    kit.reports["peers"] = container.peers.report
    try:
        async with worker.running():
            yield
    finally:
        await container.limiter.stop()
        with contextlib.suppress(*UNREACHABLE, Unavailable):
            await container.usage.flush()
        await container.services.close()
        container.upstream.stop()
        await container.egress.close()
