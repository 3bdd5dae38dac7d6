"""Fixtures of campaigns."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from fastapi import FastAPI

from services.campaigns.app import create_app
from services.campaigns.settings import CampaignsSettings
from services.kit.clock import FixedClock
from services.kit.database import Database
from tests.callers import Caller, running
from tests.campaigns.api import Api
from tests.campaigns.stage import Stage

PEERS = {name: f"http://{name}.test" for name in ("contacts", "scoring", "gateway")}


@pytest.fixture
async def stage(database_for: Callable[[str], Awaitable[Database]], clock: FixedClock, workspace_id: UUID) -> Stage:
    """Campaigns without its neighbours."""
    stage = Stage(await database_for("campaigns"), clock, workspace_id)
    await stage.settings()
    return stage


@pytest.fixture
async def app(settings_for: Callable[..., CampaignsSettings], clock: FixedClock) -> FastAPI:
    """The application without its worker; contacts is never called."""
    settings = settings_for("campaigns", CampaignsSettings, peers=PEERS)
    return create_app(settings, clock)


@pytest.fixture
async def api(app: FastAPI, stage: Stage) -> AsyncIterator[Api]:
    """Calls to campaigns by somebody who may do everything in the stage's workspace."""
    async with running(app) as client:
        yield Api(client, Caller(workspace_id=stage.workspace_id))
