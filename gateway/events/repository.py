"""Every query about the journal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from gateway.events.rules import Position
from gateway.events.shapes import Happening
from services.kit.database import Database, Session
from services.kit.ids import new_id

if TYPE_CHECKING:
    import asyncpg

# The heads are locked in the order of their ids, so that two followers cannot wait for one another; a reader that sees
# a position therefore sees all before it. Time does not run backwards in a journal even where clocks do.
ADD = """
WITH told AS (
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
                         $8::timestamptz[], $9::bigint[], $10::text[])
    AS t (place, workspace_id, id, type, object_type, object_id, customer_id, occurred_at, version, data)
), counted AS (
    SELECT workspace_id, count(*) AS number FROM told GROUP BY workspace_id
), heads AS (
    INSERT INTO journal_heads AS h (workspace_id, head, recorded_at)
    SELECT workspace_id, number, clock_timestamp() FROM counted ORDER BY workspace_id
    ON CONFLICT (workspace_id) DO UPDATE
    SET head = h.head + excluded.head, recorded_at = greatest(h.recorded_at, clock_timestamp())
    RETURNING workspace_id, head, recorded_at
)
INSERT INTO journal (workspace_id, position, recorded_at, id, type, object_type, object_id, customer_id, occurred_at,
                     version, data)
SELECT t.workspace_id, h.head - c.number + row_number() OVER (PARTITION BY t.workspace_id ORDER BY t.place),
       h.recorded_at, t.id, t.type, t.object_type, t.object_id, t.customer_id, t.occurred_at, t.version, t.data::json
FROM told t JOIN counted c ON c.workspace_id = t.workspace_id JOIN heads h ON h.workspace_id = t.workspace_id
"""
HEAD = "SELECT head, recorded_at FROM journal_heads WHERE workspace_id = $1"
OLDEST = """
SELECT position, recorded_at FROM journal WHERE workspace_id = $1 AND position > $2 ORDER BY position LIMIT 1
"""
READ = """
SELECT position, recorded_at, id, type, object_type, object_id, customer_id, occurred_at, version, data
FROM journal
WHERE workspace_id = $1 AND position > $2 AND position <= $3 AND recorded_at >= $4 AND type = any($5::text[])
ORDER BY position LIMIT $6
"""
WORKSPACES = "SELECT workspace_id FROM journal_heads ORDER BY workspace_id"


async def add(session: Session, events: Sequence[tuple[UUID, datetime, Happening]]) -> None:
    """Add events, each with its workspace and its time, in this order. Worker role."""
    told = [(place, *row) for place, row in enumerate(events)]
    await session.execute(
        ADD,
        [place for place, *_ in told],
        [workspace_id for _, workspace_id, _, _ in told],
        [new_id() for _ in told],
        *(
            [getattr(event, name) for _, _, _, event in told]
            for name in ("type", "object_type", "object_id", "customer_id")
        ),
        [at for _, _, at, _ in told],
        [event.version for _, _, _, event in told],
        [event.data for _, _, _, event in told],
    )


async def head(session: Session) -> Position:
    """Return the newest place of the workspace."""
    row = await session.fetchrow(HEAD, session.tenant)
    return place_of(row["head"], row["recorded_at"]) if row else Position()


async def first_after(session: Session, place: Position) -> Position | None:
    """Return the place of the first event behind a place that is still kept; None where there is none."""
    row = await session.fetchrow(OLDEST, session.tenant, place.number)
    return place_of(row["position"], row["recorded_at"]) if row else None


async def read(
    session: Session, after: Position, last: int, types: Sequence[str], limit: int
) -> "list[asyncpg.Record]":
    """Return events of some types behind a place, up to and with the position `last`."""
    since = datetime.fromtimestamp(after.second, UTC)
    return await session.fetch(READ, session.tenant, after.number, last, since, list(types), limit)


async def workspaces(session: Session) -> list[UUID]:
    """Return all workspaces that have a journal. Worker role."""
    return [row["workspace_id"] for row in await session.fetch(WORKSPACES)]


async def epoch(database: Database) -> str:
    """Return the epoch of the gateway's database: another one after a restore."""
    found: str = await database.worker_pool.fetchval("SELECT epoch FROM feed_state")
    return found


async def ensure_partitions(session: Session, days: int) -> None:
    """Make sure that there is room for today and some days more. Worker role."""
    await session.execute("SELECT ensure_journal_partitions($1)", days)


async def drop_partitions(session: Session, horizon: datetime) -> int:
    """Drop the days that ended before the horizon; returns how many. Worker role."""
    dropped: int = await session.fetchval("SELECT drop_journal_partitions($1)", horizon)
    return dropped


def place_of(number: int, recorded_at: datetime) -> Position:
    """Return the place behind an event."""
    return Position(number, int(recorded_at.timestamp()))
