"""Queries that requests make on jobs."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from services.kit.database import Session
from services.kit.jobs.queue import put_in_queue
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

if TYPE_CHECKING:
    Row = asyncpg.Record

COLUMNS = (
    "id, version, kind, title, status, total, done, failed, skipped, result, result_url, errors_url, problem,"
    " created_at, updated_at, started_at, finished_at"
)
JOBS = Listing(columns=COLUMNS, source="jobs", sorts={"created_at": Sort("created_at", "timestamptz")}, id_column="id")
CANCEL = f"""
UPDATE jobs SET
    status = CASE WHEN status IN ('running', 'cancelling') THEN 'cancelling' ELSE 'cancelled' END,
    finished_at = CASE WHEN status IN ('queued', 'paused') THEN $3::timestamptz END,
    updated_at = $3, version = version + 1
WHERE workspace_id = $1 AND id = $2 AND status IN ('queued', 'paused', 'running', 'cancelling')
RETURNING {COLUMNS}
"""
RESUME = f"""
UPDATE jobs SET status = 'queued', finished_at = NULL, problem = NULL, tries = 0, updated_at = $3, version = version + 1
WHERE workspace_id = $1 AND id = $2 AND status IN ('failed', 'cancelled', 'paused')
RETURNING {COLUMNS}
"""


async def find(session: Session, job_id: UUID) -> "Row | None":
    """Return a job."""
    return await session.fetchrow(
        f"SELECT {COLUMNS} FROM jobs WHERE workspace_id = $1 AND id = $2", session.tenant, job_id
    )


async def page(
    session: Session, query: ListQuery, bound: Binding, *, kinds: list[str], statuses: list[str], sort: str
) -> Rows:
    """Return a page of jobs."""
    where = Where().add("workspace_id = {}", session.tenant)
    if kinds:
        where.add("kind = any({}::text[])", kinds)
    if statuses:
        where.add("status = any({}::text[])", statuses)
    return await JOBS.fetch(session, where, query, bound, sort=sort)


async def cancel(session: Session, job_id: UUID, now: datetime) -> "Row | None":
    """Cancel a job that waits, ask a running one to stop; None where it has finished or is none."""
    return await session.fetchrow(CANCEL, session.tenant, job_id, now)


async def resume(session: Session, job_id: UUID, now: datetime) -> "Row | None":
    """Queue a stopped job again; None where it is not stopped, or another open job does the same."""
    try:
        async with session.savepoint():
            row = await session.fetchrow(RESUME, session.tenant, job_id, now)
    except asyncpg.UniqueViolationError:
        return None
    if row is not None:
        await put_in_queue(session, row["kind"], session.tenant, job_id, row["version"])
    return row
