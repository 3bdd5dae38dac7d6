"""Fixtures of feed tests."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.kit.clock import SystemClock
from tests.cluster import KithDatabase, TestCluster
from tests.kit.feeds.stage import TABLES, Stage, opened


async def furnished(database: KithDatabase) -> KithDatabase:
    """Add the tables of the stage."""
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(TABLES)
    await connection.close()
    return database


@pytest.fixture(scope="session")
async def stage_database(cluster: TestCluster) -> KithDatabase:
    """The database that most feed tests share; apart from the one that house tests look at."""
    return await furnished(await cluster.clone())


@pytest.fixture
async def stage(stage_database: KithDatabase) -> AsyncIterator[Stage]:
    """A producer and a follower with tables of their own."""
    async with opened(stage_database, SystemClock()) as stage:
        yield stage
    await stage_database.empty()


@pytest.fixture
async def own_stage(own_kith: KithDatabase) -> AsyncIterator[Stage]:
    """The same in a database for this test alone: for partitions and for processes that get killed."""
    async with opened(await furnished(own_kith), SystemClock()) as stage:
        yield stage
