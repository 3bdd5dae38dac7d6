"""Every query on `interactions`."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.campaigns.interactions.rules import HABIT_WINDOW, Interaction, is_contact
from services.contracts.contacts import InteractionChanged
from services.kit.database import Session

Key = tuple[UUID, UUID]
"""Workspace and customer."""

MOST = 200
"""So many of a customer's latest interactions are enough to know the habits."""

APPLY = """
WITH given AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::timestamptz[], $11::boolean[], $12::boolean[]
    ) AS g (workspace_id, id, version, customer_id, rep_id, function, channel, direction, outcome, occurred_at,
            deleted, contact)
), before AS (
    SELECT i.workspace_id, i.customer_id FROM given g JOIN interactions i USING (workspace_id, id)
    WHERE i.version < g.version
), stored AS (
    INSERT INTO interactions (workspace_id, id, version, customer_id, rep_id, function, channel, direction, outcome,
        occurred_at, deleted, contact)
    SELECT * FROM given
    ON CONFLICT (workspace_id, id) DO UPDATE SET version = excluded.version, customer_id = excluded.customer_id,
        rep_id = excluded.rep_id, function = excluded.function, channel = excluded.channel,
        direction = excluded.direction, outcome = excluded.outcome, occurred_at = excluded.occurred_at,
        deleted = excluded.deleted, contact = excluded.contact
    WHERE interactions.version < excluded.version
    RETURNING workspace_id, customer_id
)
SELECT workspace_id, customer_id FROM before UNION SELECT workspace_id, customer_id FROM stored
"""
LAST_CONTACTS = """
SELECT k.workspace_id, k.customer_id,
    (SELECT max(i.occurred_at) FROM interactions i WHERE i.workspace_id = k.workspace_id
        AND i.customer_id = k.customer_id AND NOT i.deleted AND i.contact AND i.occurred_at <= $3) AS last_contact_at
FROM unnest($1::uuid[], $2::uuid[]) AS k (workspace_id, customer_id)
"""
RECENT = """
SELECT k.workspace_id, k.customer_id, i.channel, i.direction, i.function, i.outcome, i.occurred_at
FROM unnest($1::uuid[], $2::uuid[]) AS k (workspace_id, customer_id)
CROSS JOIN LATERAL (
    SELECT * FROM interactions i WHERE i.workspace_id = k.workspace_id AND i.customer_id = k.customer_id
        AND NOT i.deleted AND i.occurred_at > $3 AND i.occurred_at <= $4
    ORDER BY i.occurred_at DESC LIMIT $5
) i
"""


async def apply(session: Session, changes: Sequence[tuple[UUID, InteractionChanged]]) -> set[Key]:
    """Take over interactions, each once; return the customers that this concerns, former ones included."""
    rows = await session.fetch(
        APPLY,
        [workspace_id for workspace_id, _ in changes],
        [one.interaction_id for _, one in changes],
        [one.version for _, one in changes],
        [one.customer_id for _, one in changes],
        [one.rep_id for _, one in changes],
        [one.function for _, one in changes],
        [one.channel for _, one in changes],
        [one.direction for _, one in changes],
        [one.outcome for _, one in changes],
        [one.occurred_at for _, one in changes],
        [one.deleted for _, one in changes],
        [is_contact(fact_of(one)) for _, one in changes],
    )
    return {(row["workspace_id"], row["customer_id"]) for row in rows}


async def last_contacts(session: Session, keys: Collection[Key], now: datetime) -> dict[Key, datetime | None]:
    """Return each customer's last contact up to now."""
    rows = await session.fetch(LAST_CONTACTS, [ws for ws, _ in keys], [customer for _, customer in keys], now)
    return {(row["workspace_id"], row["customer_id"]): row["last_contact_at"] for row in rows}


async def recent(session: Session, keys: Collection[Key], now: datetime) -> Mapping[Key, list[Interaction]]:
    """Return the customers' interactions of the last year, newest first, at most two hundred each."""
    found: dict[Key, list[Interaction]] = defaultdict(list)
    rows = await session.fetch(
        RECENT, [ws for ws, _ in keys], [customer for _, customer in keys], now - HABIT_WINDOW, now, MOST
    )
    for row in rows:
        found[row["workspace_id"], row["customer_id"]].append(
            Interaction(row["channel"], row["direction"], row["function"], row["outcome"], row["occurred_at"])
        )
    return found


async def forget_versions(session: Session) -> None:
    """Let the next event of every interaction count as newer. Worker role."""
    await session.execute("UPDATE interactions SET version = 0")


async def remove_forgotten(session: Session) -> set[Key]:
    """Remove interactions of which nothing was heard since; return whose they were. Worker role."""
    rows = await session.fetch("DELETE FROM interactions WHERE version = 0 RETURNING workspace_id, customer_id")
    return {(row["workspace_id"], row["customer_id"]) for row in rows}


def fact_of(event: InteractionChanged) -> Interaction:
    """Return an event as the rules see it."""
    return Interaction(event.channel, event.direction, event.function, event.outcome, event.occurred_at)
