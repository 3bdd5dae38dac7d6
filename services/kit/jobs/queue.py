"""Adding jobs: the row that shows progress and the entry in the queue, in the transaction of what caused them."""

from datetime import timedelta
from functools import cache
from uuid import UUID

import orjson
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import Channel

from services.kit.database import Session
from services.kit.ids import new_id
from services.kit.wakeups import JOBS

INSERT = """
INSERT INTO jobs (workspace_id, id, kind, title, payload, dedupe_key) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (workspace_id, kind, dedupe_key) WHERE dedupe_key IS NOT NULL AND finished_at IS NULL DO NOTHING
RETURNING id
"""
FIND_OPEN = """
SELECT id FROM jobs WHERE workspace_id = $1 AND kind = $2 AND dedupe_key = $3 AND finished_at IS NULL
"""


@cache
def queue_settings(schema: str) -> DBSettings:
    """Return where the queue of a service lies; arguments, so that no environment variable of the library counts."""
    name = f"{schema}_jobs"
    return DBSettings(db_schema=name, channel=Channel(name), prefix="")


@cache
def _insert_into_queue(schema: str) -> str:
    # An error instead of "skip" would abort the caller's transaction.
    return QueryQueueBuilder(queue_settings(schema)).build_enqueue_query("skip")


def entry_key(job_id: UUID, version: int) -> str:
    """Return the key of an entry; what stands before the slash is the job."""
    return f"{job_id}/{version}"


async def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, object],
    *,
    dedupe_key: str | None = None,
    title: str | None = None,
    job_id: UUID | None = None,
    workspace_id: UUID | None = None,
) -> UUID:
    """Add a job that runs if and when the transaction commits, and return its id.

    `payload` holds ids and numbers, no personal values. While a job of the kind with the same `dedupe_key` is open,
    its id is returned and nothing is added. `workspace_id` is needed in transactions of the worker role only.
    """
    owner = workspace_id or session.tenant
    wanted = job_id or new_id()
    added = await session.fetchval(INSERT, owner, wanted, kind, title, payload, dedupe_key)
    if added is None:
        found: UUID = await session.fetchval(FIND_OPEN, owner, kind, dedupe_key)
        return found
    await put_in_queue(session, kind, owner, wanted, 1)
    return wanted


async def put_in_queue(session: Session, kind: str, workspace_id: UUID, job_id: UUID, version: int) -> None:
    """Add an entry of the queue for a job; once per version of its row.

    The version keeps a resumed job apart from its last entry, which may still be on its way out.
    """
    await session.fetch(
        _insert_into_queue(session.wakeups.schema),
        [0],
        [kind],
        [orjson.dumps({"workspace_id": str(workspace_id), "job_id": str(job_id)})],
        [timedelta()],
        [entry_key(job_id, version)],
        [None],
    )
    session.after_commit(lambda: session.wakeups.tell(JOBS))
