"""The rows that show how jobs are doing. A token names the run that may write: an older run can no longer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.kit.database import Session
from services.kit.problems import Problem

BEGIN = """
UPDATE jobs SET status = 'running', runner = $3, started_at = coalesce(started_at, $4), updated_at = $4,
    version = version + 1
WHERE workspace_id = $1 AND id = $2 AND status IN ('queued', 'running')
RETURNING kind, payload, state, total, done, failed, skipped, tries
"""
CANCEL_LEFT_OVER = """
UPDATE jobs SET status = 'cancelled', runner = NULL, finished_at = $3, updated_at = $3, version = version + 1
WHERE workspace_id = $1 AND id = $2 AND status = 'cancelling'
"""
NOTE = """
UPDATE jobs SET total = coalesce($4, total), done = coalesce($5, done), failed = coalesce($6, failed),
    skipped = coalesce($7, skipped), state = coalesce($8, state), updated_at = $9, version = version + 1
WHERE workspace_id = $1 AND id = $2 AND runner = $3
RETURNING status
"""
FINISH = """
UPDATE jobs SET status = $4, runner = NULL, finished_at = $5, updated_at = $5, version = version + 1,
    result = $6, result_url = $7, errors_url = $8, problem = $9
WHERE workspace_id = $1 AND id = $2 AND runner = $3
"""
REQUEUE = """
UPDATE jobs SET status = CASE status WHEN 'cancelling' THEN status ELSE 'queued' END, runner = NULL,
    tries = tries + $4, updated_at = $5, version = version + 1
WHERE workspace_id = $1 AND id = $2 AND runner = $3
"""


class JobCancelled(Exception):
    """Somebody asked to cancel the job; what was committed stays."""


class RunLost(Exception):
    """Another worker runs the job by now: this one was silent for too long."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one job."""

    workspace_id: UUID
    job_id: UUID
    token: UUID

    async def begin(self, session: Session, now: datetime) -> dict[str, Any] | None:
        """Take the job; None where it is finished or cancelled and there is nothing to run."""
        row = await session.fetchrow(BEGIN, *self._key, now)
        if row is None:
            await session.execute(CANCEL_LEFT_OVER, self.workspace_id, self.job_id, now)
            return None
        return dict(row)

    async def note(self, session: Session, now: datetime, counts: dict[str, int | None], state: object) -> None:
        """Write progress; JobCancelled or RunLost where the run shall end."""
        names = ("total", "done", "failed", "skipped")
        status = await session.fetchval(NOTE, *self._key, *(counts.get(name) for name in names), state, now)
        if status is None:
            raise RunLost
        if status != "running":
            raise JobCancelled

    async def finish(
        self, session: Session, now: datetime, status: str, results: tuple[object, ...] = (None, None, None, None)
    ) -> None:
        """Close the job with its result, result_url, errors_url and problem."""
        await session.execute(FINISH, *self._key, status, now, *results)

    async def requeue(self, session: Session, now: datetime, *, failed: bool) -> None:
        """Give the job back to the queue, after a failure or because the worker stops."""
        await session.execute(REQUEUE, *self._key, int(failed), now)

    @property
    def _key(self) -> tuple[UUID, UUID, UUID]:
        return self.workspace_id, self.job_id, self.token


def problem_record(problem: Problem) -> dict[str, object]:
    """Return a problem as it is stored with a job; its address is made when it is read."""
    return {
        "slug": problem.slug(),
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail or problem.title,
    }
