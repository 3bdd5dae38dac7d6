"""The last use of keys is written in one go, and nothing is lost when it cannot be."""

from datetime import timedelta
from uuid import UUID

import pytest

from gateway.door.keyring import Holder, holder_of
from gateway.door.usage import Usage
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.problems import Unavailable
from tests.gateway.conftest import Issue


async def holders(database: Database, workspace: UUID) -> list[Holder]:
    async with database.worker() as session:
        rows = await session.fetch("SELECT * FROM api_keys WHERE workspace_id = $1 ORDER BY id", workspace)
    return [holder_of(dict(row) | {"team": []}, 0.0) for row in rows]


async def test_only_used_keys_get_a_time_and_never_an_older_one(
    database: Database, clock: FixedClock, issue: Issue, workspace: UUID
) -> None:
    for _ in range(3):
        await issue()
    one, two, _ = await holders(database, workspace)
    usage, late = Usage(database, clock), Usage(database, clock)
    late.note(two)
    clock.advance(timedelta(seconds=5))
    usage.note(one)
    usage.note(two)
    await usage.flush()
    await late.flush()
    await usage.flush()
    async with database.worker() as session:
        rows = await session.fetch(
            "SELECT last_used_at, version FROM api_keys WHERE workspace_id = $1 ORDER BY id", workspace
        )
    assert [row["last_used_at"] for row in rows] == [clock.now(), clock.now(), None]
    assert {row["version"] for row in rows} == {1}


async def test_what_cannot_be_written_is_kept(
    database: Database, clock: FixedClock, issue: Issue, workspace: UUID
) -> None:
    await issue()
    (only,) = await holders(database, workspace)
    away = Database("gateway", api_url="postgresql://x@127.0.0.1:1/x", worker_url="postgresql://x@127.0.0.1:1/x")
    away._pools["worker"] = _Away()  # type: ignore[assignment]  # a pool whose server is away
    usage = Usage(away, clock)
    usage.note(only)
    with pytest.raises(Unavailable):
        await usage.flush()
    usage._database = database
    await usage.flush()
    assert (await last_used(database, workspace)) == clock.now()


async def last_used(database: Database, workspace: UUID) -> object:
    async with database.worker() as session:
        return await session.fetchval("SELECT last_used_at FROM api_keys WHERE workspace_id = $1", workspace)


class _Away:
    async def acquire(self, **_: object) -> None:
        raise ConnectionRefusedError
