"""The queries on orders that answer requests; facts are written by `intake_rows`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

if TYPE_CHECKING:
    import asyncpg

COLUMNS = """
    o.id, o.version, o.created_at, o.updated_at, o.source_id, o.source AS source_key, s.name AS source_name,
    o.external_id, o.number, o.customer_id, o.customer_type, o.buyer_id, o.account_id,
    p.display_name AS buyer_name, a.name AS account_name, o.status, o.payment_status, o.fulfilment_status,
    o.platform_status, o.payment_kind, o.placed_at, o.platform_updated_at, o.cancelled_at, o.currency, o.total_minor,
    o.subtotal_minor, o.discount_minor, o.tax_minor, o.shipping_minor, o.refunded_minor, o.net_minor, o.items,
    o.refunds, o.coupons, o.test, o.store, o.rep_id, r.display_name AS rep_name, o.promised_at, o.dispatched_at,
    o.delivered_at, w.reporting_currency, (
        SELECT x.rate FROM exchange_rates x
        WHERE x.workspace_id = o.workspace_id AND x.currency = o.currency
          AND x.valid_from <= (o.placed_at AT TIME ZONE coalesce(w.time_zone, 'UTC'))::date
        ORDER BY x.valid_from DESC LIMIT 1
    ) AS rate"""
SOURCE = """orders o
    LEFT JOIN people p ON p.workspace_id = o.workspace_id AND p.id = o.buyer_id
    LEFT JOIN accounts a ON a.workspace_id = o.workspace_id AND a.id = o.account_id
    LEFT JOIN sources s ON s.workspace_id = o.workspace_id AND s.id = o.source_id
    LEFT JOIN reps r ON r.workspace_id = o.workspace_id AND r.id = o.rep_id
    LEFT JOIN workspaces w ON w.workspace_id = o.workspace_id"""
ORDERS = Listing(
    columns=COLUMNS,
    source=SOURCE,
    sorts={
        "placed_at": Sort("o.placed_at", "timestamptz"),
        "updated_at": Sort("o.updated_at", "timestamptz"),
    },
    id_column="o.id",
)
OWNER = "coalesce(a.owner_rep_id, p.owner_rep_id)"
"""The rep who looks after the customer; lists of those who see only their own are limited by it."""
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2 || '/' || $3, 7))"


class OrdersRepository:
    """The table `orders`, as requests read it."""

    async def page(self, session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
        """Return a page of orders."""
        return await ORDERS.fetch(session, where, query, bound, sort=sort)

    async def read(self, session: Session, order_id: UUID) -> "asyncpg.Record | None":
        """Return an order with names and the rate of its day."""
        return await session.fetchrow(
            f"SELECT {COLUMNS}, {OWNER} AS owner_rep_id FROM {SOURCE} WHERE o.workspace_id = $1 AND o.id = $2",
            session.tenant,
            order_id,
        )

    async def stored(self, session: Session, source: str, external_id: str) -> "asyncpg.Record | None":
        """Return the raw row of an order, from which its state can be read."""
        return await session.fetchrow(
            "SELECT * FROM orders WHERE workspace_id = $1 AND source = $2 AND external_id = $3",
            session.tenant,
            source,
            external_id,
        )

    async def stored_by_id(self, session: Session, order_id: UUID) -> "asyncpg.Record | None":
        """Return the raw row of an order by its id."""
        return await session.fetchrow(
            "SELECT * FROM orders WHERE workspace_id = $1 AND id = $2", session.tenant, order_id
        )

    async def known(self, session: Session, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
        """Return which of these orders are known, by source key and external id."""
        rows = await session.fetch(
            "SELECT o.id, o.source, o.external_id FROM unnest($2::text[], $3::text[]) AS k (source, external_id)"
            " JOIN orders o ON o.source = k.source AND o.external_id = k.external_id WHERE o.workspace_id = $1",
            session.tenant,
            [source for source, _ in names],
            [external_id for _, external_id in names],
        )
        return {(row["source"], row["external_id"]): row["id"] for row in rows}

    async def take_turn(self, session: Session, source: str, external_id: str) -> None:
        """Wait until nobody else changes parts of the order; the row itself is locked by the intake, after people."""
        await session.fetch(LOCK, str(session.tenant), source, external_id)

    async def sources(self, session: Session, keys: Sequence[str]) -> dict[str, UUID]:
        """Return the ids of sources by key."""
        rows = await session.fetch(
            "SELECT key, id FROM sources WHERE workspace_id = $1 AND key = any($2::text[])", session.tenant, keys
        )
        return {row["key"]: row["id"] for row in rows}

    async def reps(self, session: Session, ids: Sequence[UUID]) -> set[UUID]:
        """Return which of these ids are reps."""
        rows = await session.fetch(
            "SELECT id FROM reps WHERE workspace_id = $1 AND id = any($2::uuid[])", session.tenant, ids
        )
        return {row["id"] for row in rows}

    async def default_region(self, session: Session) -> str | None:
        """Return the country of phone numbers that are written without a country code."""
        region: str | None = await session.fetchval(
            "SELECT default_region FROM workspaces WHERE workspace_id = $1", session.tenant
        )
        return region
