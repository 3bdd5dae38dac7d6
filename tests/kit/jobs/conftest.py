"""Fixtures of job tests."""

from collections.abc import Awaitable, Callable

import pytest

from services.kit.clock import SystemClock
from services.kit.database import Database
from services.kit.jobs import JobRunner, Limits


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    """The database of contacts."""
    return await database_for("contacts")


@pytest.fixture
def runner(database: Database) -> JobRunner:
    """A runner that is quick to try again."""
    return JobRunner(
        database, SystemClock(), Limits(tries=3, first_pause=0.01, pause_for_peer=0.05, seconds_between_looks=0.1)
    )
