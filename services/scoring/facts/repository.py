"""Every query on the tables of facts. Background role: every statement names its workspace."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.scoring.rows import Row

if TYPE_CHECKING:
    import asyncpg


def columns(rows: Sequence[Row], names: Sequence[str]) -> list[list[object]]:
    """Return rows as one array per column, as unnest() takes them."""
    return [[row[name] for row in rows] for name in names]


CUSTOMER = (
    "workspace_id",
    "customer_id",
    "version",
    "type",
    "created_at",
    "deleted",
    "erased",
    "merged_into",
    "owner_rep_id",
    "designated_rep_id",
    "designated_at",
    "do_not_pursue",
    "internal",
)
PUT_CUSTOMERS = f"""
INSERT INTO customers ({", ".join(CUSTOMER)})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::bool[], $7::bool[],
    $8::uuid[], $9::uuid[], $10::uuid[], $11::timestamptz[], $12::bool[], $13::bool[])
    AS c ({", ".join(CUSTOMER)}) ORDER BY workspace_id, customer_id
ON CONFLICT (workspace_id, customer_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in CUSTOMER[2:])}
WHERE customers.version < excluded.version
RETURNING workspace_id, customer_id
"""
MEET_CUSTOMERS = """
INSERT INTO customers (workspace_id, customer_id, type)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS c (workspace_id, customer_id, type)
ORDER BY workspace_id, customer_id
ON CONFLICT DO NOTHING
"""
ORDER = (
    "workspace_id",
    "order_id",
    "version",
    "customer_id",
    "customer_type",
    "buyer_id",
    "account_id",
    "placed_at",
    "status",
    "payment_kind",
    "currency",
    "total_minor",
    "goods_minor",
    "refunds",
    "cancelled_at",
    "test",
    "effects",
)
WORTH = ("settled_at", "day", "counts", "net_minor", "missing_rate", "over_refunded")
PUT_ORDERS = f"""
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[], $7::uuid[],
        $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::text[],
        $15::timestamptz[], $16::bool[], $17::text[], $18::timestamptz[], $19::date[], $20::bool[], $21::bigint[],
        $22::text[], $23::bool[], $24::text[]) AS o ({", ".join((*ORDER, *WORTH))}, seen)
), before AS (
    SELECT o.workspace_id, o.order_id, o.customer_id, o.buyer_id FROM orders o JOIN told USING (workspace_id, order_id)
), written AS (
    INSERT INTO orders ({", ".join((*ORDER, *WORTH))}, status_before)
    SELECT {", ".join((*ORDER, *WORTH)).replace("refunds", "refunds::jsonb")}, seen
    FROM told ORDER BY workspace_id, order_id
    ON CONFLICT (workspace_id, order_id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in (*ORDER[2:], *WORTH))},
        status_before = coalesce(
            (SELECT seen FROM told t WHERE (t.workspace_id, t.order_id) = (orders.workspace_id, orders.order_id)),
            orders.status_before)
    WHERE orders.version < excluded.version
    RETURNING workspace_id, order_id, customer_id, buyer_id
)
SELECT w.workspace_id, w.order_id, w.customer_id, w.buyer_id, b.customer_id AS customer_before,
       b.buyer_id AS buyer_before
FROM written w LEFT JOIN before b USING (workspace_id, order_id)
"""
REVALUE = """
UPDATE orders o SET day = v.day, counts = v.counts, net_minor = v.net_minor, missing_rate = v.missing_rate,
    over_refunded = v.over_refunded
FROM unnest($2::uuid[], $3::date[], $4::bool[], $5::bigint[], $6::text[], $7::bool[])
    AS v (order_id, day, counts, net_minor, missing_rate, over_refunded)
WHERE o.workspace_id = $1 AND o.order_id = v.order_id
AND (o.day, o.counts, o.net_minor, o.missing_rate, o.over_refunded)
    IS DISTINCT FROM (v.day, v.counts, v.net_minor, v.missing_rate, v.over_refunded)
"""
INTERACTION = (
    "workspace_id",
    "interaction_id",
    "version",
    "customer_id",
    "function",
    "channel",
    "direction",
    "occurred_at",
    "outcome",
    "rep_id",
    "deleted",
)
PUT_INTERACTIONS = f"""
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[],
        $8::timestamptz[], $9::text[], $10::uuid[], $11::bool[]) AS i ({", ".join(INTERACTION)})
), before AS (
    SELECT i.workspace_id, i.interaction_id, i.customer_id
    FROM interactions i JOIN told USING (workspace_id, interaction_id)
), written AS (
    INSERT INTO interactions ({", ".join(INTERACTION)}) SELECT * FROM told ORDER BY workspace_id, interaction_id
    ON CONFLICT (workspace_id, interaction_id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in INTERACTION[2:])}
    WHERE interactions.version < excluded.version
    RETURNING workspace_id, interaction_id, customer_id
)
SELECT w.workspace_id, w.customer_id, b.customer_id AS customer_before
FROM written w LEFT JOIN before b USING (workspace_id, interaction_id)
"""
RATE = ("workspace_id", "rate_id", "version", "currency", "valid_from", "rate", "deleted")
PUT_RATES = f"""
INSERT INTO exchange_rates ({", ".join(RATE)})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::date[], $6::numeric[], $7::bool[])
    AS r ({", ".join(RATE)}) ORDER BY workspace_id, rate_id
ON CONFLICT (workspace_id, rate_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in RATE[2:])}
WHERE exchange_rates.version < excluded.version
RETURNING workspace_id, currency
"""
PUT_REPS = """
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bool[]) AS r (workspace_id, rep_id, version, active)
), before AS (
    SELECT r.workspace_id, r.rep_id, r.active FROM reps r JOIN told USING (workspace_id, rep_id)
), written AS (
    INSERT INTO reps (workspace_id, rep_id, version, active) SELECT * FROM told ORDER BY workspace_id, rep_id
    ON CONFLICT (workspace_id, rep_id) DO UPDATE SET version = excluded.version, active = excluded.active
    WHERE reps.version < excluded.version
    RETURNING workspace_id, rep_id, active
)
SELECT w.workspace_id, w.rep_id FROM written w LEFT JOIN before b USING (workspace_id, rep_id)
WHERE coalesce(b.active, true) <> w.active
"""
LOOKED_AFTER = """
SELECT customer_id FROM customers
WHERE workspace_id = $1 AND (owner_rep_id = $2 OR designated_rep_id = $2) AND customer_id > $3
ORDER BY customer_id LIMIT $4
"""
RATES = "SELECT currency, valid_from, rate FROM exchange_rates WHERE workspace_id = $1 AND NOT deleted"
ORDER_COLUMNS = """order_id, placed_at, status, status_before, payment_kind, currency, total_minor, goods_minor,
    refunds, cancelled_at, test"""
ORDERS_OF = f"SELECT {ORDER_COLUMNS} FROM orders WHERE workspace_id = $1 AND customer_id = any($2)"
NAMELESS_ORDERS = f"""
SELECT {ORDER_COLUMNS} FROM orders WHERE workspace_id = $1 AND customer_id IS NULL AND order_id > $2
ORDER BY order_id LIMIT $3
"""
UNSETTLED = f"""
SELECT {ORDER_COLUMNS}, customer_id FROM orders WHERE workspace_id = $1 AND settled_at > $2 AND placed_at <= $2
"""
BUYERS = """
SELECT DISTINCT customer_id FROM orders
WHERE workspace_id = $1 AND currency = $2 AND customer_id > $3 ORDER BY customer_id LIMIT $4
"""
# Whoever has an order, and whoever was evaluated before even if the orders went elsewhere.
SCORABLE_AFTER = """
SELECT customer_id FROM (
    (SELECT DISTINCT customer_id FROM orders
     WHERE workspace_id = $1 AND customer_id > $2 ORDER BY customer_id LIMIT $3)
    UNION
    (SELECT customer_id FROM standings WHERE workspace_id = $1 AND customer_id > $2 ORDER BY customer_id LIMIT $3)
) AS known ORDER BY customer_id LIMIT $3
"""


async def put_customers(session: Session, rows: Sequence[Row]) -> "list[asyncpg.Record]":
    """Take over customers that are newer than ours; return which were."""
    return await session.fetch(PUT_CUSTOMERS, *columns(rows, CUSTOMER))


async def meet_customers(session: Session, rows: Collection[tuple[UUID, UUID, str]]) -> None:
    """Make a row for customers that an order names before their own event came."""
    met = list(rows)
    await session.execute(MEET_CUSTOMERS, [r[0] for r in met], [r[1] for r in met], [r[2] for r in met])


async def put_orders(session: Session, rows: Sequence[Row]) -> "list[asyncpg.Record]":
    """Take over orders that are newer than ours, with their worth; return whose they are and were."""
    return await session.fetch(PUT_ORDERS, *columns(rows, (*ORDER, *WORTH, "seen")))


async def revalue(session: Session, workspace_id: UUID, rows: Sequence[Row]) -> int:
    """Write what orders come to by now; return how many changed."""
    names = ("order_id", *WORTH[1:])
    return await session.execute(REVALUE, workspace_id, *columns(rows, names))


async def put_interactions(session: Session, rows: Sequence[Row]) -> "list[asyncpg.Record]":
    """Take over contacts that are newer than ours; return whose they are and were."""
    return await session.fetch(PUT_INTERACTIONS, *columns(rows, INTERACTION))


async def put_rates(session: Session, rows: Sequence[Row]) -> "list[asyncpg.Record]":
    """Take over exchange rates that are newer than ours; return the currencies that moved."""
    return await session.fetch(PUT_RATES, *columns(rows, RATE))


async def put_reps(session: Session, rows: Sequence[Row]) -> "list[asyncpg.Record]":
    """Take over reps that are newer than ours; return those who left or came back."""
    return await session.fetch(PUT_REPS, *columns(rows, ("workspace_id", "rep_id", "version", "active")))


async def looked_after(
    session: Session, workspace_id: UUID, rep_id: UUID, after: UUID, limit: int
) -> "list[asyncpg.Record]":
    """Return customers whom a rep looks after, by id."""
    return await session.fetch(LOOKED_AFTER, workspace_id, rep_id, after, limit)


async def rates(session: Session, workspace_id: UUID) -> "list[asyncpg.Record]":
    """Return every rate of a workspace."""
    return await session.fetch(RATES, workspace_id)


async def orders_of(session: Session, workspace_id: UUID, customers: Collection[UUID]) -> "list[asyncpg.Record]":
    """Return all orders credited to customers."""
    return await session.fetch(ORDERS_OF, workspace_id, list(customers))


async def nameless_orders(session: Session, workspace_id: UUID, after: UUID, limit: int) -> "list[asyncpg.Record]":
    """Return orders that nobody is credited with."""
    return await session.fetch(NAMELESS_ORDERS, workspace_id, after, limit)


async def unsettled(session: Session, workspace_id: UUID, as_of: datetime) -> "list[asyncpg.Record]":
    """Return the orders of which a later fact is known than `as_of`."""
    return await session.fetch(UNSETTLED, workspace_id, as_of)


async def buyers_in(
    session: Session, workspace_id: UUID, currency: str, after: UUID, limit: int
) -> "list[asyncpg.Record]":
    """Return customers with orders in a currency, by id."""
    return await session.fetch(BUYERS, workspace_id, currency, after, limit)


async def scorable_after(session: Session, workspace_id: UUID, after: UUID, limit: int) -> "list[asyncpg.Record]":
    """Return customers who can have scores, by id."""
    return await session.fetch(SCORABLE_AFTER, workspace_id, after, limit)


async def forget_versions(session: Session) -> None:
    """Let the next event of every entity count as newer: a restored producer may tell lower versions."""
    for table in ("customers", "orders", "interactions", "exchange_rates", "reps"):
        await session.execute(f"UPDATE {table} SET version = -1")


async def drop_unseen(session: Session) -> None:
    """Remove what a snapshot did not show again. Customers stay as deleted ones, since scores hang on them."""
    await session.execute("UPDATE customers SET deleted = true, version = 0 WHERE version = -1")
    for table in ("orders", "interactions", "exchange_rates", "reps"):
        await session.execute(f"DELETE FROM {table} WHERE version = -1")
