"""The statements that write orders from facts, whole batches at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.kit.database import Session

if TYPE_CHECKING:
    import asyncpg

MERGED = {
    "source_id": "uuid",
    "number": "text",
    "buyer_id": "uuid",
    "account_id": "uuid",
    "customer_id": "uuid",
    "customer_type": "text",
    "status": "text",
    "payment_status": "text",
    "fulfilment_status": "text",
    "platform_status": "text",
    "payment_kind": "text",
    "currency": "text",
    "total_minor": "bigint",
    "subtotal_minor": "bigint",
    "discount_minor": "bigint",
    "tax_minor": "bigint",
    "shipping_minor": "bigint",
    "refunded_minor": "bigint",
    "net_minor": "bigint",
    "goods_minor": "bigint",
    "placed_at": "timestamptz",
    "platform_updated_at": "timestamptz",
    "status_rank": "bigint",
    "body_hash": "text",
    "cancelled_at": "timestamptz",
    "deleted_balance": "bigint",
    "items": "jsonb",
    "refunds": "jsonb",
    "coupons": "text[]",
    "store": "text",
    "rep_id": "uuid",
    "promised_at": "timestamptz",
    "dispatched_at": "timestamptz",
    "delivered_at": "timestamptz",
    "test": "boolean",
    "effects": "text",
    "merge_state": "jsonb",
}
"""Columns that facts decide, with their types."""

TYPED = ", ".join(f"{name} {kind}" for name, kind in MERGED.items())
NAMES = ", ".join(MERGED)

LOCK = """
SELECT o.* FROM unnest($2::text[], $3::text[]) AS k (source, external_id)
JOIN orders o ON o.workspace_id = $1 AND o.source = k.source AND o.external_id = k.external_id
ORDER BY o.id FOR NO KEY UPDATE OF o
"""
# In one order for everybody, so that two who create the same orders wait for one another instead of for ever.
CREATE = f"""
INSERT INTO orders (workspace_id, id, created_at, updated_at, source, external_id, {NAMES})
SELECT $1, id, $3, $3, source, external_id, {NAMES}
FROM json_to_recordset($2::json) AS o (id uuid, source text, external_id text, {TYPED})
ORDER BY source, external_id
ON CONFLICT (workspace_id, source, external_id) DO NOTHING
RETURNING id
"""  # noqa: S608 - names of columns, from the table above
CHANGE = f"""
UPDATE orders SET version = orders.version + 1, updated_at = $3, {", ".join(f"{name} = o.{name}" for name in MERGED)}
FROM json_to_recordset($2::json) AS o (id uuid, {TYPED})
WHERE orders.workspace_id = $1 AND orders.id = o.id
"""  # noqa: S608 - as above
# Two ways to find a buyer's orders, each with its index: credited to the buyer, or to the account he bought for.
MOVE = """
WITH moves AS (
    SELECT loser, survivor FROM unnest($2::uuid[], $3::uuid[]) AS m (loser, survivor)
), theirs AS (
    SELECT o.id, m.survivor FROM moves m
    JOIN orders o ON o.workspace_id = $1 AND o.customer_id = m.loser AND o.account_id IS NULL
    UNION ALL
    SELECT o.id, m.survivor FROM moves m
    JOIN orders o ON o.workspace_id = $1 AND o.buyer_id = m.loser AND o.account_id IS NOT NULL
)
UPDATE orders SET version = orders.version + 1, updated_at = $4, buyer_id = t.survivor,
    customer_id = coalesce(orders.account_id, t.survivor)
FROM theirs t WHERE orders.workspace_id = $1 AND orders.id = t.id
RETURNING orders.*
"""


class IntakeRows:
    """The table `orders`, as facts write it."""

    async def lock(
        self, session: Session, workspace_id: UUID, names: Iterable[tuple[str, str]]
    ) -> "list[asyncpg.Record]":
        """Return the orders of these names and keep them from others until this transaction ends."""
        wanted = list(names)
        if not wanted:
            return []
        return await session.fetch(LOCK, workspace_id, [one[0] for one in wanted], [one[1] for one in wanted])

    async def create(
        self, session: Session, workspace_id: UUID, rows: Sequence[Mapping[str, Any]], now: datetime
    ) -> set[UUID]:
        """Create orders; returns the ids of those that nobody else created meanwhile."""
        if not rows:
            return set()
        return {row["id"] for row in await session.fetch(CREATE, workspace_id, rows, now)}

    async def change(
        self, session: Session, workspace_id: UUID, rows: Sequence[Mapping[str, Any]], now: datetime
    ) -> None:
        """Change orders that are locked."""
        if rows:
            await session.execute(CHANGE, workspace_id, rows, now)

    async def move(
        self, session: Session, workspace_id: UUID, joins: Mapping[UUID, UUID], now: datetime
    ) -> "list[asyncpg.Record]":
        """Give the orders of people who were joined to those who stay, and return them."""
        return await session.fetch(MOVE, workspace_id, list(joins), list(joins.values()), now)
