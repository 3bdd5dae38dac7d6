"""A database that hangs or is read-only: bounded waiting, a failure that may be tried again, and then it goes on."""

import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack

import asyncpg
import pytest

from migrations.addresses import Roles
from services.kit.database import PARTING_SECONDS, UNREACHABLE, Database
from services.kit.ids import new_id
from services.kit.problems import Unavailable
from tests.cluster import KithDatabase
from tests.frozen import frozen

REQUEST_SECONDS = 2.0
SLACK_SECONDS = 30.0


@pytest.fixture
async def database(own_kith: KithDatabase) -> AsyncIterator[Database]:
    roles = Roles("contacts")
    opened = Database(
        "contacts",
        api_url=own_kith.url(roles.api),
        worker_url=own_kith.url(roles.worker),
        api_pool_size=2,
        request_seconds=REQUEST_SECONDS,
    )
    await opened.start()
    yield opened
    await opened.stop()


def server_of(pid: int) -> list[int]:
    """Return the ids of a backend and of the server that would have to cancel its statement."""
    found = subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return [pid, int(found.stdout)]


@pytest.mark.parametrize("at_commit", [False, True])
async def test_a_server_that_hangs_is_given_up_in_time(database: Database, at_commit: bool) -> None:
    async def write(thawing: ExitStack) -> None:
        async with database.write(new_id()) as session:
            if at_commit:
                await session.fetchval("SELECT 1")
            thawing.enter_context(frozen(server_of(session.connection.get_server_pid())))
            if not at_commit:
                await session.fetchval("SELECT 1")

    began = time.monotonic()
    with ExitStack() as thawing:
        with pytest.raises((*UNREACHABLE, Unavailable)):
            await write(thawing)
        took = time.monotonic() - began
    assert REQUEST_SECONDS <= took < REQUEST_SECONDS + 2 * PARTING_SECONDS + SLACK_SECONDS
    async with database.write(new_id()) as session:
        assert await session.fetchval("SELECT 1") == 1


async def test_a_transaction_begins_with_its_first_statement_in_one_round_trip(database: Database) -> None:
    sent: list[str] = []
    async with database.write(workspace := new_id()) as session:
        session.connection.add_query_logger(lambda query: sent.append(query.query))
        assert not session.begun
        await session.command("SELECT pg_advisory_xact_lock(1)")
        assert await session.fetchval("SELECT current_setting('app.workspace_id')") == str(workspace)
    assert len(sent) == 3


async def test_requests_write_nothing_while_an_operator_keeps_the_database_read_only(
    database: Database, own_kith: KithDatabase
) -> None:
    own = f"ALTER DATABASE {own_kith.name}"
    await own_kith.as_admin(f"{own} SET default_transaction_read_only = on")
    await database.stop()
    await database.start()
    with pytest.raises(UNREACHABLE):
        async with database.write(new_id()) as session:
            await session.execute("UPDATE jobs SET version = version")
    async with database.read(new_id()) as session:
        assert await session.fetchval("SELECT 1") == 1
    reset = await asyncpg.connect(own_kith.admin_url, server_settings={"default_transaction_read_only": "off"})
    await reset.execute(f"{own} RESET default_transaction_read_only")
    await reset.close()
