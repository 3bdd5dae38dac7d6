"""Fixtures of scoring."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from fastapi import FastAPI

from services.kit.clock import FixedClock
from services.kit.database import Database
from services.scoring.app import create_app
from services.scoring.settings import ScoringSettings
from tests.callers import Caller, running
from tests.scoring.api import Api
from tests.scoring.example import AS_OF
from tests.scoring.stage import Stage

PEERS = {name: f"http://{name}.test" for name in ("contacts", "gateway")}


@pytest.fixture
async def stage(database_for: Callable[[str], Awaitable[Database]], clock: FixedClock, workspace_id: UUID) -> Stage:
    """Scoring without its neighbours, in a workspace in Taipei, at the time of the worked example."""
    clock.set(AS_OF)
    stage = Stage(await database_for("scoring"), clock, workspace_id)
    await stage.settings()
    return stage


@pytest.fixture
async def app(settings_for: Callable[..., ScoringSettings], clock: FixedClock) -> FastAPI:
    """The application without its worker."""
    settings = settings_for("scoring", ScoringSettings, peers=PEERS, passing_seconds=0)
    return create_app(settings, clock)


@pytest.fixture
async def api(app: FastAPI, stage: Stage) -> AsyncIterator[Api]:
    """Calls to scoring by somebody who may do everything in the stage's workspace."""
    async with running(app) as client:
        yield Api(client, Caller(workspace_id=stage.workspace_id))
