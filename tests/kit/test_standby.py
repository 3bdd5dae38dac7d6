"""A server that only reads, as after a failover that addresses do not know of: reads work, writes may try again."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.postgres import Cluster, ClusterInfo
from services.kit.database import UNREACHABLE, Database
from services.kit.ids import new_id


@pytest.fixture(scope="module")
def standby() -> Iterator[ClusterInfo]:
    folder = Path(tempfile.mkdtemp(prefix="kith-standby-"))
    folder.chmod(0o755)  # as root, the server's own user passes through it
    cluster = Cluster(folder / "postgres", system_folder=folder)
    cluster.start()
    cluster.stop()
    signal = cluster.data / "standby.signal"
    signal.touch()
    yield cluster.start()
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def database(standby: ClusterInfo) -> AsyncIterator[Database]:
    opened = Database("public", api_url=standby.admin_dsn, worker_url=standby.admin_dsn)
    await opened.start()
    yield opened
    await opened.stop()


async def test_reads_work(database: Database) -> None:
    async with database.read(new_id()) as session:
        assert await session.fetchval("SELECT pg_is_in_recovery()") is True


async def test_a_write_is_refused_as_one_that_may_be_tried_again(database: Database) -> None:
    with pytest.raises(UNREACHABLE):
        async with database.write(new_id()) as session:
            await session.execute("CREATE TABLE never (n int)")


async def test_background_work_fails_as_if_the_database_were_away(database: Database) -> None:
    with pytest.raises(UNREACHABLE):
        async with database.worker() as session:
            await session.execute("CREATE TABLE never (n int)")
