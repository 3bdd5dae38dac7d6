"""The application of scoring: its routes, and the worker that runs beside them."""

import contextlib
from collections.abc import AsyncIterator, Mapping

import httpx
from fastapi import FastAPI

from services.kit.audit.endpoints import audit_router
from services.kit.clock import Clock
from services.kit.feeds.positions import Positions
from services.kit.feeds.routes import feed_routes
from services.kit.jobs import Limits
from services.kit.jobs.endpoints import router as jobs
from services.kit.web.app import Kit
from services.kit.web.app import create_app as create_kit_app
from services.scoring.audited import AUDITED
from services.scoring.container import build_container
from services.scoring.ledger.service import ScoreSnapshot
from services.scoring.policies.endpoints import router as policies
from services.scoring.scores.endpoints import router as scores
from services.scoring.settings import ScoringSettings
from services.scoring.worker import build_worker
from services.scoring.workspaces.service import languages

TAGS = [{"name": "scores", "description": "Who matters and why: scores with reasons, history, and their rules."}]


def create_app(
    settings: ScoringSettings,
    clock: Clock | None = None,
    transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """Return the application; nothing is opened before its lifespan begins. Tests replace `transports` and `limits`."""
    kit = Kit.build(settings, clock)
    container = build_container(kit, settings, transports)
    kit.positions = Positions("scoring", kit.database, container.peers)
    kit.languages = languages

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker = build_worker(kit, container, settings, limits)
        async with worker.running():
            yield
        await container.peers.close()

    app = create_kit_app(
        kit,
        title="Kith scoring",
        routers=[scores, policies, jobs, audit_router(AUDITED)],
        routes=feed_routes([ScoreSnapshot()]),
        lifespan=lifespan,
        openapi_tags=TAGS,
    )
    app.state.scoring = container
    return app
