"""Rebuilding a follower from its producer's snapshot, when the feed can no longer tell it what happened."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog

from services.kit.database import Database
from services.kit.feeds.cursors import Cursor, CursorMoved, Cursors
from services.kit.feeds.events import FeedEvent, Place
from services.kit.feeds.handler import Handler
from services.kit.feeds.problems import EpochChanged
from services.kit.feeds.source import ReceivedPage, Source
from services.kit.ids import new_id

log = structlog.get_logger(__name__)

PAGE = 1000
ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"


class Rebuild:
    """Reads all streams of a snapshot through the handler and puts the cursor where the snapshot was begun."""

    def __init__(self, source: Source, handler: Handler[Any], database: Database, cursors: Cursors) -> None:
        self._source = source
        self._handler = handler
        self._database = database
        self._cursors = cursors

    async def run(self, cursor: Cursor) -> None:
        """Rebuild; after a crash it begins anew. CursorMoved where another process is at it."""
        async with self._database.connect() as connection:
            if not await connection.fetchval(
                ONE_AT_A_TIME, f"{self._database.schema}.{self._cursors.follower}.rebuild"
            ):
                raise CursorMoved
            await self._rebuild(cursor)

    async def _rebuild(self, cursor: Cursor) -> None:
        log.warning("follower_rebuilds", follower=self._cursors.follower)
        # A token as epoch: whoever began before us can no longer claim the cursor.
        ours = Cursor(Place(f"rebuild-{new_id().hex}", 0), rebuilding=True)
        async with self._database.worker() as session:
            await self._cursors.claim(session, cursor)
            await self._handler.begin_rebuild(session)
            await self._cursors.move(session, ours)
        place = await self._load_streams(ours)
        async with self._database.worker() as session:
            await self._cursors.claim(session, ours)
            await self._handler.end_rebuild(session)
            await self._cursors.move(session, Cursor(place))
        log.warning("follower_rebuilt", follower=self._cursors.follower, position=place.position)

    async def _load_streams(self, ours: Cursor) -> Place:
        """Load every stream; return the place before the first page, from which on the feed is to be followed."""
        begun: Place | None = None
        for stream in self._handler.streams:
            after: str | None = None
            while True:
                page = await self._source.snapshot(stream, after, PAGE)
                begun = begun or page.place
                await self._load(ours, page, begun)
                after = page.next
                if after is None:
                    break
        if begun is None:
            message = "a handler that cannot be rebuilt was asked to"
            raise RuntimeError(message)
        return begun

    async def _load(self, ours: Cursor, page: ReceivedPage, begun: Place) -> None:
        if page.place.epoch != begun.epoch:
            raise EpochChanged
        # At the place where the snapshot began: what the feed tells afterwards is newer.
        events = relevant([replace(event, position=begun.position) for event in page.events], self._handler)
        if not events:
            return
        prepared = await self._handler.prepare(events)
        async with self._database.worker() as session:
            await self._cursors.claim(session, ours)
            await self._handler.apply(session, events, prepared)


def relevant(events: Sequence[FeedEvent], handler: Handler[Any]) -> list[FeedEvent]:
    """Return the events that a handler cares for."""
    return [event for event in events if event.type in handler.types]
