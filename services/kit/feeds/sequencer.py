"""Gives committed events their place in the feed: gap-free, in order per entity, without making any writer wait.

Sequence numbers are drawn before the commit, so a reader that went by them would skip the events of a slow writer. Here
committed rows move from the outbox into `events` and get the next positions. Two writers of one entity lock its row
before they draw a number, so of one entity the lower number is always committed first.
"""

import asyncio
from datetime import timedelta

import structlog

from services.kit.clock import Clock
from services.kit.database import Database, Session
from services.kit.feeds.epochs import check_lineage
from services.kit.metrics import FEED_HEAD, FEED_WAITING, FEED_WAITING_SECONDS
from services.kit.wakeups import EVENTS, OUTBOX, POLL_SECONDS, wait_for

log = structlog.get_logger(__name__)

BATCH = 2000
PARTITION_SIZE = 250_000
SMALLEST_PARTITION = 1000
PARTITIONS = 16
"""About so many partitions hold what is kept, until there is so much that the largest are not large enough."""
GROUPING_SECONDS = 0.002
"""Waiting a moment lets concurrent commits share one numbering transaction."""
BUSY_SECONDS = 0.025
PURGE_SECONDS = 3600.0

# A statement of its own: the next one then sees all that the last holder of the lock committed.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
MOVE = """
WITH moved AS (
    DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT $1) RETURNING *
), counted AS (
    SELECT count(*) AS number FROM moved
), numbered AS (
    UPDATE feed_state SET head = head + number, updated_at = now() FROM counted WHERE number > 0
    RETURNING head - number AS base, head
), inserted AS (
    INSERT INTO events (position, workspace_id, type, subject, version, at, data)
    SELECT base + row_number() OVER (ORDER BY seq), workspace_id, type, subject, version, at, data
    FROM moved, numbered
)
SELECT number, head FROM counted LEFT JOIN numbered ON true
"""
WAITING = """
SELECT s.head, w.number, w.seconds FROM feed_state s,
    (SELECT count(*) AS number, coalesce(extract(epoch FROM now() - min(at)), 0)::float8 AS seconds
     FROM (SELECT at FROM outbox ORDER BY seq LIMIT 10000) o) w
"""
EXPIRED = """
SELECT max(p.upper_bound) - 1 FROM (
    SELECT (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''(\\d+)''\\)'))[1]::bigint AS upper_bound
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'events'::regclass
) p JOIN events e ON e.position = p.upper_bound - 1 AND e.at < $1
"""


class Sequencer:
    """Numbers the events of one schema. Any number of processes may run one: a lock lets one at a time work."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        retention_days: int = 30,
        batch: int = BATCH,
        partition_size: int = PARTITION_SIZE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._retention = timedelta(days=retention_days)
        self._batch = batch
        self._partition_size = partition_size
        self._room = 0
        """First position without a partition, as far as we know."""

    async def run(self) -> None:
        """Number events as they are committed, until cancelled."""
        await check_lineage(self._database)
        wakeups = self._database.wakeups
        while True:
            wake = wakeups.next(OUTBOX)
            if await self.number_all():
                await wait_for(wake, POLL_SECONDS)
                await asyncio.sleep(GROUPING_SECONDS)
            else:
                # Another process numbers right now; it may have looked before our writers committed.
                await asyncio.sleep(BUSY_SECONDS)

    async def number_all(self) -> bool:
        """Number everything that is committed; False if another process held the lock."""
        while (moved := await self.number()) is not None:
            if moved < self._batch:
                return True
        return False

    async def number(self) -> int | None:
        """Number one batch in one short transaction; return how many events, None without the lock."""
        async with self._database.worker() as session:
            if not await session.fetchval(LOCK, f"{self._database.schema}.sequencer"):
                return None
            await self._make_room(session)
            row = await session.fetchrow(MOVE, self._batch)
            moved: int = row["number"] if row else 0
            if moved:
                session.after_commit(lambda: self._database.wakeups.tell(EVENTS))
        return moved

    async def _make_room(self, session: Session) -> None:
        state = await session.fetchrow("SELECT head, oldest FROM feed_state")
        head, oldest = (state["head"], state["oldest"]) if state else (0, 1)
        if head + self._batch >= self._room:
            # Small where little happens: a partition goes as a whole, when its newest event is old enough.
            size = min(self._partition_size, max(SMALLEST_PARTITION, (head - oldest) // PARTITIONS))
            wanted = head + self._batch + size
            room: int = await session.fetchval("SELECT ensure_event_partitions($1, $2)", wanted, size)
            session.after_commit(lambda: self._remember_room(room))

    def _remember_room(self, room: int) -> None:
        self._room = room

    async def keep_house(self) -> None:
        """Measure what waits and drop what has expired, until cancelled."""
        while True:
            await self.purge()
            for _ in range(int(PURGE_SECONDS / 5)):
                await self.measure()
                await asyncio.sleep(5)

    async def purge(self) -> int:
        """Drop partitions whose newest event is older than the retention; return the oldest position that is left."""
        async with self._database.worker() as session:
            horizon = await session.fetchval(EXPIRED, self._clock.now() - self._retention)
            oldest: int = await session.fetchval("SELECT drop_event_partitions($1)", horizon or 0)
        log.info("feed_purged", oldest=oldest)
        return oldest

    async def measure(self) -> None:
        """Set the gauges of the feed."""
        async with self._database.worker() as session:
            row = await session.fetchrow(WAITING)
        if row is not None:
            service = self._database.schema
            FEED_HEAD.labels(service).set(row["head"])
            FEED_WAITING.labels(service).set(row["number"])
            FEED_WAITING_SECONDS.labels(service).set(row["seconds"])
