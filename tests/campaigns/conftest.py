"""Fixtures of campaigns."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from services.kit.clock import FixedClock
from services.kit.database import Database
from tests.campaigns.stage import Stage


@pytest.fixture
async def stage(database_for: Callable[[str], Awaitable[Database]], clock: FixedClock, workspace_id: UUID) -> Stage:
    """Campaigns without its neighbours."""
    stage = Stage(await database_for("campaigns"), clock, workspace_id)
    await stage.settings()
    return stage
