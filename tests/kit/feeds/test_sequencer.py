"""The sequencer: no gap, nothing lost, order kept per entity, whatever writers do."""

import asyncio
import contextlib
import random
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from services.kit.clock import SystemClock
from services.kit.feeds import Sequencer
from services.kit.ids import new_id
from services.kit.worker import Worker
from tests.kit.feeds.stage import Stage, count_up
from tests.listening import until_listening
from tests.waiting import until


class RolledBackError(Exception):
    """A writer changed its mind."""


async def write(stage: Stage, workspace_id: UUID, things: list[UUID], chance: random.Random, rounds: int) -> int:
    """Count things up in transactions that are quick, slow or rolled back; return how many were committed."""
    committed = 0
    for _ in range(rounds):
        chosen = chance.sample(things, 3)
        with contextlib.suppress(RolledBackError):
            async with stage.producer.worker() as session:
                await count_up(session, workspace_id, chosen)
                if chance.random() < 0.1:
                    await asyncio.sleep(chance.random() / 10)
                if chance.random() < 0.1:
                    raise RolledBackError
            committed += len(chosen)
    return committed


async def read_log(stage: Stage) -> list[tuple[int, UUID, int]]:
    async with stage.producer.worker() as session:
        rows = await session.fetch("SELECT position, subject, version FROM events ORDER BY position")
    return [(row["position"], row["subject"], row["version"]) for row in rows]


async def has_events(stage: Stage, number: int) -> bool:
    return len(await read_log(stage)) >= number


async def test_slow_and_rolled_back_writers_leave_no_gap_and_lose_nothing(own_stage: Stage, workspace_id: UUID) -> None:
    things = sorted(new_id() for _ in range(12))
    worker = Worker("contacts")
    for name in ("one", "two"):
        worker.add(name, Sequencer(own_stage.producer, SystemClock(), batch=20).run)
    async with worker.running():
        written = await asyncio.gather(
            *(write(own_stage, workspace_id, things, random.Random(seed), 30) for seed in range(5))
        )
        await until(partial(has_events, own_stage, sum(written)))
    log = await read_log(own_stage)
    assert [position for position, _, _ in log] == list(range(1, sum(written) + 1))
    for thing in things:
        versions = [version for _, subject, version in log if subject == thing]
        assert versions == list(range(1, len(versions) + 1))
    assert await own_stage.producer.worker_pool.fetchval("SELECT count(*) FROM outbox") == 0


@pytest.fixture
def without_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a sequencer that nobody wakes sleep on."""
    monkeypatch.setattr("services.kit.feeds.sequencer.POLL_SECONDS", 3600)


@pytest.mark.usefixtures("without_polls")
async def test_an_event_is_numbered_at_once_after_its_commit(stage: Stage, workspace_id: UUID) -> None:
    worker = Worker("contacts")
    worker.add("sequencer", Sequencer(stage.producer, SystemClock()).run)
    async with worker.running():
        for number in (1, 2):  # the first may be found at the start
            await stage.count(workspace_id, new_id())
            await until(partial(has_events, stage, number))


@pytest.mark.usefixtures("without_polls")
async def test_another_process_is_told_of_commits_and_of_numbers(stage: Stage, workspace_id: UUID) -> None:
    elsewhere = Stage(stage.database, SystemClock()).producer
    await elsewhere.start()
    worker = Worker("contacts")
    worker.add("sequencer", Sequencer(elsewhere, SystemClock()).run)
    worker.add("wakeups", lambda: elsewhere.wakeups.run(elsewhere))
    worker.add("wakeups here", lambda: stage.producer.wakeups.run(stage.producer))
    try:
        async with worker.running():
            await until_listening(stage.database, 2)
            for number in (1, 2):  # the first may be found at the start
                told = stage.producer.wakeups.next("events")
                await stage.count(workspace_id, new_id())
                await asyncio.wait_for(told.wait(), 60)
                await until(partial(has_events, stage, number))
    finally:
        await elsewhere.stop()


async def test_no_writer_notifies_inside_its_transaction(stage: Stage, workspace_id: UUID) -> None:
    statements: list[str] = []
    async with stage.producer.worker() as session:
        session.connection.add_query_logger(lambda query: statements.append(query.query))
        await count_up(session, workspace_id, sorted(new_id() for _ in range(50)))
    assert len([statement for statement in statements if "INTO outbox" in statement]) == 1
    assert not any("notify" in statement.lower() for statement in statements)


async def test_partitions_are_made_ahead(own_stage: Stage, workspace_id: UUID) -> None:
    sequencer = Sequencer(own_stage.producer, SystemClock(), batch=10, partition_size=10)
    things = sorted(new_id() for _ in range(7))
    for _ in range(10):
        await own_stage.count(workspace_id, *things)
        assert await sequencer.number_all()
    assert [position for position, _, _ in await read_log(own_stage)] == list(range(1, 71))


async def test_a_failed_numbering_leaves_nothing_behind_that_keeps_the_next_from_succeeding(
    own_stage: Stage, workspace_id: UUID
) -> None:
    sequencer = Sequencer(own_stage.producer, SystemClock(), batch=10, partition_size=10)
    await own_stage.count(workspace_id, new_id())
    await own_stage.database.as_admin("ALTER TABLE contacts.events ADD CONSTRAINT refuse CHECK (false) NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError):
        await sequencer.number()
    await own_stage.database.as_admin("ALTER TABLE contacts.events DROP CONSTRAINT refuse")
    assert await sequencer.number() == 1
