"""What all orders of a customer add up to, asked by the gateway for the view of one customer."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from services.contacts.customers.dependencies import CustomersDep
from services.kit.money import Money
from services.kit.problems import NotFound
from services.kit.web import AwareTime, CallerDep, Output, ReadSession, Router, operation

router = Router(prefix="/internal/customers", tags=["internal"])
SUMS = """
SELECT o.currency, count(*) AS number, sum(o.net_minor)::bigint AS net_minor,
       sum(o.refunded_minor)::bigint AS refunded_minor, min(o.placed_at) AS first_at, max(o.placed_at) AS last_at
FROM orders o
WHERE o.workspace_id = $1 AND o.customer_id = $2 AND NOT o.test
  AND o.status NOT IN ('draft', 'failed', 'cancelled', 'deleted')
GROUP BY o.currency ORDER BY number DESC, o.currency
"""


class OrderTotalsRead(Output):
    """All orders of a customer but drafts, failures, cancellations and tests; sums by currency, most used first."""

    count: int
    net: list[Money]
    refunded: list[Money]
    first_placed_at: AwareTime | None
    last_placed_at: AwareTime | None


@router.get("/{customer_id}/order-totals", **operation(scopes=["internal"], internal=True, problems=[NotFound]))
async def read_order_totals(
    customer_id: Annotated[UUID, Path(description="Id of a person or an account.")],
    customers: CustomersDep,
    session: ReadSession,
    caller: CallerDep,
) -> OrderTotalsRead:
    """Add up the orders of a customer; of one who was joined, those of who stays."""
    found = (await customers.find(session, caller, [customer_id])).get(customer_id)
    if found is None:
        raise NotFound
    rows = await session.fetch(SUMS, session.tenant, found.id)
    return OrderTotalsRead(
        count=sum(row["number"] for row in rows),
        net=[Money.of_minor(row["net_minor"], row["currency"]) for row in rows],
        refunded=[Money.of_minor(row["refunded_minor"], row["currency"]) for row in rows],
        first_placed_at=min((row["first_at"] for row in rows), default=None),
        last_placed_at=max((row["last_at"] for row in rows), default=None),
    )
