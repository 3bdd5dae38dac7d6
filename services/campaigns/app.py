"""The application of campaigns: its routes, and the worker that runs beside them."""

import contextlib
from collections.abc import AsyncIterator, Mapping

import httpx
from fastapi import FastAPI

from services.campaigns.audited import AUDITED
from services.campaigns.care_rules.endpoints import router as care_rules
from services.campaigns.container import build_container
from services.campaigns.customers.endpoints import router as customers
from services.campaigns.reminders.endpoints import router as reminders
from services.campaigns.reminders.snapshot import ReminderSnapshot
from services.campaigns.reps.service import languages
from services.campaigns.settings import CampaignsSettings
from services.campaigns.worker import build_worker
from services.kit.audit.endpoints import audit_router
from services.kit.clock import Clock
from services.kit.feeds.positions import Positions
from services.kit.feeds.routes import feed_routes
from services.kit.jobs import Limits
from services.kit.jobs.endpoints import router as jobs
from services.kit.web.app import Kit
from services.kit.web.app import create_app as create_kit_app

TAGS = [
    {"name": "customers", "description": "People and accounts in one list: who matters, and who needs care next."},
    {"name": "care", "description": "Care rules, and the reminders they open."},
]


def create_app(
    settings: CampaignsSettings,
    clock: Clock | None = None,
    transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """Return the application; nothing is opened before its lifespan begins. Tests replace `transports` and `limits`."""
    kit = Kit.build(settings, clock)
    container = build_container(kit, settings, transports)
    kit.positions = Positions("campaigns", kit.database, container.peers)
    kit.languages = languages

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker = build_worker(kit, container, settings, limits)
        async with worker.running():
            yield
        await container.peers.close()

    app = create_kit_app(
        kit,
        title="Kith campaigns",
        routers=[customers, reminders, care_rules, jobs, audit_router(AUDITED)],
        routes=feed_routes([ReminderSnapshot()]),
        lifespan=lifespan,
        openapi_tags=TAGS,
    )
    app.state.campaigns = container
    return app
