"""Running jobs and schedules of one service, on PgQueuer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import structlog
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import EntrypointExecutorParameters
from pgqueuer.domain.models import Schedule

from services.kit.clock import Clock
from services.kit.database import Database
from services.kit.failures import where
from services.kit.jobs.executor import Execution, Handler, Limits
from services.kit.jobs.queue import queue_settings
from services.kit.wakeups import JOBS

log = structlog.get_logger(__name__)

# A killed worker's job is taken over after this and one look into the queue: within 10 seconds.
HEARTBEAT_LIMIT = timedelta(seconds=5)
BATCH = 4
AT_ONCE = 8

Tick = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: who runs it, and how many at once over all processes (0 = no limit)."""

    handler: Handler
    at_once: int


class JobRunner:
    """Takes jobs from the queue of one service. Any number of processes may run one."""

    def __init__(self, database: Database, clock: Clock, limits: Limits | None = None) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits or Limits()
        self._settings = queue_settings(database.schema)
        self._kinds: dict[str, Kind] = {}
        self._schedules: dict[str, tuple[str, Tick]] = {}
        self._execution = Execution(database, clock, self._limits)
        self._queuer: PgQueuer | None = None

    def handler(self, kind: str, *, at_once: int = 0) -> Callable[[Handler], Handler]:
        """Decorate the function that runs a kind of job; `at_once` bounds how many run over all processes."""

        def register(handler: Handler) -> Handler:
            self._kinds[kind] = Kind(handler, at_once)
            return handler

        return register

    def schedule(self, name: str, expression: str) -> Callable[[Tick], Tick]:
        """Decorate a function that runs by the clock, in one process at a time; `expression` is cron in UTC.

        Keep it short: let it enqueue jobs. A run that was missed while everything was down is made up for once.
        """

        def register(tick: Tick) -> Tick:
            self._schedules[name] = (expression, tick)
            return tick

        return register

    async def run(self) -> None:
        """Run jobs and schedules until stopped; raises when the connection to the queue is lost."""
        self._execution.reset()
        async with self._database.connect() as connection:
            queries = self._queries(AsyncpgDriver(connection))
            queuer = PgQueuer(queries.driver, self._settings.channel, queries=queries)
            self._register(queuer)
            self._queuer = queuer
            if self._execution.stopping:
                return
            news = asyncio.create_task(self._pass_on_news(queries))
            try:
                await queuer.run(
                    dequeue_timeout=timedelta(seconds=self._limits.seconds_between_looks),
                    batch_size=BATCH,
                    max_concurrent_tasks=AT_ONCE,
                    heartbeat_timeout=HEARTBEAT_LIMIT,
                    shutdown_on_listener_failure=True,
                    log_aggregation_interval=timedelta(),
                )
            finally:
                self._queuer = None
                news.cancel()

    def finish(self) -> None:
        """Stop taking jobs and give those that run back to the queue, so that `run` ends."""
        self._execution.stop()
        if self._queuer is not None:
            self._queuer.shutdown.set()

    def _queries(self, driver: AsyncpgDriver) -> Queries:
        settings = self._settings
        return Queries(
            driver,
            QueryBuilderEnvironment(settings),
            QueryQueueBuilder(settings),
            QuerySchedulerBuilder(settings),
        )

    def _register(self, queuer: PgQueuer) -> None:
        for name, kind in self._kinds.items():
            # The library would delete a job that raises; held, it can be looked at and resumed.
            parameters = EntrypointExecutorParameters(concurrency_limit=kind.at_once, func=_unused, on_failure="hold")
            queuer.qm.register_executor(name, self._execution.of(kind.handler, parameters))
        for name, (expression, tick) in self._schedules.items():
            queuer.schedule(name, expression, accepts_context=False)(_guarded(name, tick))

    async def _pass_on_news(self, queries: Queries) -> None:
        """Tell the library's listener of new jobs: outside the transactions that added them, unlike its own trigger."""
        channel = self._settings.channel
        added = self._database.wakeups.next(JOBS)
        while True:
            await added.wait()
            added = self._database.wakeups.next(JOBS)  # before it is told: meanwhile there may be another
            news = {
                "channel": channel,
                "operation": "insert",
                "sent_at": datetime.now(UTC),
                "table": self._settings.queue_table,
                "type": "table_changed_event",
            }
            await queries.driver.notify(channel, orjson.dumps(news).decode())


async def _unused(_: object) -> None:
    """Stand where the library wants a function; the executor calls the handler itself."""


def _guarded(name: str, tick: Tick) -> Callable[[Schedule], Awaitable[None]]:
    async def run(_: Schedule) -> None:
        try:
            await tick()
        except Exception as error:  # noqa: BLE001 - the next run is due anyhow; the library would log values
            log.error("schedule_failed", schedule=name, error=type(error).__name__, where=where(error))  # noqa: TRY400 - a traceback quotes values

    return run
