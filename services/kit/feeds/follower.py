"""Following a feed: each event takes effect exactly once, since the cursor moves in the transaction of the effects."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import structlog

from services.kit.backoff import Backoff
from services.kit.clock import Clock, SystemClock
from services.kit.database import UNREACHABLE, Database
from services.kit.failures import where
from services.kit.feeds.cursors import Cursor, CursorMoved, Cursors
from services.kit.feeds.events import FeedEvent, Place
from services.kit.feeds.gauges import FollowerGauges
from services.kit.feeds.handler import Handler
from services.kit.feeds.problems import CursorBeyondHead, CursorExpired, EpochChanged
from services.kit.feeds.rebuild import Rebuild, relevant
from services.kit.feeds.source import Source
from services.kit.problems import Problem, Unavailable

log = structlog.get_logger(__name__)

BATCH = 1000
WAIT_SECONDS = 20.0
PEER_SECONDS = 1.0
"""Longest pause before an absent peer is asked again."""
PATIENCE_SECONDS = 10.0
"""A peer that starts, or starts again, is away for less than this: no reason to warn, and afterwards reason enough."""
STANDBY_SECONDS = 1.0
"""How long to leave the work to the process that was faster."""

LOST: dict[type[Problem], str] = {
    CursorExpired: "expired",
    EpochChanged: "epoch_changed",
    CursorBeyondHead: "beyond_head",
}
AWAY = (*UNREACHABLE, Unavailable)
"""The database or a peer does not answer, which is not the fault of any event."""


class Follower:
    """Applies one producer's events with one handler. Any number of processes may run it; one at a time works."""

    def __init__(
        self,
        name: str,
        source: Source,
        handler: Handler[Any],
        database: Database,
        *,
        clock: Clock | None = None,
        batch: int = BATCH,
        wait_seconds: float = WAIT_SECONDS,
        backoff: Backoff | None = None,
    ) -> None:
        """Follow as `name`, which is the follower's own within its service, such as `facts-from-contacts`."""
        self.name = name
        self._source = source
        self._handler = handler
        self._database = database
        self._cursors = Cursors(database, name)
        self._rebuild = Rebuild(source, handler, database, self._cursors)
        self._most = self._limit = batch
        self._wait_seconds = wait_seconds
        self._backoff = backoff or Backoff(0.2, 60)
        self._warn_at: float | None = None
        self._gauges = FollowerGauges(database.schema, name, clock or SystemClock())
        self._moved_to: Cursor | None = None
        """Where we have just moved the cursor to: the next batch need not read it, since a claim would notice if it had
        moved on without us."""

    async def run(self) -> None:
        """Follow until cancelled: whatever fails is tried again, and no event is ever skipped."""
        while True:
            pause = await self._attempt()
            await asyncio.sleep(pause)

    async def step(self) -> int:
        """Wait for events and apply them; return how many. Raises what went wrong."""
        cursor, self._moved_to = self._moved_to or await self._cursors.load(), None
        if cursor.rebuilding:
            await self._rebuild_from(cursor)
            return 0
        try:
            received = await self._source.read(cursor.known_place, self._limit, self._wait_seconds)
        except tuple(LOST) as error:
            self._gauges.stopped(LOST[type(error)])
            log.error("follower_lost_its_place", follower=self.name, reason=LOST[type(error)])  # noqa: TRY400 - the reason is all there is to know
            await self._recover(cursor, error)
            return 0
        self._gauges.received(cursor.place.position, received)
        if received.events:
            place = Place(received.head.epoch, received.events[-1].position)
            await self._take(cursor, place, received.events)
            self._moved_to = Cursor(place)
        self._gauges.going_on()
        return len(received.events)

    async def _attempt(self) -> float:
        """Do one step; return how long to pause before the next one."""
        try:
            await self.step()
        except CursorMoved:
            self._gauges.elsewhere()
            return STANDBY_SECONDS
        except AWAY as error:
            self._tell_of_waiting(error)
            # A peer that is back is met at once: a long pause is felt by whoever waits for its news.
            return min(self._backoff.pause(), PEER_SECONDS)
        except FailedBatch:
            return 0
        except Exception as error:  # noqa: BLE001 - whatever fails, it is tried again
            self._gauges.failed()
            log.error("follower_failed", follower=self.name, error=type(error).__name__, where=where(error))  # noqa: TRY400 - a traceback quotes values
            return self._backoff.pause()
        self._backoff.reset()
        self._warn_at = None
        return 0

    def _tell_of_waiting(self, error: Exception) -> None:
        """Say at once that the follower waits, and warn now and then where that lasts."""
        now = time.monotonic()
        if self._warn_at is None or now >= self._warn_at:
            tell = log.info if self._warn_at is None else log.warning
            tell("follower_waits", follower=self.name, error=type(error).__name__)
            self._warn_at = now + PATIENCE_SECONDS

    async def _recover(self, cursor: Cursor, error: Problem) -> None:
        """Rebuild, or jump ahead, as the handler can; an operator must help one that can do neither."""
        if self._handler.resumes:
            place = Place.parse(str(error.extensions["resume"]))
            async with self._database.worker() as session:
                await self._cursors.claim(session, cursor)
                await self._handler.resume(session)
                await self._cursors.move(session, Cursor(place))
            self._gauges.going_on()
        elif self._handler.streams:
            await self._rebuild_from(cursor)
        else:
            raise error

    async def _rebuild_from(self, cursor: Cursor) -> None:
        self._gauges.stopped("rebuilding")
        await self._rebuild.run(cursor)
        self._gauges.going_on()

    async def _take(self, cursor: Cursor, place: Place, events: Sequence[FeedEvent]) -> None:
        try:
            await self._apply(cursor, place, events)
        except (CursorMoved, *AWAY):
            raise
        except Exception as error:
            self._narrow_down(events, error)
            raise
        self._limit = min(self._most, self._limit * 2)
        self._gauges.applied(len(events))

    async def _apply(self, cursor: Cursor, place: Place, events: Sequence[FeedEvent]) -> None:
        ours = relevant(events, self._handler)
        prepared = await self._handler.prepare(ours) if ours else None
        async with self._database.worker() as session:
            await self._cursors.claim(session, cursor)
            if ours:
                await self._handler.apply(session, ours, prepared)
            await self._cursors.move(session, Cursor(place))

    def _narrow_down(self, events: Sequence[FeedEvent], error: Exception) -> None:
        """Find the event that fails by trying fewer: what stands before it takes effect, it itself is never skipped."""
        if len(events) > 1:
            self._limit = len(events) // 2
            log.warning("follower_narrows_down", follower=self.name, events=self._limit, error=type(error).__name__)
            raise FailedBatch from error
        event = events[0]
        self._gauges.stopped("failing_event")
        # Ids only: the error's text may quote a value of the row.
        log.error(
            "follower_stopped",
            follower=self.name,
            position=event.position,
            type=event.type,
            subject=str(event.subject),
            workspace_id=str(event.workspace_id),
            error=type(error).__name__,
        )


class FailedBatch(Exception):
    """A batch of several events failed."""
