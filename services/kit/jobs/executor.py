"""Running one job: take its row, call its handler, write how it ended, and decide whether it is tried again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
import structlog
from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Context, Job

from services.kit.clock import Clock
from services.kit.database import UNREACHABLE, Database
from services.kit.failures import where
from services.kit.ids import new_id
from services.kit.jobs.context import JobContext
from services.kit.jobs.records import JobCancelled, Run, RunLost, problem_record
from services.kit.metrics import JOB_SECONDS
from services.kit.problems import InternalError, Problem, RequestInProgress, TooManyRequests, Unavailable

log = structlog.get_logger(__name__)

Handler = Callable[[JobContext], Awaitable[None]]
WAITING = (Unavailable, TooManyRequests, RequestInProgress, *UNREACHABLE)
"""A peer or the database is away or busy: the job waits, however long it takes."""
OUR_FAULT = 500


@dataclass(frozen=True, slots=True)
class Limits:
    """How failures are repeated."""

    tries: int = 5
    """After so many failures a job is held for somebody to look at. Waiting for a peer does not count."""
    first_pause: float = 1.0
    longest_pause: float = 300.0
    pause_for_peer: float = 5.0
    seconds_between_looks: float = 2.0
    """How long a job waits at most whose notice was missed. The library's own 30 made a killed worker's job wait 29."""

    def pause(self, failures: int) -> timedelta:
        """Return how long to wait after so many failures."""
        return timedelta(seconds=min(self.longest_pause, self.first_pause * 2.0**failures))


class JobHeld(Exception):
    """A job failed for good. Says nothing of why: the queue would log it."""


class Execution:
    """What all executors of one runner share."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self.database = database
        self.clock = clock
        self.limits = limits
        self.stopping = False
        self._running: set[asyncio.Future[None]] = set()

    def reset(self) -> None:
        """Make ready for another run of the loop."""
        self.stopping = False

    def stop(self) -> None:
        """Break off every running handler; its job goes back to the queue."""
        self.stopping = True
        for task in list(self._running):
            task.cancel()

    def of(self, handler: Handler, parameters: EntrypointExecutorParameters) -> "JobExecutor":
        """Return the executor of one kind of job."""
        return JobExecutor(parameters, self, handler)

    async def call(self, handler: Handler, context: JobContext) -> None:
        """Run a handler so that `stop` can break it off, also where that came while its job was taken."""
        task = asyncio.ensure_future(handler(context))
        if self.stopping:
            task.cancel()
        self._running.add(task)
        try:
            await task
        finally:
            self._running.discard(task)


@dataclass
class JobExecutor(AbstractEntrypointExecutor):
    """Runs the jobs of one kind."""

    shared: Execution
    handler: Handler

    async def execute(self, job: Job, context: Context) -> None:
        """Run one entry of the queue; RetryRequested puts it back, any other exception holds it."""
        del context
        order = orjson.loads(job.payload or b"{}")
        run = Run(UUID(order["workspace_id"]), UUID(order["job_id"]), new_id())
        started = time.perf_counter()
        outcome = "failed"
        try:
            outcome = await self._run(run, job.entrypoint)
        except (Unavailable, *UNREACHABLE):
            # Not even its row could be written: the queue keeps the entry, another run begins anew.
            raise RetryRequested(self._peer_pause) from None
        finally:
            service = self.shared.database.schema
            JOB_SECONDS.labels(service, job.entrypoint, outcome).observe(time.perf_counter() - started)

    async def _run(self, run: Run, kind: str) -> str:
        async with self.shared.database.worker() as session:
            row = await run.begin(session, self.shared.clock.now())
        if row is None:
            return "skipped"
        context = JobContext(run, row, self.shared.database, self.shared.clock)
        try:
            await self.shared.call(self.handler, context)
        except JobCancelled:
            await self._finish(run, "cancelled", context)
            return "cancelled"
        except RunLost:
            log.warning("job_run_lost", kind=kind, job_id=str(run.job_id))
            return "lost"
        except asyncio.CancelledError:
            if not self.shared.stopping:
                raise
            await self._requeue(run, failed=False)
            raise RetryRequested(timedelta()) from None
        except Exception as error:  # noqa: BLE001 - any failure of a handler is written down
            await self._after_failure(run, kind, error, row["tries"] + 1)
        else:
            await self._finish(run, "succeeded", context)
        return "succeeded"

    async def _after_failure(self, run: Run, kind: str, error: Exception, failures: int) -> None:
        """Put the job back for another try, or hold it."""
        log.warning(
            "job_failed",
            kind=kind,
            job_id=str(run.job_id),
            failures=failures,
            error=type(error).__name__,
            where=where(error),
        )
        if isinstance(error, WAITING):
            await self._requeue(run, failed=False)
            raise RetryRequested(self._peer_pause) from None
        hopeless = isinstance(error, Problem) and error.status < OUR_FAULT
        if failures < self.shared.limits.tries and not hopeless:
            await self._requeue(run, failed=True)
            raise RetryRequested(self.shared.limits.pause(failures - 1)) from None
        problem = error if isinstance(error, Problem) else InternalError()
        async with self.shared.database.worker() as session:
            await run.finish(session, self.shared.clock.now(), "failed", (None, None, None, problem_record(problem)))
        raise JobHeld from None

    async def _finish(self, run: Run, status: str, context: JobContext) -> None:
        results = (context.result, context.result_url, context.errors_url, None)
        async with self.shared.database.worker() as session:
            await run.finish(session, self.shared.clock.now(), status, results)

    async def _requeue(self, run: Run, *, failed: bool) -> None:
        async with self.shared.database.worker() as session:
            await run.requeue(session, self.shared.clock.now(), failed=failed)

    @property
    def _peer_pause(self) -> timedelta:
        return timedelta(seconds=self.shared.limits.pause_for_peer)
