"""The queries behind the list of customers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.kit.database import Session
from services.kit.web.lists import Listing, Sort, Where

COLUMNS = """
a.customer_id AS id, a.type, a.display_name, a.owner_rep_id, a.tags, a.lifecycle_stage, a.region, a.scores, a.currency,
a.net_revenue_minor, a.orders_count, a.last_order_at, a.last_contact_at, a.next_reminder_at, a.open_reminders,
a.created_at, a.designated_rep_id, a.do_not_contact, a.do_not_pursue, a.locale, a.time_zone, a.preferred_channel,
a.purchase_days, a.first_order_at, a.overdue_ratio
"""
LISTING = Listing(
    columns=COLUMNS,
    source="audience a",
    sorts={
        "created_at": Sort("a.created_at", "timestamptz"),
        "display_name": Sort("a.display_name", "text", nullable=True),
        "value_tier_points": Sort("a.value_tier_points", "bigint", nullable=True, mirrored=True),
        "net_revenue": Sort("a.net_revenue_minor", "bigint", nullable=True),
        "last_order_at": Sort("a.last_order_at", "timestamptz", nullable=True),
        "last_contact_at": Sort("a.last_contact_at", "timestamptz", nullable=True),
        "next_reminder_at": Sort("a.next_reminder_at", "timestamptz", nullable=True),
    },
    id_column="a.customer_id",
)
FIND = f"SELECT {COLUMNS} FROM audience a WHERE a.workspace_id = $1 AND a.customer_id = any($2::uuid[]) AND a.listed"
TAGGED = """
EXISTS (SELECT 1 FROM audience_tags t WHERE t.workspace_id = a.workspace_id AND t.customer_id = a.customer_id
        AND t.tag = any({}::text[]))
"""


def present(session: Session, *, deleted: bool) -> Where:
    """Return the condition for present customers of the session's workspace, or for deleted ones."""
    where = Where().add("a.workspace_id = {}", session.tenant)
    return where.add("a.deleted AND a.created_at IS NOT NULL") if deleted else where.add("a.listed")


def any_choice(where: Where, column: str, values: Sequence[str]) -> None:
    """Limit a list to rows with one of the values; `null` among them stands for rows without one."""
    known = [value for value in values if value != "null"]
    if known and len(known) < len(values):
        where.add(f"({column} = any({{}}::text[]) OR {column} IS NULL)", known)
    elif known:
        where.add(f"{column} = any({{}}::text[])", known)
    elif values:
        where.add(f"{column} IS NULL")


def span(where: Where, column: str, after: datetime | None, before: datetime | None) -> None:
    """Limit a list to rows after one instant and before another, both exclusive."""
    if after:
        where.add(f"{column} > {{}}::timestamptz", after)
    if before:
        where.add(f"{column} < {{}}::timestamptz", before)


async def find(session: Session, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return present customers by id."""
    return await session.fetch(FIND, session.tenant, list(ids))
