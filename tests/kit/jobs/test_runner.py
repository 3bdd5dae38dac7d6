"""Running jobs: progress, failures, cancelling, workers that stop or die, schedules."""

import asyncio
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.kit.clock import SystemClock
from services.kit.database import Database, Session
from services.kit.jobs import JobContext, JobHouse, JobRunner, Limits
from services.kit.jobs.records import Run
from services.kit.jobs.runner import HEARTBEAT_LIMIT
from services.kit.problems import NotFound, Unavailable
from tests.cluster import KithDatabase
from tests.kit.jobs.stage import add, at_work, entries, job, until_queue_is_empty, until_status
from tests.waiting import until

ROOT = Path(__file__).parents[3]


async def cancel(database: Database, job_id: UUID) -> None:
    async with database.worker() as session:
        await session.execute("UPDATE jobs SET status = 'cancelling' WHERE id = $1", job_id)


async def test_a_job_shows_its_progress_and_its_result(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    halfway = asyncio.Event()
    go_on = asyncio.Event()

    @runner.handler("count")
    async def count(context: JobContext) -> None:
        await context.progress(5, context.payload["up_to"], skipped=1, failed=2, state={"next": 6})
        halfway.set()
        await go_on.wait()
        await context.progress(7)
        context.result = {"counted": 7}

    async with at_work(runner):
        job_id = await add(database, workspace_id, "count", up_to=10)
        await halfway.wait()
        row = await job(database, job_id)
        assert (row["status"], row["done"], row["total"], row["failed"], row["skipped"]) == ("running", 5, 10, 2, 1)
        assert row["state"] == {"next": 6}
        go_on.set()
        row = await until_status(database, job_id, "succeeded")
        await until_queue_is_empty(database)
    assert (row["done"], row["result"]) == (7, {"counted": 7})
    assert row["finished_at"] is not None


async def test_a_job_that_raises_is_not_deleted_but_tried_again_and_then_held(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    tries: list[int] = []

    @runner.handler("fail")
    async def fail(_: JobContext) -> None:
        tries.append(1)
        message = "ada@example.com cannot be counted"
        raise ArithmeticError(message)

    async with at_work(runner):
        job_id = await add(database, workspace_id, "fail")
        row = await until_status(database, job_id, "failed")

        async def held() -> bool:
            return await entries(database) == {str(job_id): "failed"}

        await until(held)
    assert len(tries) == 3
    assert row["problem"]["slug"] == "internal-error"
    async with database.worker() as session:
        log = await session.fetch("SELECT traceback::text AS text FROM contacts_jobs.pgqueuer_log")
    assert not any("ada@" in (line["text"] or "") for line in log), "the queue's log quotes no values"


async def test_nothing_of_a_failure_but_its_place_is_logged(
    database: Database, workspace_id: UUID, runner: JobRunner, capfd: pytest.CaptureFixture[str]
) -> None:
    @runner.handler("fail")
    async def fail(_: JobContext) -> None:
        message = "Ada Lovelace cannot be counted"
        raise ArithmeticError(message)

    async with at_work(runner):
        await until_status(database, await add(database, workspace_id, "fail"), "failed")
    printed = "".join(capfd.readouterr())
    assert "ArithmeticError" in printed
    assert "Lovelace" not in printed


async def test_a_problem_that_no_repetition_mends_is_held_at_once(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    tries: list[int] = []

    @runner.handler("fail")
    async def fail(_: JobContext) -> None:
        tries.append(1)
        raise NotFound

    async with at_work(runner):
        row = await until_status(database, await add(database, workspace_id, "fail"), "failed")
    assert len(tries) == 1
    assert row["problem"]["status"] == 404


async def test_a_peer_that_is_away_is_waited_for_as_long_as_it_takes(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    tries: list[int] = []

    @runner.handler("call")
    async def call(_: JobContext) -> None:
        tries.append(1)
        if len(tries) < 6:
            raise Unavailable

    async with at_work(runner):
        row = await until_status(database, await add(database, workspace_id, "call"), "succeeded")
    assert len(tries) == 6, "more often than failures would be repeated"
    assert row["tries"] == 0


async def test_a_job_goes_on_from_its_state(database: Database, workspace_id: UUID, runner: JobRunner) -> None:
    begun_at: list[int] = []

    @runner.handler("count")
    async def count(context: JobContext) -> None:
        first = context.state.get("next", 0)
        begun_at.append(first)
        for number in range(first, 5):
            async with context.worker() as session:
                await context.progress(number + 1, 5, state={"next": number + 1}, session=session)
            if number == 2 and len(begun_at) == 1:
                raise ArithmeticError

    async with at_work(runner):
        row = await until_status(database, await add(database, workspace_id, "count"), "succeeded")
    assert begun_at == [0, 3]
    assert row["done"] == 5


async def test_progress_is_rolled_back_with_its_chunk(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    @runner.handler("count")
    async def count(context: JobContext) -> None:
        async with context.worker() as session:
            await context.progress(1, 5, session=session)
            raise NotFound

    async with at_work(runner):
        row = await until_status(database, await add(database, workspace_id, "count"), "failed")
    assert (row["done"], row["total"]) == (0, None)


async def test_a_running_job_stops_when_it_is_cancelled(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    counted: list[int] = []

    @runner.handler("count")
    async def count(context: JobContext) -> None:
        while True:
            counted.append(1)
            await context.progress(len(counted))
            await asyncio.sleep(0.01)

    async with at_work(runner):
        job_id = await add(database, workspace_id, "count")
        await until_status(database, job_id, "running")
        await cancel(database, job_id)
        await until_status(database, job_id, "cancelled")
        await until_queue_is_empty(database)
        number = len(counted)
        await asyncio.sleep(0.1)
    assert len(counted) == number


async def test_a_stopping_worker_gives_its_job_back(database: Database, workspace_id: UUID, runner: JobRunner) -> None:
    begun: list[int] = []

    @runner.handler("slow")
    async def slow(_: JobContext) -> None:
        begun.append(1)
        if len(begun) == 1:
            await asyncio.sleep(600)

    async def has_begun() -> bool:
        return bool(begun)

    job_id = await add(database, workspace_id, "slow")
    async with at_work(runner):
        await until(has_begun)
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 30
    assert await entries(database) == {str(job_id): "queued"}
    async with at_work(runner):
        row = await until_status(database, job_id, "succeeded")
    assert row["tries"] == 0, "stopping is no failure of the job"


async def test_a_worker_that_stops_while_it_takes_a_job_does_not_begin_it(
    database: Database, workspace_id: UUID, runner: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    @runner.handler("count")
    async def count(_: JobContext) -> None:
        begun.append(1)

    async def begin_late(run: Run, session: Session, now: datetime) -> dict[str, Any] | None:
        row = await begin(run, session, now)
        runner.finish()
        return row

    begin = Run.begin
    monkeypatch.setattr(Run, "begin", begin_late)
    job_id = await add(database, workspace_id, "count")
    await asyncio.wait_for(runner.run(), 60)
    assert begun == []
    assert await entries(database) == {str(job_id): "queued"}
    row = await job(database, job_id)
    assert (row["status"], row["tries"]) == ("queued", 0)


async def test_the_job_of_a_killed_worker_is_back_within_ten_seconds(
    kith: KithDatabase, database: Database, workspace_id: UUID
) -> None:
    runner = JobRunner(database, SystemClock())

    @runner.handler("slow")
    async def slow(context: JobContext) -> None:
        context.result = {"after": context.state}

    job_id = await add(database, workspace_id, "slow")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.kit.jobs.worker_process", kith.admin_url, cwd=ROOT
    )

    async def is_taken() -> bool:
        return bool((await job(database, job_id))["state"] == {"worker": "other"})

    try:
        await until(is_taken)
        async with at_work(runner):
            await asyncio.sleep(1)
            process.kill()
            row = await until_status(database, job_id, "succeeded")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    assert row["result"] == {"after": {"worker": "other"}}
    assert HEARTBEAT_LIMIT.total_seconds() + Limits().seconds_between_looks < 10


async def test_a_worker_that_was_silent_too_long_can_no_longer_write(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    taken_over = asyncio.Event()
    outcomes: list[str] = []

    @runner.handler("count")
    async def count(context: JobContext) -> None:
        await taken_over.wait()
        try:
            await context.progress(1)
        except Exception as error:
            outcomes.append(type(error).__name__)
            raise

    async with at_work(runner):
        job_id = await add(database, workspace_id, "count")
        await until_status(database, job_id, "running")
        async with database.worker() as session:
            await session.execute("UPDATE jobs SET runner = gen_random_uuid()")
        taken_over.set()
        await until_queue_is_empty(database)
    assert outcomes == ["RunLost"]
    assert (await job(database, job_id))["status"] == "running"


async def test_a_kind_can_be_limited_over_all_workers(database: Database, workspace_id: UUID) -> None:
    running: list[int] = []
    most: list[int] = []

    async def count(_: JobContext) -> None:
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0.1)
        running.pop()

    runners = [JobRunner(database, SystemClock(), Limits()) for _ in range(2)]
    for runner in runners:
        runner.handler("count", at_once=1)(count)
    jobs = [await add(database, workspace_id, "count") for _ in range(5)]
    async with at_work(*runners):
        for job_id in jobs:
            await until_status(database, job_id, "succeeded")
    assert max(most) == 1


async def test_two_workers_run_a_schedule_once_each_time(database: Database) -> None:
    ticks: list[int] = []
    runners = [JobRunner(database, SystemClock()) for _ in range(2)]
    for runner in runners:

        @runner.schedule("tick", "* * * * * */2")
        async def tick() -> None:
            ticks.append(1)

    async def ticked() -> bool:
        return len(ticks) >= 4

    began = int(time.time())
    async with at_work(*runners):
        await until(ticked)
    due = int(time.time()) // 2 - began // 2
    assert len(ticks) <= due + 1, "once each time; a tick that comes late may meet the next one"


async def test_a_failing_schedule_runs_again(database: Database, runner: JobRunner) -> None:
    ticks: list[int] = []

    @runner.schedule("tick", "* * * * * */1")
    async def tick() -> None:
        ticks.append(1)
        raise ArithmeticError

    async def ticked() -> bool:
        return len(ticks) >= 2

    async with at_work(runner):
        await until(ticked)


async def test_a_held_entry_goes_when_its_job_went_on(
    database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    job_id = await add(database, workspace_id, "count")
    async with database.worker() as session:
        await session.execute("UPDATE contacts_jobs.pgqueuer SET status = 'failed'")
        await session.execute("UPDATE jobs SET status = 'failed', finished_at = now()")
    await JobHouse(database, SystemClock()).purge_log()
    assert await entries(database) == {str(job_id): "failed"}
    async with database.worker() as session:
        await session.execute("UPDATE jobs SET status = 'succeeded'")
    await JobHouse(database, SystemClock()).purge_log()
    assert await entries(database) == {}
