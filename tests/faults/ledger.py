"""What was sent and acknowledged, and what must be there in the end."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

Answers = dict[str, str]


@dataclass
class SentOrder:
    """One order of a shop as its acknowledged messages add up."""

    external_id: str
    customer: int
    placed_at: datetime
    updated_at: datetime
    total: Decimal
    refunds: dict[int, Decimal] = field(default_factory=dict)

    @property
    def net(self) -> Decimal:
        """What is left of it."""
        return self.total - sum(self.refunds.values(), Decimal(0))


@dataclass
class Ledger:
    """The replay that Kith is compared with; every entry was acknowledged."""

    orders: dict[str, SentOrder] = field(default_factory=dict)
    deliveries: dict[str, set[str]] = field(default_factory=dict)
    """Ids of acknowledged deliveries, by source id."""
    people: Answers = field(default_factory=dict)
    """Idempotency-Key of an API write to the id it was answered with."""
    interactions: Answers = field(default_factory=dict)
    attempts: int = 0
    failures: int = 0

    def acknowledge(self, source_id: str, delivery_id: str) -> None:
        """Remember a delivery that was answered 200."""
        self.deliveries.setdefault(source_id, set()).add(delivery_id)

    def revenue(self) -> dict[int, Decimal]:
        """Return net revenue by customer number."""
        found: dict[int, Decimal] = {}
        for order in self.orders.values():
            found[order.customer] = found.get(order.customer, Decimal(0)) + order.net
        return found

    def counts(self) -> dict[int, int]:
        """Return how many orders of each customer count: those that are not refunded whole."""
        found: dict[int, int] = {}
        for order in self.orders.values():
            found[order.customer] = found.get(order.customer, 0) + (order.net > 0)
        return found
