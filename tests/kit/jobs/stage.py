"""What job tests look at: the row of a job, the entries of the queue, a worker around a runner."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from services.kit.database import Database
from services.kit.jobs import JobRunner, enqueue
from services.kit.worker import Worker
from tests.waiting import until


@contextlib.asynccontextmanager
async def at_work(*runners: JobRunner) -> AsyncIterator[None]:
    """Run runners while the context is open."""
    worker = Worker("contacts", stop_seconds=60)
    for number, runner in enumerate(runners):
        worker.add(f"jobs-{number}", runner.run, finish=runner.finish)
    async with worker.running():
        yield


async def add(database: Database, workspace_id: UUID, kind: str, **payload: object) -> UUID:
    """Add a job in a transaction of its own."""
    async with database.write(workspace_id) as session:
        return await enqueue(session, kind, payload)


async def job(database: Database, job_id: UUID) -> dict[str, Any]:
    """Return the row of a job."""
    async with database.worker() as session:
        row = await session.fetchrow("SELECT * FROM jobs WHERE id = $1", job_id)
    return dict(row) if row else {}


async def entries(database: Database) -> dict[str, str]:
    """Return the state of each entry of the queue by its job."""
    async with database.worker() as session:
        rows = await session.fetch("SELECT dedupe_key, status::text AS status FROM contacts_jobs.pgqueuer")
    return {row["dedupe_key"].partition("/")[0]: row["status"] for row in rows}


async def until_status(database: Database, job_id: UUID, status: str) -> dict[str, Any]:
    """Wait until a job has a status, and return its row."""

    async def reached() -> bool:
        return (await job(database, job_id)).get("status") == status

    await until(reached)
    return await job(database, job_id)


async def until_queue_is_empty(database: Database) -> None:
    """Wait until the queue has no entry."""

    async def empty() -> bool:
        return not await entries(database)

    await until(empty)
