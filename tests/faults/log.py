"""The services' logs of events, read from the database: complete, in order, and what they add up to."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from migrations import SCHEMAS
from tests.settled import UNSETTLED
from tests.system.client import eventually

if TYPE_CHECKING:
    import asyncpg

SETTLE_SECONDS = 120.0
LOG = "SELECT position, workspace_id, type, subject, version, data::text AS data FROM {0}.events ORDER BY position"
STANDINGS = "SELECT customer_id, net_revenue_minor, orders_count FROM {0} WHERE customer_id = ANY($1)"
CENTS = 100
Figures = dict[str, tuple[Decimal, int]]
"""Net revenue and number of counting orders by customer."""


class Log:
    """What the processes have written down, over all schemas."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def settled(self) -> None:
        """Wait until every event is numbered, and applied by everybody who follows it."""

        async def quiet() -> bool:
            return bool(await self._connection.fetchval(UNSETTLED) == 0)

        await eventually(quiet, "every event is applied", SETTLE_SECONDS)

    async def is_complete_and_in_order(self) -> None:
        """Positions without a gap, and of each entity versions that only rise."""
        for schema in SCHEMAS:
            rows = await self._connection.fetch(LOG.format(schema))
            positions = [row["position"] for row in rows]
            first = positions[0] if positions else 1
            assert positions == list(range(first, first + len(positions))), f"{schema} has a gap"
            last: dict[tuple[Any, ...], int] = {}
            for row in rows:
                entity = row["workspace_id"], row["type"], row["subject"]
                assert row["version"] > last.get(entity, 0), f"{schema} {entity} at {row['position']}"
                last[entity] = row["version"]

    async def figures(self) -> Figures:
        """Add up the orders of the log anew: of each the last event counts."""
        orders: dict[str, Any] = {}
        for row in await self._connection.fetch(LOG.format("contacts")):
            if row["type"] == "order.changed":
                orders[str(row["subject"])] = orjson.loads(row["data"])
        found: Figures = {}
        for order in orders.values():
            net = order["total_minor"] - sum(refund["amount_minor"] for refund in order["refunds"])
            revenue, count = found.get(order["customer_id"], (Decimal(0), 0))
            found[order["customer_id"]] = revenue + Decimal(net) / CENTS, count + (net > 0)
        return found

    async def figures_in(self, table: str, customers: Mapping[str, object]) -> Figures:
        """Return what a service holds of customers."""
        rows = await self._connection.fetch(STANDINGS.format(table), list(customers))
        return {
            str(row["customer_id"]): (Decimal(row["net_revenue_minor"]) / CENTS, row["orders_count"]) for row in rows
        }
