"""Adding jobs: with their cause or not at all, once per key, without disturbing the transaction."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from services.kit.clock import SystemClock
from services.kit.database import Database
from services.kit.ids import new_id
from services.kit.jobs import JobContext, JobHouse, JobRunner, Limits, enqueue
from services.kit.wakeups import JOBS
from tests.kit.jobs.stage import add, at_work, entries, job, until_queue_is_empty, until_status


class ChangedMindError(Exception):
    """The cause was taken back."""


async def test_a_job_added_as_the_first_statement_is_rolled_back_with_its_transaction(
    database: Database, workspace_id: UUID
) -> None:
    async def add_and_fail() -> None:
        async with database.write(workspace_id) as session:
            await enqueue(session, "count", {})
            raise ChangedMindError

    with pytest.raises(ChangedMindError):
        await add_and_fail()
    assert await entries(database) == {}


async def test_a_committed_job_is_queued_and_shown(database: Database, workspace_id: UUID) -> None:
    async with database.write(workspace_id) as session:
        job_id = await enqueue(session, "count", {"up_to": 3}, title="Counting")
    assert await entries(database) == {str(job_id): "queued"}
    row = await job(database, job_id)
    assert (row["workspace_id"], row["kind"], row["title"]) == (workspace_id, "count", "Counting")
    assert (row["status"], row["payload"]) == ("queued", {"up_to": 3})


async def test_the_same_key_gives_the_open_job_and_the_transaction_goes_on(
    database: Database, workspace_id: UUID
) -> None:
    async with database.write(workspace_id) as session:
        first = await enqueue(session, "count", {}, dedupe_key="once")
        second = await enqueue(session, "count", {}, dedupe_key="once")
        other = await enqueue(session, "other", {}, dedupe_key="once")
        assert await session.fetchval("SELECT 1") == 1
    assert first == second != other
    assert set(await entries(database)) == {str(first), str(other)}


async def test_a_finished_job_frees_its_key(database: Database, workspace_id: UUID, runner: JobRunner) -> None:
    @runner.handler("count")
    async def count(_: JobContext) -> None:
        return

    async with database.write(workspace_id) as session:
        first = await enqueue(session, "count", {}, dedupe_key="once")
    async with at_work(runner):
        await until_status(database, first, "succeeded")
    async with database.write(workspace_id) as session:
        assert await enqueue(session, "count", {}, dedupe_key="once") != first


async def test_keys_of_other_workspaces_do_not_count(database: Database, workspace_id: UUID) -> None:
    async with database.write(workspace_id) as session:
        ours = await enqueue(session, "count", {}, dedupe_key="once")
    async with database.worker() as session:
        theirs = await enqueue(session, "count", {}, dedupe_key="once", workspace_id=UUID(int=5))
    assert ours != theirs


async def test_a_request_cannot_read_what_other_workspaces_queued(database: Database, workspace_id: UUID) -> None:
    await add(database, UUID(int=5), "count")
    async with database.read(workspace_id) as session:
        assert await session.fetch("SELECT * FROM jobs") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.fetch("SELECT payload FROM contacts_jobs.pgqueuer")


async def test_no_notice_is_sent_inside_the_transaction(database: Database, workspace_id: UUID) -> None:
    async with database.connect() as connection:
        heard: list[object] = []
        await connection.add_listener("contacts_jobs", lambda *notice: heard.append(notice))
        told = database.wakeups.next(JOBS)
        await add(database, workspace_id, "count")
        await connection.fetchval("SELECT 1")
        assert heard == []
        assert told.is_set()


async def test_a_job_begins_at_once(database: Database, workspace_id: UUID) -> None:
    runner = JobRunner(database, SystemClock(), Limits(seconds_between_looks=3600))

    @runner.handler("count")
    async def count(_: JobContext) -> None:
        return

    async with at_work(runner):
        for _ in range(2):  # the first may be found at the start
            await until_status(database, await add(database, workspace_id, "count"), "succeeded")


async def test_an_open_job_without_an_entry_is_found_again(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    lost, waiting = await add(database, workspace_id, "count"), await add(database, workspace_id, "count")
    async with database.worker() as session:
        await session.execute("DELETE FROM contacts_jobs.pgqueuer WHERE dedupe_key LIKE $1", f"{lost}/%")
        await session.execute("UPDATE jobs SET updated_at = updated_at - interval '2 minutes'")
    assert await JobHouse(database, SystemClock()).find_lost() == 1
    assert await entries(database) == {str(lost): "queued", str(waiting): "queued"}


async def test_the_log_of_the_queue_is_purged(database: Database, workspace_id: UUID, runner: JobRunner) -> None:
    @runner.handler("count")
    async def count(_: JobContext) -> None:
        return

    async with at_work(runner):
        await until_status(database, await add(database, workspace_id, "count"), "succeeded")
        await until_queue_is_empty(database)
    assert await JobHouse(database, SystemClock()).purge_log() == 0
    assert await JobHouse(database, SystemClock(), keep_log=timedelta()).purge_log() >= 3
    async with database.worker() as session:
        assert await session.fetchval("SELECT count(*) FROM contacts_jobs.pgqueuer_log") == 0


async def test_jobs_that_ended_long_ago_are_forgotten(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    async with database.worker() as session:
        await session.executemany(
            "INSERT INTO jobs (workspace_id, id, kind, status, finished_at) VALUES ($1, $2, 'old', $3, $4)",
            [
                (workspace_id, new_id(), "succeeded", datetime.now(UTC) - timedelta(days=91)),
                (workspace_id, new_id(), "failed", datetime.now(UTC) - timedelta(days=89)),
                (workspace_id, new_id(), "paused", None),
            ],
        )
    assert await JobHouse(database, SystemClock()).purge_finished() == 1
    async with database.worker() as session:
        rows = await session.fetch("SELECT status FROM jobs WHERE workspace_id = $1 ORDER BY status", workspace_id)
    assert [row["status"] for row in rows] == ["failed", "paused"]
