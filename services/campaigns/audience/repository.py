"""Every query with which followers and care write and read `audience`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.kit.database import Session

Key = tuple[UUID, UUID]
"""Workspace and customer."""

LOCK = """
SELECT a.customer_id FROM audience a
JOIN unnest($1::uuid[], $2::uuid[]) AS k (workspace_id, customer_id) USING (workspace_id, customer_id)
ORDER BY a.workspace_id, a.customer_id FOR UPDATE OF a
"""
FACTS = {
    "owner_rep_id": "uuid",
    "designated_rep_id": "uuid",
    "tags": "text[]",
    "lifecycle_stage": "text",
    "region": "text",
    "do_not_contact": "boolean",
    "do_not_pursue": "boolean",
    "internal": "boolean",
    "deleted": "boolean",
    "merged_into": "uuid",
    "created_at": "timestamptz",
}
PROFILE = {
    "display_name": "text",
    "time_zone": "text",
    "locale": "text",
    "preferred_channel": "text",
    "contact_hours": "jsonb",
}
SCORES = {
    "currency": "text",
    "net_revenue_minor": "bigint",
    "orders_count": "bigint",
    "purchase_days": "bigint",
    "first_order_at": "timestamptz",
    "last_order_id": "uuid",
    "last_order_at": "timestamptz",
    "last_order_effects": "text",
    "overdue_ratio": "float8",
    "value_tier": "text",
    "value_tier_points": "bigint",
    "value_tier_since": "timestamptz",
    "customer_class": "text",
    "rfm": "text",
    "churn_risk": "text",
    "churn_risk_since": "timestamptz",
    "scores": "jsonb",
}


def upsert(version: str, columns: Mapping[str, str]) -> str:
    """Return the statement that takes over one producer's columns where its version is newer."""
    names = ", ".join(columns)
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
    return f"""
    INSERT INTO audience (workspace_id, customer_id, type, {version}, care_from, {names})
    SELECT workspace_id, customer_id, type, version, care_from, {names}
    FROM jsonb_to_recordset($1::jsonb)
        AS g (workspace_id uuid, customer_id uuid, type text, version bigint, care_from timestamptz, {typed})
    ORDER BY workspace_id, customer_id
    ON CONFLICT (workspace_id, customer_id) DO UPDATE SET {version} = excluded.{version}, {changes},
        care_from = greatest(audience.care_from, excluded.care_from), updated_at = now()
    WHERE audience.{version} < excluded.{version}
    RETURNING workspace_id, customer_id
    """


UPSERT_FACTS = upsert("customer_version", FACTS)
UPSERT_SCORES = upsert("scored_version", SCORES)
UPDATE_PROFILES = f"""
UPDATE audience a SET profile_version = g.version, updated_at = now(),
    {", ".join(f"{name} = g.{name}" for name in PROFILE)}
FROM jsonb_to_recordset($1::jsonb) AS g (workspace_id uuid, customer_id uuid, version bigint,
    {", ".join(f"{name} {kind}" for name, kind in PROFILE.items())})
WHERE a.workspace_id = g.workspace_id AND a.customer_id = g.customer_id AND a.profile_version < g.version
"""
REMOVE_TAGS = """
DELETE FROM audience_tags t
USING jsonb_to_recordset($1::jsonb) AS g (workspace_id uuid, customer_id uuid, tags text[])
WHERE t.workspace_id = g.workspace_id AND t.customer_id = g.customer_id AND t.tag <> ALL (g.tags)
"""
ADD_TAGS = """
INSERT INTO audience_tags (workspace_id, tag, customer_id)
SELECT g.workspace_id, tag, g.customer_id
FROM jsonb_to_recordset($1::jsonb) AS g (workspace_id uuid, customer_id uuid, tags text[]), unnest(g.tags) AS tag
ORDER BY 1, 3, 2 ON CONFLICT DO NOTHING
"""
SET_CONTACTS = """
UPDATE audience a SET last_contact_at = g.last_contact_at, updated_at = now(),
    care_from = greatest(a.care_from, g.care_from)
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[])
    AS g (workspace_id, customer_id, last_contact_at, care_from)
WHERE a.workspace_id = g.workspace_id AND a.customer_id = g.customer_id
"""
# A rep who is known to have left is given nothing; one we have not heard of yet is.
REP = """
(SELECT pick.rep_id FROM (VALUES (1, a.designated_rep_id), (2, a.owner_rep_id)) AS pick (place, rep_id)
 WHERE pick.rep_id IS NOT NULL AND NOT EXISTS (
     SELECT 1 FROM reps r WHERE r.workspace_id = a.workspace_id AND r.id = pick.rep_id AND NOT r.active)
 ORDER BY pick.place LIMIT 1)
"""
CARE_COLUMNS = f"""
a.workspace_id, a.customer_id, a.created_at, a.deleted, a.merged_into, a.do_not_contact, a.do_not_pursue, a.internal,
a.time_zone, w.time_zone AS workspace_zone, a.preferred_channel, a.contact_hours, a.first_order_at, a.last_order_id,
a.last_order_at, a.last_order_effects, a.purchase_days, a.overdue_ratio, a.value_tier, a.value_tier_since,
a.churn_risk, a.churn_risk_since, a.last_contact_at, a.care_from, {REP} AS rep_id,
(SELECT min(i.occurred_at) FROM interactions i WHERE i.workspace_id = a.workspace_id
    AND i.customer_id = a.customer_id AND NOT i.deleted AND i.contact AND i.occurred_at > $3) AS coming_at
"""
FOR_CARE = f"""
SELECT {CARE_COLUMNS} FROM unnest($1::uuid[], $2::uuid[]) AS k (workspace_id, customer_id)
JOIN audience a USING (workspace_id, customer_id) JOIN workspaces w USING (workspace_id)
ORDER BY a.workspace_id, a.customer_id FOR UPDATE OF a
"""
DUE = """
SELECT a.workspace_id, a.customer_id FROM workspaces w CROSS JOIN LATERAL (
    SELECT * FROM audience d WHERE d.workspace_id = w.workspace_id AND d.look_at <= $1
    ORDER BY d.look_at LIMIT $2 FOR UPDATE SKIP LOCKED
) a LIMIT $2
"""
SET_LOOKS = """
UPDATE audience a SET look_at = g.look_at
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS g (workspace_id, customer_id, look_at)
WHERE a.workspace_id = g.workspace_id AND a.customer_id = g.customer_id AND a.look_at IS DISTINCT FROM g.look_at
"""
COUNT_REMINDERS = """
UPDATE audience a SET open_reminders = n.open_reminders, next_reminder_at = n.next_reminder_at
FROM (
    SELECT k.workspace_id, k.customer_id, count(r.id) AS open_reminders,
        min(CASE WHEN r.status = 'snoozed' THEN greatest(r.due_at, r.snoozed_until) ELSE r.due_at END)
            AS next_reminder_at
    FROM unnest($1::uuid[], $2::uuid[]) AS k (workspace_id, customer_id)
    LEFT JOIN reminders r ON r.workspace_id = k.workspace_id AND r.customer_id = k.customer_id AND r.closed_at IS NULL
    GROUP BY k.workspace_id, k.customer_id
) n
WHERE a.workspace_id = n.workspace_id AND a.customer_id = n.customer_id
    AND (a.open_reminders, a.next_reminder_at) IS DISTINCT FROM (n.open_reminders, n.next_reminder_at)
"""
MEET = """
INSERT INTO audience (workspace_id, customer_id, type)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]) ON CONFLICT DO NOTHING
"""
LOOK_AT_CUSTOMERS_OF = """
UPDATE audience a SET look_at = $3 FROM (
    SELECT DISTINCT r.workspace_id, r.customer_id FROM unnest($1::uuid[], $2::uuid[]) AS g (workspace_id, rep_id)
    JOIN reminders r USING (workspace_id, rep_id) WHERE r.closed_at IS NULL ORDER BY 1, 2
) waiting
WHERE a.workspace_id = waiting.workspace_id AND a.customer_id = waiting.customer_id
"""
LOOK_AGAIN = """
WITH chosen AS (
    SELECT customer_id FROM audience WHERE workspace_id = $1 AND customer_id > $2 AND value_tier IS NOT NULL
    ORDER BY customer_id LIMIT $3
), told AS (
    UPDATE audience a SET look_at = $4 FROM chosen WHERE a.workspace_id = $1 AND a.customer_id = chosen.customer_id
)
SELECT customer_id FROM chosen ORDER BY customer_id DESC LIMIT 1
"""


def split(keys: Iterable[Key]) -> tuple[list[UUID], list[UUID]]:
    """Return keys as two arrays, in the order in which rows are locked everywhere."""
    ranked = sorted(keys)
    return [workspace_id for workspace_id, _ in ranked], [customer_id for _, customer_id in ranked]


async def lock(session: Session, keys: Collection[Key]) -> None:
    """Lock customers in one order, so that followers and requests never wait for each other in a circle."""
    await session.execute(LOCK, *split(keys))


async def meet(session: Session, customers: Mapping[Key, str]) -> None:
    """Make a row for customers that are named before contacts has told of them; `customers` gives their type."""
    keys = sorted(customers)
    await session.execute(MEET, *split(keys), [customers[key] for key in keys])


async def upsert_facts(session: Session, rows: Sequence[Mapping[str, Any]]) -> set[Key]:
    """Take over what contacts tells of customers; return those for which it was news."""
    return {(row["workspace_id"], row["customer_id"]) for row in await session.fetch(UPSERT_FACTS, rows)}


async def update_profiles(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Take over names, zones and wishes where they are newer."""
    await session.execute(UPDATE_PROFILES, rows)


async def set_tags(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make the tag table agree with the customers' tags."""
    await session.execute(REMOVE_TAGS, rows)
    await session.execute(ADD_TAGS, rows)


async def upsert_scores(session: Session, rows: Sequence[Mapping[str, Any]]) -> set[Key]:
    """Take over what scoring tells of customers; return those for which it was news."""
    return {(row["workspace_id"], row["customer_id"]) for row in await session.fetch(UPSERT_SCORES, rows)}


async def set_contacts(
    session: Session, last_contacts: Mapping[Key, datetime | None], limited_from: Mapping[Key, datetime]
) -> None:
    """Keep each customer's last contact, and from when on care may start."""
    keys = sorted(last_contacts)
    times = [last_contacts[key] for key in keys]
    await session.execute(SET_CONTACTS, *split(keys), times, [limited_from.get(key) for key in keys])


async def for_care(session: Session, keys: Collection[Key], now: datetime) -> list[asyncpg.Record]:
    """Return what the care rules look at, the rows locked; `coming_at` is a contact that is dated ahead."""
    return await session.fetch(FOR_CARE, *split(keys), now)


async def due(session: Session, now: datetime, limit: int) -> set[Key]:
    """Return customers whom the clock has to look at, locked; those locked by others wait for the next round."""
    return {(row["workspace_id"], row["customer_id"]) for row in await session.fetch(DUE, now, limit)}


async def set_looks(session: Session, looks: Mapping[Key, datetime | None]) -> None:
    """Set when the clock looks at each customer again."""
    keys = sorted(looks)
    await session.execute(SET_LOOKS, *split(keys), [looks[key] for key in keys])


async def count_reminders(session: Session, keys: Collection[Key]) -> None:
    """Bring the customers' number of open reminders and the next due time up to date."""
    await session.execute(COUNT_REMINDERS, *split(keys))


async def look_at_customers_of(session: Session, reps: Collection[tuple[UUID, UUID]], now: datetime) -> None:
    """Let the clock look at customers whose reminders are with these reps, given as workspace and rep."""
    await session.execute(LOOK_AT_CUSTOMERS_OF, *split(reps), now)


async def look_again(session: Session, workspace_id: UUID, after: UUID, limit: int, now: datetime) -> UUID | None:
    """Let the clock look at the next customers of a workspace; return the last of them, None at the end."""
    found: UUID | None = await session.fetchval(LOOK_AGAIN, workspace_id, after, limit, now)
    return found


async def forget_customers(session: Session) -> None:
    """Let the next event of contacts count as newer for every customer. Worker role."""
    await session.execute("UPDATE audience SET customer_version = 0, profile_version = 0")


async def remove_forgotten_customers(session: Session, now: datetime) -> None:
    """Hide customers of whom contacts has told nothing since; the clock then ends their care. Worker role."""
    await session.execute(
        "UPDATE audience SET deleted = true, display_name = NULL, look_at = $1"
        " WHERE customer_version = 0 AND created_at IS NOT NULL",
        now,
    )


async def forget_scores(session: Session) -> None:
    """Let the next event of scoring count as newer for every customer. Worker role."""
    await session.execute("UPDATE audience SET scored_version = 0")


async def clear_forgotten_scores(session: Session) -> None:
    """Take back scores of which scoring has told nothing since. Worker role."""
    blank = ", ".join(f"{name} = DEFAULT" for name in SCORES)
    await session.execute(f"UPDATE audience SET {blank} WHERE scored_version = 0 AND currency IS NOT NULL")
