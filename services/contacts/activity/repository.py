"""The query on what has happened with customers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session

if TYPE_CHECKING:
    import asyncpg

ACTIVITY = """
SELECT c.id, o.orders_count, o.last_order_at, i.interactions_count, i.last_interaction_at
FROM unnest($2::uuid[]) AS c (id)
CROSS JOIN LATERAL (
    SELECT count(*) AS orders_count, max(o.placed_at) AS last_order_at FROM orders o
    WHERE o.workspace_id = $1 AND o.customer_id = c.id AND NOT o.test
      AND o.status NOT IN ('draft', 'failed', 'cancelled', 'deleted')
) o
CROSS JOIN LATERAL (
    SELECT count(*) AS interactions_count, max(i.occurred_at) AS last_interaction_at FROM interactions i
    WHERE i.workspace_id = $1 AND i.customer_id = c.id AND i.deleted_at IS NULL
) i
"""


async def activity(session: Session, ids: Sequence[UUID]) -> "list[asyncpg.Record]":
    """Return how much has happened with customers, and when last."""
    return await session.fetch(ACTIVITY, session.tenant, ids)
