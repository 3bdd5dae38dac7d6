"""Every query on `standings`, `scores`, `score_history`, `dated_runs` and `dated_scores`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where
from services.scoring.rows import Row

if TYPE_CHECKING:
    import asyncpg

STANDING = {
    "customer_id": "uuid",
    "version": "bigint",
    "as_of": "timestamptz",
    "policy_version": "bigint",
    "currency": "text",
    "net_revenue_minor": "bigint",
    "orders_count": "bigint",
    "purchase_days": "bigint",
    "first_order_at": "timestamptz",
    "last_order_id": "uuid",
    "last_order_at": "timestamptz",
    "last_order_effects": "text",
    "overdue_ratio": "float8",
    "held_tier": "bigint",
    "held_earned": "bigint",
    "held_low": "bigint",
    "held_mark": "bigint",
    "held_lines": "bigint",
    "wake_at": "timestamptz",
    "first_day": "bigint",
    "last_day": "bigint",
    "net_minor": "bigint",
    "biggest_minor": "bigint",
    "recent_minor": "bigint",
    "before_minor": "bigint",
    "figures_from": "bigint",
    "figures_until": "bigint",
    "settled_at": "timestamptz",
    "outcome": "bigint",
}
SCORE = {
    "customer_id": "uuid",
    "kind": "text",
    "value": "text",
    "points": "bigint",
    "previous_value": "text",
    "changed_at": "timestamptz",
    "policy_version": "bigint",
    "body": "text",
}
TOLD = {
    "customer_id": "uuid",
    "kind": "text",
    "value": "text",
    "points": "bigint",
    "previous_value": "text",
    "changed_at": "timestamptz",
    "body": "text",
    "news": "bool",
    "value_before": "text",
    "points_before": "bigint",
}
DATED = {
    "run_id": "uuid",
    "customer_id": "uuid",
    "kind": "text",
    "value": "text",
    "points": "bigint",
    "policy_version": "bigint",
    "body": "text",
}


def insert(table: str, columns: dict[str, str], then: str) -> str:
    """Return an INSERT of many rows of one workspace, each column an array; JSON comes as text."""
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(columns.values(), 2))
    values = ", ".join("body::jsonb" if name == "body" else name for name in columns)
    return f"""
    INSERT INTO {table} (workspace_id, {", ".join(columns)})
    SELECT $1, {values} FROM unnest({arrays}) AS r ({", ".join(columns)}) {then}
    """


def replaced(columns: dict[str, str], key: Collection[str]) -> str:
    """Return the SET list that takes every column but the key from the new row."""
    return ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)


PUT_STANDINGS = insert(
    "standings",
    STANDING,
    f"ON CONFLICT (workspace_id, customer_id) DO UPDATE SET {replaced(STANDING, {'customer_id'})}",
)
# What is news goes into the history too: sent once, whatever the length of its reasons.
PUT_SCORES = f"""
WITH told AS MATERIALIZED (
    SELECT r.*, body::jsonb AS reasons
    FROM unnest({", ".join(f"${place}::{kind}[]" for place, kind in enumerate(TOLD.values(), 5))})
        AS r ({", ".join(TOLD)})
), put AS (
    INSERT INTO scores (workspace_id, {", ".join(SCORE)})
    SELECT $1, customer_id, kind, value, points, previous_value, changed_at, $2, reasons FROM told
    ON CONFLICT (workspace_id, customer_id, kind) DO UPDATE SET {replaced(SCORE, {"customer_id", "kind"})}
)
INSERT INTO score_history (workspace_id, id, customer_id, kind, value, previous_value, points, previous_points, as_of,
    policy_version, cause, body)
SELECT $1, uuidv7(), customer_id, kind, value, value_before, points, points_before, $3, $2, $4, reasons
FROM told WHERE news
"""
PUT_DATED = insert(
    "dated_scores",
    DATED,
    "ON CONFLICT (workspace_id, run_id, customer_id, kind) DO UPDATE"
    f" SET {replaced(DATED, {'run_id', 'customer_id', 'kind'})}",
)
STANDINGS_OF = f"""
SELECT {", ".join(STANDING)} FROM standings WHERE workspace_id = $1 AND customer_id = any($2)
"""
SCORES_OF = f"""
SELECT {", ".join(SCORE)} FROM scores WHERE workspace_id = $1 AND customer_id = any($2)
"""
HAVE_STANDING = """
SELECT s.workspace_id, s.customer_id FROM unnest($1::uuid[], $2::uuid[]) AS w (workspace_id, customer_id)
JOIN standings s USING (workspace_id, customer_id)
"""
STANDINGS_AFTER = """
SELECT s.customer_id FROM standings s JOIN customers c USING (workspace_id, customer_id)
WHERE s.workspace_id = $1 AND c.type = any($2) AND s.customer_id > $3 ORDER BY s.customer_id LIMIT $4
"""
DOUBT = "UPDATE standings SET outcome = NULL, settled_at = NULL"
COUNT = "SELECT count(*) FROM standings WHERE workspace_id = $1"
WAKING = """
SELECT w.workspace_id, s.customer_id, s.as_of FROM workspaces w, LATERAL (
    SELECT customer_id, as_of FROM standings
    WHERE workspace_id = w.workspace_id AND wake_at <= $1 ORDER BY wake_at LIMIT $2
) AS s LIMIT $2
"""
RUNS_AT = """
SELECT id FROM dated_runs WHERE workspace_id = $1 AND as_of = $2 AND finished_at IS NOT NULL
ORDER BY finished_at DESC LIMIT 1
"""
BEGIN_RUN = "INSERT INTO dated_runs (workspace_id, id, as_of) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
FINISH_RUN = "UPDATE dated_runs SET finished_at = $3 WHERE workspace_id = $1 AND id = $2"
STATE_PAGE = """
SELECT s.*, c.type FROM standings s JOIN customers c USING (workspace_id, customer_id)
WHERE (s.workspace_id, s.customer_id) > ($1, $2) ORDER BY s.workspace_id, s.customer_id LIMIT $3
"""
SORTS = {
    "points": Sort("s.points", "bigint", nullable=True, mirrored=True),
    "changed_at": Sort("s.changed_at", "timestamptz"),
}
PRESENT = Listing(
    columns="s.customer_id, c.type, s.kind, s.value, s.points, s.previous_value, s.changed_at, s.policy_version,"
    " s.body, t.as_of",
    source="scores s JOIN standings t USING (workspace_id, customer_id)"
    " JOIN customers c USING (workspace_id, customer_id)",
    sorts=SORTS,
    id_column="s.customer_id",
)
DATED_LIST = Listing(
    columns="s.customer_id, c.type, s.kind, s.value, s.points, NULL::text AS previous_value,"
    " NULL::timestamptz AS changed_at, s.policy_version, s.body, r.as_of",
    source="dated_scores s JOIN dated_runs r ON r.workspace_id = s.workspace_id AND r.id = s.run_id"
    " JOIN customers c ON c.workspace_id = s.workspace_id AND c.customer_id = s.customer_id",
    sorts={"points": SORTS["points"]},
    id_column="s.customer_id",
)
HISTORY = Listing(
    columns="id, kind, value, previous_value, points, previous_points, as_of, policy_version, cause, body",
    source="score_history",
    sorts={"as_of": Sort("as_of", "timestamptz")},
    id_column="id",
)


async def put(session: Session, sql: str, columns: dict[str, str], workspace_id: UUID, rows: Sequence[Row]) -> None:
    """Write many rows with one statement."""
    if rows:
        await session.execute(sql, workspace_id, *([row[name] for row in rows] for name in columns))


async def put_standings(session: Session, workspace_id: UUID, rows: Sequence[Row]) -> None:
    """Write where customers stand."""
    await put(session, PUT_STANDINGS, STANDING, workspace_id, rows)


async def put_scores(session: Session, stamp: tuple[UUID, int, datetime, str], rows: Sequence[Row]) -> None:
    """Write present scores, and what is news into the history; all share workspace, policy version, time and cause."""
    if rows:
        await session.execute(PUT_SCORES, *stamp, *([row[name] for row in rows] for name in TOLD))


async def put_dated(session: Session, workspace_id: UUID, rows: Sequence[Row]) -> None:
    """Write the scores of a run for one time."""
    await put(session, PUT_DATED, DATED, workspace_id, rows)


async def standings_of(session: Session, workspace_id: UUID, customers: Collection[UUID]) -> "list[asyncpg.Record]":
    """Return where customers stand."""
    return await session.fetch(STANDINGS_OF, workspace_id, list(customers))


async def scores_of(session: Session, workspace_id: UUID, customers: Collection[UUID]) -> "list[asyncpg.Record]":
    """Return the present scores of customers."""
    return await session.fetch(SCORES_OF, workspace_id, list(customers))


async def have_standing(
    session: Session, workspaces: Sequence[UUID], customers: Sequence[UUID]
) -> "list[asyncpg.Record]":
    """Return which of these customers were ever evaluated; takes pairs as two arrays."""
    return await session.fetch(HAVE_STANDING, workspaces, customers)


async def standings_after(
    session: Session, workspace_id: UUID, populations: Collection[str], after: UUID, limit: int
) -> "list[asyncpg.Record]":
    """Return customers of some populations who were ever evaluated, by id."""
    return await session.fetch(STANDINGS_AFTER, workspace_id, list(populations), after, limit)


async def doubt_outcomes(session: Session) -> None:
    """Let nobody's outcome be told by numbers until the rules have looked: facts went without having been told."""
    await session.execute(DOUBT)


async def count(session: Session, workspace_id: UUID) -> int:
    """Return how many customers were ever evaluated."""
    found: int = await session.fetchval(COUNT, workspace_id)
    return found


async def waking(session: Session, now: datetime, limit: int) -> "list[asyncpg.Record]":
    """Return customers of whom a fact that was dated in the future is known by now."""
    return await session.fetch(WAKING, now, limit)


async def run_at(session: Session, workspace_id: UUID, as_of: datetime) -> UUID | None:
    """Return the latest finished run for exactly this time."""
    found: UUID | None = await session.fetchval(RUNS_AT, workspace_id, as_of)
    return found


async def begin_run(session: Session, workspace_id: UUID, run_id: UUID, as_of: datetime) -> None:
    """Note that a run for a time began; a repetition changes nothing."""
    await session.execute(BEGIN_RUN, workspace_id, run_id, as_of)


async def finish_run(session: Session, workspace_id: UUID, run_id: UUID, now: datetime) -> None:
    """Note that a run is complete."""
    await session.execute(FINISH_RUN, workspace_id, run_id, now)


async def state_page(session: Session, workspace_id: UUID, customer_id: UUID, limit: int) -> "list[asyncpg.Record]":
    """Return standings of all workspaces after a key."""
    return await session.fetch(STATE_PAGE, workspace_id, customer_id, limit)


async def list_present(session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
    """Return a page of present scores."""
    return await PRESENT.fetch(session, where, query, bound, sort=sort)


async def list_dated(session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
    """Return a page of the scores of a run."""
    return await DATED_LIST.fetch(session, where, query, bound, sort=sort)


async def list_history(session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
    """Return a page of the history."""
    return await HISTORY.fetch(session, where, query, bound, sort=sort)
