"""Jobs over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.kit.clock import SystemClock
from services.kit.database import Database
from services.kit.ids import new_id
from services.kit.jobs import JobContext, JobRunner, enqueue
from services.kit.jobs.endpoints import router
from services.kit.problems import NotFound
from services.kit.web import Kit, create_app
from tests.callers import Caller, running
from tests.kit.jobs.stage import add, at_work, entries, job, until_status
from tests.waiting import until


@pytest.fixture
def caller(workspace_id: UUID) -> Caller:
    """Somebody who may see and stop jobs."""
    return Caller(["jobs:read", "jobs:write"], workspace_id=workspace_id)


@pytest.fixture
async def client(settings_for: Callable[..., Any], caller: Caller) -> AsyncIterator[httpx.AsyncClient]:
    """A client of contacts."""
    app = create_app(Kit.build(settings_for("contacts"), SystemClock()), title="jobs", routers=[router])
    async with running(app) as client:
        client.headers.update(caller.headers("contacts"))
        yield client


async def test_a_job_shows_all_its_fields(client: httpx.AsyncClient, database: Database, workspace_id: UUID) -> None:
    job_id = await add(database, workspace_id, "count", up_to=4)
    answer = await client.get(f"/v1/jobs/{job_id}")
    assert answer.headers["etag"] == '"v1"'
    shown = answer.json()
    assert (shown["id"], shown["kind"], shown["status"], shown["progress"]) == (str(job_id), "count", "queued", 0)
    assert set(shown) >= {"total", "done", "failed", "skipped", "result", "result_url", "errors_url", "problem"}


async def test_without_scope_or_key_there_is_nothing(client: httpx.AsyncClient, workspace_id: UUID) -> None:
    reader = Caller(["jobs:read"], workspace_id=workspace_id).headers("contacts")
    nobody = Caller(["people:read"], workspace_id=workspace_id).headers("contacts")
    path = f"/v1/jobs/{new_id()}"
    assert (await client.get("/v1/jobs", headers=nobody)).status_code == 403
    assert (await client.post(f"{path}/cancel", headers=reader)).status_code == 403
    assert (await client.post(f"{path}/resume", headers=reader)).status_code == 403
    assert (await client.get(path, headers={"kith-identity": ""})).status_code == 401


async def test_jobs_of_other_workspaces_do_not_exist(client: httpx.AsyncClient, database: Database) -> None:
    job_id = await add(database, new_id(), "count")
    assert (await client.get("/v1/jobs")).json()["items"] == []
    assert (await client.get(f"/v1/jobs/{job_id}")).status_code == 404
    assert (await client.post(f"/v1/jobs/{job_id}/cancel")).status_code == 404
    assert (await client.post(f"/v1/jobs/{job_id}/resume")).status_code == 404
    assert (await job(database, job_id))["status"] == "queued"


async def test_jobs_are_listed_and_filtered(client: httpx.AsyncClient, database: Database, workspace_id: UUID) -> None:
    counts = [await add(database, workspace_id, "count") for _ in range(3)]
    other = await add(database, workspace_id, "other")
    first = (await client.get("/v1/jobs", params={"limit": 3})).json()
    second = (await client.get("/v1/jobs", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == [str(i) for i in (other, *reversed(counts))]
    named = (await client.get("/v1/jobs", params={"kind": "other", "status": ["queued", "failed"]})).json()
    assert [item["id"] for item in named["items"]] == [str(other)]
    assert (await client.get("/v1/jobs", params={"status": "failed"})).json()["items"] == []


async def test_a_waiting_job_is_cancelled_and_never_runs(
    client: httpx.AsyncClient, database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    ran: list[int] = []

    @runner.handler("count")
    async def count(_: JobContext) -> None:
        ran.append(1)

    cancelled = await add(database, workspace_id, "count")
    answer = await client.post(f"/v1/jobs/{cancelled}/cancel")
    assert answer.json()["status"] == "cancelled"
    async with at_work(runner):
        await until_status(database, await add(database, workspace_id, "count"), "succeeded")
    assert ran == [1]
    again = await client.post(f"/v1/jobs/{cancelled}/cancel")
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "job-finished")


async def test_a_running_job_is_cancelled_and_resumed_where_it_stopped(
    client: httpx.AsyncClient, database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    resumed_at: list[int] = []

    @runner.handler("count")
    async def count(context: JobContext) -> None:
        number = context.state.get("next", 0)
        if number:
            resumed_at.append(number)
            return
        while True:
            number += 1
            await context.progress(number, 1000, state={"next": number})
            await asyncio.sleep(0.01)

    async with at_work(runner):
        job_id = await add(database, workspace_id, "count")

        async def counts() -> bool:
            return bool((await job(database, job_id))["state"])

        await until(counts)
        answer = await client.post(f"/v1/jobs/{job_id}/cancel")
        assert answer.json()["status"] == "cancelling"
        row = await until_status(database, job_id, "cancelled")
        assert (await client.post(f"/v1/jobs/{job_id}/resume")).json()["status"] == "queued"
        done = await until_status(database, job_id, "succeeded")
    assert resumed_at == [row["state"]["next"]]
    assert (await client.get(f"/v1/jobs/{job_id}")).json()["progress"] == 1
    assert done["problem"] is None
    assert (await client.post(f"/v1/jobs/{job_id}/resume")).status_code == 409


async def test_a_failed_job_tells_its_problem_and_can_be_resumed(
    client: httpx.AsyncClient, database: Database, workspace_id: UUID, runner: JobRunner
) -> None:
    broken = [True]

    @runner.handler("count")
    async def count(_: JobContext) -> None:
        if broken:
            raise NotFound("the file is gone")

    async with at_work(runner):
        job_id = await add(database, workspace_id, "count")
        await until_status(database, job_id, "failed")
        shown = (await client.get(f"/v1/jobs/{job_id}")).json()
        broken.clear()
        await client.post(f"/v1/jobs/{job_id}/resume")
        await until_status(database, job_id, "succeeded")
    assert shown["problem"]["type"].endswith("/problems/not-found")
    assert shown["problem"]["detail"] == "the file is gone"


async def test_a_job_is_not_resumed_beside_another_one_that_does_the_same(
    client: httpx.AsyncClient, database: Database, workspace_id: UUID
) -> None:
    async with database.write(workspace_id) as session:
        first = await enqueue(session, "count", {}, dedupe_key="once")
    await client.post(f"/v1/jobs/{first}/cancel")
    async with database.write(workspace_id) as session:
        second = await enqueue(session, "count", {}, dedupe_key="once")
    answer = await client.post(f"/v1/jobs/{first}/resume")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "job-not-resumable")
    assert set(await entries(database)) == {str(first), str(second)}


async def test_cancelling_twice_answers_the_same(
    client: httpx.AsyncClient, database: Database, workspace_id: UUID
) -> None:
    job_id = await add(database, workspace_id, "count")
    async with database.worker() as session:
        await session.execute("UPDATE jobs SET status = 'running'")
    for _ in range(2):
        assert (await client.post(f"/v1/jobs/{job_id}/cancel")).json()["status"] == "cancelling"
