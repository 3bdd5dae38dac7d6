"""Reading the feed: batches of events after a cursor, and waiting for the next one."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.kit.database import CONNECTION_SECONDS, UNREACHABLE, Database
from services.kit.feeds.events import Place
from services.kit.feeds.problems import CursorBeyondHead, CursorExpired, EpochChanged
from services.kit.feeds.protocol import SNAPSHOT_PATH
from services.kit.problems import Unavailable
from services.kit.wakeups import EVENTS, POLL_SECONDS, wait_for

if TYPE_CHECKING:
    import asyncpg

STATE = "SELECT epoch, head, oldest FROM feed_state"
EVENTS_AFTER = """
SELECT position, workspace_id, type, subject, at, data::text AS data
FROM events WHERE position > $1 ORDER BY position LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events after a cursor, and where the feed ends."""

    head: Place
    rows: "list[asyncpg.Record]"

    def render(self, service: str) -> bytes:
        """Return the CloudEvents batch."""
        return b"[" + b",".join(self._cloud_event(row, service) for row in self.rows) + b"]"

    def _cloud_event(self, row: "asyncpg.Record", service: str) -> bytes:
        # Joined texts: a model per event would cost more than reading it. Only `data` may need quoting, and is JSON.
        return (
            f'{{"specversion":"1.0","id":"{self.head.epoch}:{row["position"]}","source":"/{service}",'
            f'"type":"{row["type"]}","subject":"{row["subject"]}","time":"{row["at"].isoformat()}",'
            f'"datacontenttype":"application/json","workspaceid":"{row["workspace_id"]}","data":{row["data"]}}}'
        ).encode()


async def read_events(database: Database, after: Place | None, limit: int) -> Batch:
    """Return up to `limit` events after a cursor; a problem where the feed cannot go on from it."""
    position = after.position if after else 0
    state, rows = await _read(database, position, limit)
    newest = max(state["head"], rows[-1]["position"] if rows else 0)
    head = Place(state["epoch"], newest)
    if after and after.epoch != head.epoch:
        raise EpochChanged(snapshot=SNAPSHOT_PATH, head=str(head), resume=str(head))
    if position > head.position:
        raise CursorBeyondHead(snapshot=SNAPSHOT_PATH, head=str(head), resume=str(head))
    # A partition may be dropped between the two statements: what was read must also begin where the cursor ends.
    if position < state["oldest"] - 1 or (rows and rows[0]["position"] != position + 1):
        before_oldest = Place(head.epoch, max(state["oldest"] - 1, 0))
        raise CursorExpired(snapshot=SNAPSHOT_PATH, head=str(head), resume=str(before_oldest))
    return Batch(head, rows)


async def _read(database: Database, position: int, limit: int) -> "tuple[asyncpg.Record, list[asyncpg.Record]]":
    try:
        async with database.worker_pool.acquire(timeout=CONNECTION_SECONDS) as connection:
            state = await connection.fetchrow(STATE)
            rows = await connection.fetch(EVENTS_AFTER, position, limit)
    except UNREACHABLE as error:
        raise Unavailable(retry_after=1) from error
    if state is None:
        message = "the schema has no feed_state"
        raise RuntimeError(message)
    return state, rows


async def wait_for_events(database: Database, after: Place | None, limit: int, seconds: float) -> Batch:
    """Return events after a cursor, waiting up to `seconds` for the first one; an empty batch when none came."""
    deadline = time.monotonic() + seconds
    while True:
        wake = database.wakeups.next(EVENTS)
        batch = await read_events(database, after, limit)
        left = deadline - time.monotonic()
        if batch.rows or left <= 0 or database.wakeups.closing:
            return batch
        await wait_for(wake, min(left, POLL_SECONDS))
