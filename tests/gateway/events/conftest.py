"""Fixtures of the journal's tests."""

from collections.abc import Awaitable, Callable

import pytest

from services.kit.clock import FixedClock
from services.kit.database import Database
from tests.gateway.events.stage import Stage

SERVICES = ("gateway", "contacts", "scoring", "campaigns")


@pytest.fixture
async def stage(database_for: Callable[[str], Awaitable[Database]], clock: FixedClock) -> Stage:
    """Four services, nothing told yet."""
    return Stage({name: await database_for(name) for name in SERVICES}, clock)
