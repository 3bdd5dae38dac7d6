"""Every query on `reminders`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.kit.database import Session
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

Key = tuple[UUID, UUID]
"""Workspace and customer."""

WAITS = "r.closed_at IS NULL"
"""Unfinished, in joins by customer or id. Spelled by status, as in the partial indexes, it tempts the planner to use
one of those, which are led by the workspace alone."""

CHANGED = "r.workspace_id, r.id, r.version, r.customer_id, r.rep_id, r.rule, r.status, r.due_at"
"""What an event tells."""

COLUMNS = """
r.id, r.version, r.created_at, r.updated_at, r.customer_id, r.rep_id, r.rule, r.cause, r.order_id, r.function,
r.channel, r.form, r.priority, r.status, r.due_at, r.contact_at, r.expires_at, r.snoozed_until, r.facts, r.also,
r.merged_into, r.closed_at, r.close_reason, r.note, r.completion, r.outcome, r.summary, r.contacted_through,
r.contacted_at, r.interaction_id, a.display_name AS customer_name, a.type AS customer_type, a.owner_rep_id,
coalesce(a.time_zone, w.time_zone) AS zone
"""
SOURCE = """
reminders r JOIN audience a ON a.workspace_id = r.workspace_id AND a.customer_id = r.customer_id
JOIN workspaces w ON w.workspace_id = r.workspace_id
"""
LISTING = Listing(
    columns=COLUMNS,
    source=SOURCE,
    sorts={
        "due_at": Sort("r.due_at", "timestamptz"),
        "priority": Sort("r.priority", "bigint"),
        "created_at": Sort("r.id", "uuid"),
    },
    id_column="r.id",
)
"""Ids grow with time, so they also stand for the order of creation."""

INSERTED = {
    "id": "uuid",
    "customer_id": "uuid",
    "rep_id": "uuid",
    "rule": "text",
    "cause": "text",
    "fact_at": "timestamptz",
    "order_id": "uuid",
    "function": "text",
    "channel": "text",
    "form": "text",
    "priority": "bigint",
    "status": "text",
    "due_at": "timestamptz",
    "contact_at": "timestamptz",
    "expires_at": "timestamptz",
    "facts": "jsonb",
    "merged_into": "uuid",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
    "closed_at": "timestamptz",
}
KEPT = ("id", "cause", "created_at")
"""What a reminder keeps when its cause holds again."""

WITHDRAWN = "r.status = 'expired' AND r.close_reason <> 'too_late'"
"""Its cause was gone; where it holds again, as after a cancellation that came late, the reminder stands again too."""

INSERT = f"""
INSERT INTO reminders AS r (workspace_id, {", ".join(INSERTED)})
SELECT workspace_id, {", ".join(INSERTED)} FROM jsonb_to_recordset($1::jsonb)
    AS g (workspace_id uuid, {", ".join(f"{name} {kind}" for name, kind in INSERTED.items())})
ON CONFLICT (workspace_id, cause) DO UPDATE SET version = r.version + 1, close_reason = NULL, snoozed_until = NULL,
    {", ".join(f"{name} = excluded.{name}" for name in INSERTED if name not in KEPT)}
WHERE {WITHDRAWN}
RETURNING {CHANGED}
"""
BY_HAND = INSERTED | {"rep_pinned": "boolean"}
SET_BY_HAND = f"""
INSERT INTO reminders AS r (workspace_id, {", ".join(BY_HAND)})
SELECT workspace_id, {", ".join(BY_HAND)} FROM jsonb_to_recordset($1::jsonb)
    AS g (workspace_id uuid, {", ".join(f"{name} {kind}" for name, kind in BY_HAND.items())})
RETURNING {CHANGED}
"""
CUSTOMERS = """
SELECT a.customer_id, a.owner_rep_id, a.designated_rep_id, a.value_tier, a.churn_risk, a.overdue_ratio,
    a.contact_hours, a.time_zone, w.time_zone AS workspace_zone
FROM audience a JOIN workspaces w USING (workspace_id)
WHERE a.workspace_id = $1 AND a.customer_id = any($2::uuid[]) AND a.listed
"""
ACTIVE_OF = f"""
SELECT r.workspace_id, r.id, r.customer_id, r.rule, r.cause, r.fact_at, r.due_at, r.contact_at, r.rep_id,
    r.rep_pinned, r.priority
FROM unnest($1::uuid[], $2::uuid[]) AS k (workspace_id, customer_id)
JOIN reminders r USING (workspace_id, customer_id) WHERE {WAITS} ORDER BY r.due_at, r.id
"""
KNOWN_CAUSES = f"""
SELECT r.workspace_id, r.cause, CASE WHEN {WITHDRAWN} THEN r.id END AS withdrawn_id
FROM unnest($1::uuid[], $2::text[]) AS k (workspace_id, cause)
JOIN reminders r USING (workspace_id, cause)
"""
CLOSE = f"""
UPDATE reminders r SET version = r.version + 1, updated_at = $6, closed_at = $6, status = g.status,
    close_reason = g.reason, merged_into = g.leader_id
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[])
    AS g (workspace_id, id, status, reason, leader_id)
WHERE r.workspace_id = g.workspace_id AND r.id = g.id AND {WAITS}
RETURNING {CHANGED}
"""
FOLD = f"""
UPDATE reminders r SET version = r.version + 1, updated_at = $2, also = r.also || g.also,
    due_at = least(r.due_at, g.due_at)
FROM jsonb_to_recordset($1::jsonb) AS g (workspace_id uuid, id uuid, also jsonb, due_at timestamptz)
WHERE r.workspace_id = g.workspace_id AND r.id = g.id
RETURNING {CHANGED}
"""
REFRESH = f"""
UPDATE reminders r SET version = r.version + 1, updated_at = $5, priority = g.priority,
    rep_id = CASE WHEN r.rep_pinned THEN r.rep_id ELSE g.rep_id END
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS g (workspace_id, id, rep_id, priority)
WHERE r.workspace_id = g.workspace_id AND r.id = g.id AND {WAITS}
RETURNING {CHANGED}
"""
MOVE = f"""
UPDATE reminders r SET version = r.version + 1, updated_at = $4, customer_id = g.into_id,
    cause = CASE WHEN EXISTS (
        SELECT 1 FROM reminders o WHERE o.workspace_id = r.workspace_id
        AND o.cause = replace(r.cause, g.customer_id::text, g.into_id::text)
    ) THEN r.cause ELSE replace(r.cause, g.customer_id::text, g.into_id::text) END
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS g (workspace_id, customer_id, into_id)
WHERE r.workspace_id = g.workspace_id AND r.customer_id = g.customer_id
RETURNING {CHANGED}
"""
OF_ORDERS = f"""
SELECT r.workspace_id, r.id FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS g (workspace_id, customer_id, order_id)
JOIN reminders r USING (workspace_id, customer_id, order_id) WHERE {WAITS}
"""
DUE = """
SELECT r.workspace_id, r.customer_id, r.id FROM workspaces w CROSS JOIN LATERAL (
    SELECT * FROM reminders d WHERE d.workspace_id = w.workspace_id AND d.sweep_at <= $1 ORDER BY d.sweep_at LIMIT $2
) r LIMIT $2
"""
SWEEP = f"""
UPDATE reminders r SET version = r.version + 1, updated_at = $3,
    status = CASE WHEN r.expires_at <= $3 THEN 'expired' ELSE 'open' END,
    closed_at = CASE WHEN r.expires_at <= $3 THEN $3 END,
    close_reason = CASE WHEN r.expires_at <= $3 THEN 'too_late' END,
    snoozed_until = CASE WHEN r.expires_at <= $3 THEN r.snoozed_until END
FROM unnest($1::uuid[], $2::uuid[]) AS g (workspace_id, id)
WHERE r.workspace_id = g.workspace_id AND r.id = g.id AND r.sweep_at <= $3
RETURNING {CHANGED}
"""
FIND = f"SELECT {COLUMNS} FROM {SOURCE} WHERE r.workspace_id = $1 AND r.id = $2"
LOCK_CUSTOMER = """
SELECT a.customer_id FROM audience a
WHERE a.workspace_id = $1 AND a.customer_id = (SELECT customer_id FROM reminders WHERE workspace_id = $1 AND id = $2)
FOR UPDATE
"""
LOCK = f"SELECT {COLUMNS} FROM {SOURCE} WHERE r.workspace_id = $1 AND r.id = $2 FOR UPDATE OF r"
CHANGEABLE = (
    "status",
    "rep_id",
    "rep_pinned",
    "snoozed_until",
    "closed_at",
    "closed_by",
    "close_reason",
    "note",
    "completion",
    "outcome",
    "summary",
    "contacted_through",
    "contacted_at",
    "interaction_id",
)


def arrays(pairs: Collection[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Return rows as one array per column."""
    return [list(column) for column in zip(*pairs, strict=True)] if pairs else [[] for _ in range(width)]


async def page(session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
    """Return a page of the workspace's reminders."""
    return await LISTING.fetch(session, where, query, bound, sort=sort)


async def find(session: Session, reminder_id: UUID) -> asyncpg.Record | None:
    """Return a reminder of the session's workspace, with its customer's name and zone."""
    return await session.fetchrow(FIND, session.tenant, reminder_id)


async def lock(session: Session, reminder_id: UUID) -> asyncpg.Record | None:
    """Lock a reminder, its customer first as everywhere, and return it."""
    await session.execute(LOCK_CUSTOMER, session.tenant, reminder_id)
    return await session.fetchrow(LOCK, session.tenant, reminder_id)


async def change(
    session: Session, reminder_id: UUID, changes: Mapping[str, object], now: datetime
) -> asyncpg.Record | None:
    """Store changed columns of a locked reminder; return what an event tells of it."""
    names = [name for name in CHANGEABLE if name in changes]
    sets = "".join(f", {name} = ${place}" for place, name in enumerate(names, 4))
    sql = (
        f"UPDATE reminders r SET version = r.version + 1, updated_at = $3{sets}"
        f" WHERE r.workspace_id = $1 AND r.id = $2 RETURNING {CHANGED}"
    )
    return await session.fetchrow(sql, session.tenant, reminder_id, now, *(changes[name] for name in names))


async def insert(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[asyncpg.Record]:
    """Add reminders whose cause is new, or holds again; return those that were added."""
    return await session.fetch(INSERT, rows)


async def active_of(session: Session, keys: Collection[Key]) -> list[asyncpg.Record]:
    """Return the unfinished reminders of customers."""
    return await session.fetch(ACTIVE_OF, *arrays(keys, 2))


async def known_causes(session: Session, causes: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID | None]:
    """Return which causes have had their reminder, each with its id where it was withdrawn and may stand again."""
    rows = await session.fetch(KNOWN_CAUSES, *arrays(causes, 2))
    return {(row["workspace_id"], row["cause"]): row["withdrawn_id"] for row in rows}


async def close(
    session: Session, closings: Collection[tuple[UUID, UUID, str, str | None, UUID | None]], now: datetime
) -> list[asyncpg.Record]:
    """Close reminders without anybody's doing: workspace, id, status, reason, and the leader of a merged one."""
    return await session.fetch(CLOSE, *arrays(closings, 5), now)


async def fold(session: Session, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[asyncpg.Record]:
    """Give leaders the reasons of what was folded into them (`also`), and the earlier due time."""
    return await session.fetch(FOLD, rows, now)


async def refresh(
    session: Session, news: Collection[tuple[UUID, UUID, UUID | None, int]], now: datetime
) -> list[asyncpg.Record]:
    """Give unfinished reminders their customer's present rep and priority."""
    return await session.fetch(REFRESH, *arrays(news, 4), now)


async def move(session: Session, moves: Collection[tuple[UUID, UUID, UUID]], now: datetime) -> list[asyncpg.Record]:
    """Move all reminders of a customer to the one into whom he or she was merged."""
    return await session.fetch(MOVE, *arrays(moves, 3), now)


async def of_orders(session: Session, orders: Collection[tuple[UUID, UUID, UUID]]) -> list[asyncpg.Record]:
    """Return the unfinished reminders about orders, given as workspace, customer, order."""
    return await session.fetch(OF_ORDERS, *arrays(orders, 3))


async def customers(session: Session, ids: Collection[UUID]) -> list[asyncpg.Record]:
    """Return what deciding about new reminders of customers takes; those who are not there are left out."""
    return await session.fetch(CUSTOMERS, session.tenant, list(ids))


async def set_by_hand(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[asyncpg.Record]:
    """Add reminders that people set."""
    return await session.fetch(SET_BY_HAND, rows)


async def due(session: Session, now: datetime, limit: int) -> list[asyncpg.Record]:
    """Return reminders whose snooze has ended or that have expired."""
    return await session.fetch(DUE, now, limit)


async def sweep(session: Session, ids: Collection[tuple[UUID, UUID]], now: datetime) -> list[asyncpg.Record]:
    """Wake or expire reminders, if they are still due for it."""
    return await session.fetch(SWEEP, *arrays(ids, 2), now)


async def note_interaction(session: Session, reminder_id: UUID, completion: int, interaction_id: UUID) -> None:
    """Remember which interaction a completion became. What callers have seen stays true, so the version stays."""
    await session.execute(
        "UPDATE reminders SET interaction_id = $4 WHERE workspace_id = $1 AND id = $2 AND completion = $3",
        session.tenant,
        reminder_id,
        completion,
        interaction_id,
    )


async def all_after(session: Session, workspace_id: UUID, reminder_id: UUID, limit: int) -> list[asyncpg.Record]:
    """Return reminders of all workspaces after a place. Worker role."""
    return await session.fetch(
        f"SELECT {CHANGED} FROM reminders r WHERE (r.workspace_id, r.id) > ($1, $2)"
        " ORDER BY r.workspace_id, r.id LIMIT $3",
        workspace_id,
        reminder_id,
        limit,
    )
