"""Keeping the queue tidy: entries that got lost, rows of logs, measurements."""

import asyncio
from datetime import timedelta

import structlog

from services.kit.clock import Clock
from services.kit.database import Database
from services.kit.jobs.queue import put_in_queue
from services.kit.metrics import JOBS_WAITING

log = structlog.get_logger(__name__)

EVERY_SECONDS = 15.0
PURGE_EVERY = 240
SILENT = timedelta(minutes=1)
KEEP_LOG = timedelta(days=7)
KEEP_FINISHED = timedelta(days=90)
MANY = 1000

OPEN = """
SELECT workspace_id, id, kind, version FROM jobs
WHERE finished_at IS NULL AND status IN ('queued', 'running', 'cancelling') AND updated_at < $1 LIMIT $2
"""
FINISHED = """
DELETE FROM jobs WHERE ctid IN (SELECT ctid FROM jobs WHERE finished_at < $1 LIMIT $2)
"""
FAILED = "SELECT id FROM jobs WHERE status = 'failed' AND id::text = ANY($1)"


class JobHouse:
    """The housekeeping of one service's jobs; any number of processes may do it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        keep_log: timedelta = KEEP_LOG,
        keep_finished: timedelta = KEEP_FINISHED,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keep_log = keep_log
        self._keep_finished = keep_finished
        self._queue = f"{database.schema}_jobs.pgqueuer"
        self._entries = f"SELECT id, split_part(dedupe_key, '/', 1) AS job_id FROM {self._queue}"

    async def run(self) -> None:
        """Keep house until cancelled."""
        while True:
            await self.purge_finished()
            for _ in range(PURGE_EVERY):
                await self.find_lost()
                await self.purge_log()
                await self.measure()
                await asyncio.sleep(EVERY_SECONDS)

    async def find_lost(self) -> int:
        """Put open jobs back into the queue that have no entry there, as after a worker cut off while it ended."""
        async with self._database.worker() as session:
            jobs = await session.fetch(OPEN, self._clock.now() - SILENT, MANY)
            live = await session.fetch(f"{self._entries} WHERE status IN ('queued', 'picked')")
            known = {row["job_id"] for row in live}
            lost = [job for job in jobs if str(job["id"]) not in known]
            for job in lost:
                log.warning("job_found_again", kind=job["kind"], job_id=str(job["id"]))
                await put_in_queue(session, job["kind"], job["workspace_id"], job["id"], job["version"])
        return len(lost)

    async def purge_log(self) -> int:
        """Delete the queue's log of the past, and entries that were held but whose job went on since."""
        async with self._database.worker() as session:
            rows = await session.execute(
                f"DELETE FROM {self._queue}_log WHERE created < $1", self._clock.now() - self._keep_log
            )
            held = await session.fetch(f"{self._entries} WHERE status = 'failed'")
            failed = await session.fetch(FAILED, [row["job_id"] for row in held])
            known = {str(row["id"]) for row in failed}
            stale = [row["id"] for row in held if row["job_id"] not in known]
            await session.execute(f"DELETE FROM {self._queue} WHERE id = ANY($1)", stale)
        return rows

    async def purge_finished(self) -> int:
        """Delete jobs that finished longer ago than the retention; return how many."""
        purged = 0
        while True:
            async with self._database.worker() as session:
                rows = await session.execute(FINISHED, self._clock.now() - self._keep_finished, MANY)
            purged += rows
            if rows < MANY:
                return purged

    async def measure(self) -> None:
        """Set the gauge of waiting jobs."""
        async with self._database.worker() as session:
            rows = await session.fetch(f"SELECT status::text, count(*) AS number FROM {self._queue} GROUP BY status")
        counts = {row["status"]: row["number"] for row in rows}
        for state in ("queued", "picked", "failed"):
            JOBS_WAITING.labels(self._database.schema, state).set(counts.get(state, 0))
