"""The facts of customers as one evaluation needs them: a few queries for a whole batch, whatever its size."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session

if TYPE_CHECKING:
    import asyncpg

CUSTOMERS = """
SELECT c.customer_id, c.type, c.designated_at, c.deleted, c.erased, c.merged_into, c.do_not_pursue, c.internal,
    (SELECT array_agg(r.rep_id::text) FROM reps r WHERE r.workspace_id = c.workspace_id AND NOT r.active
     AND r.rep_id IN (c.owner_rep_id, c.designated_rep_id)) AS left_reps
FROM customers c WHERE c.workspace_id = $1 AND c.customer_id = any($2) ORDER BY c.customer_id
"""
LOCK = " FOR UPDATE OF c"
# What never counts, not even at an earlier time, and says nothing else either, is left where it is.
TELLING = """
FROM orders WHERE workspace_id = $1 AND customer_id = any($2)
AND (counts OR settled_at > $3 OR missing_rate IS NOT NULL OR over_refunded OR status IN ('pending', 'on_hold'))
"""
ORDERS = f"""
SELECT customer_id, order_id, placed_at, day, counts, net_minor, missing_rate, over_refunded, effects, settled_at,
    status, payment_kind, test {TELLING}
"""
# Most customers have nothing but orders that count: all of them in one row are read three times as fast.
BY_TIME = "ORDER BY placed_at, order_id"
PURCHASES = f"""
SELECT customer_id, array_agg(order_id {BY_TIME}) AS ids, array_agg(placed_at {BY_TIME}) AS placed,
    array_agg(day - DATE '0001-01-01' + 1 {BY_TIME}) AS days, array_agg(net_minor {BY_TIME}) AS nets,
    array_agg(effects {BY_TIME}) AS effects, max(settled_at) AS settled_at
{TELLING} GROUP BY customer_id HAVING bool_and(counts AND settled_at <= $3 AND NOT over_refunded)
"""
RAW = """
SELECT order_id, customer_id, placed_at, status, status_before, payment_kind, currency, total_minor, goods_minor,
    refunds, cancelled_at, test, effects
FROM orders WHERE workspace_id = $1 AND customer_id = any($2) AND settled_at > $3
"""
CREDITED_TO = """
SELECT DISTINCT ON (buyer_id) buyer_id, account_id FROM orders
WHERE workspace_id = $1 AND buyer_id = any($2) AND account_id IS NOT NULL AND placed_at <= $3
AND NOT test AND status <> 'deleted'
ORDER BY buyer_id, placed_at DESC, order_id
"""
ASKED = """
SELECT i.customer_id, i.interaction_id, i.occurred_at FROM interactions i
WHERE i.workspace_id = $1 AND i.customer_id = any($2) AND i.function = 'transaction' AND i.direction = 'inbound'
AND NOT i.deleted AND coalesce(i.outcome, '') NOT IN ('no_answer', 'left_message')
ORDER BY i.occurred_at, i.interaction_id
"""
# An account's people are, as far as we are told, those who bought for it.
NEWS = """
WITH people AS (
    SELECT a AS account_id, a AS member_id FROM unnest($2::uuid[]) AS a
    UNION SELECT customer_id, buyer_id FROM orders
    WHERE workspace_id = $1 AND customer_id = any($2) AND buyer_id IS NOT NULL
)
SELECT p.account_id, min(i.occurred_at) AS first_at,
    max(i.occurred_at) FILTER (WHERE i.function = 'information' AND i.direction = 'outbound') AS news_at
FROM people p JOIN interactions i ON i.workspace_id = $1 AND i.customer_id = p.member_id
WHERE i.occurred_at <= $3 AND NOT i.deleted AND coalesce(i.outcome, '') NOT IN ('no_answer', 'left_message')
GROUP BY p.account_id
"""
HOLDERS = """
SELECT workspace_id, customer_id FROM orders
WHERE (workspace_id, order_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[])) AND customer_id IS NOT NULL
UNION
SELECT workspace_id, customer_id FROM interactions
WHERE (workspace_id, interaction_id) IN (SELECT * FROM unnest($3::uuid[], $4::uuid[]))
"""
LOCK_ALL = """
SELECT 1 FROM customers WHERE (workspace_id, customer_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
ORDER BY workspace_id, customer_id FOR UPDATE
"""
FIND = """
SELECT customer_id, type, merged_into, deleted, erased, owner_rep_id FROM customers
WHERE workspace_id = $1 AND customer_id = $2
"""
ACCOUNTS_OF = """
SELECT DISTINCT workspace_id, customer_id FROM orders
WHERE (workspace_id, buyer_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[])) AND account_id IS NOT NULL
AND customer_id IS NOT NULL
"""


async def customers(
    session: Session, workspace_id: UUID, ids: Collection[UUID], *, lock: bool
) -> "list[asyncpg.Record]":
    """Return customers by id, locked in that order so that evaluations of the same ones wait for each other."""
    return await session.fetch(CUSTOMERS + (LOCK if lock else ""), workspace_id, list(ids))


async def orders(
    session: Session, workspace_id: UUID, ids: Collection[UUID], as_of: datetime
) -> "list[asyncpg.Record]":
    """Return the orders of customers with what they come to when all is known."""
    return await session.fetch(ORDERS, workspace_id, list(ids), as_of)


async def purchases(
    session: Session, workspace_id: UUID, ids: Collection[UUID], as_of: datetime
) -> "list[asyncpg.Record]":
    """Return the purchases, in columns, of customers who have no other orders that say something."""
    return await session.fetch(PURCHASES, workspace_id, list(ids), as_of)


async def raw_orders(
    session: Session, workspace_id: UUID, ids: Collection[UUID], as_of: datetime
) -> "list[asyncpg.Record]":
    """Return the orders of which a later fact is known than `as_of`, with all facts."""
    return await session.fetch(RAW, workspace_id, list(ids), as_of)


async def credited_to(
    session: Session, workspace_id: UUID, ids: Collection[UUID], as_of: datetime
) -> "list[asyncpg.Record]":
    """Return the account that each buyer last bought for."""
    return await session.fetch(CREDITED_TO, workspace_id, list(ids), as_of)


async def asked(session: Session, workspace_id: UUID, ids: Collection[UUID]) -> "list[asyncpg.Record]":
    """Return inbound contacts about a purchase."""
    return await session.fetch(ASKED, workspace_id, list(ids))


async def news(session: Session, workspace_id: UUID, ids: Collection[UUID], as_of: datetime) -> "list[asyncpg.Record]":
    """Return when accounts were first in contact and when news was last shared with their people."""
    return await session.fetch(NEWS, workspace_id, list(ids), as_of)


async def accounts_of(
    session: Session, workspaces: Collection[UUID], people: Collection[UUID]
) -> "list[asyncpg.Record]":
    """Return the accounts for which people bought; takes pairs of workspace and person as two arrays."""
    return await session.fetch(ACCOUNTS_OF, list(workspaces), list(people))


async def holders(
    session: Session, orders: Collection[tuple[UUID, UUID]], interactions: Collection[tuple[UUID, UUID]]
) -> "list[asyncpg.Record]":
    """Return whose orders and interactions these are so far; takes pairs of workspace and id."""
    return await session.fetch(HOLDERS, *pairs(orders), *pairs(interactions))


async def find(session: Session, customer_id: UUID) -> "asyncpg.Record | None":
    """Return a customer of the session's workspace."""
    return await session.fetchrow(FIND, session.tenant, customer_id)


async def lock_all(session: Session, customers: Collection[tuple[UUID, UUID]]) -> None:
    """Lock customers of several workspaces, always in the same order."""
    await session.fetch(LOCK_ALL, *pairs(customers))


def pairs(keys: Collection[tuple[UUID, UUID]]) -> tuple[list[UUID], list[UUID]]:
    """Return keys as two arrays."""
    return [one for one, _ in keys], [one for _, one in keys]
