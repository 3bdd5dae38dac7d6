"""What was sent and acknowledged, and what must be there in the end."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tests.system.client import Json


@dataclass
class SentOrder:
    """One order as the acknowledged messages about it add up."""

    source: str
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


@dataclass(frozen=True)
class Write:
    """An API write and how it was answered."""

    method: str
    path: str
    body: Json
    key: str
    status: int
    answer: Json


@dataclass
class Ledger:
    """The replay that Kith is compared with; every entry was acknowledged."""

    orders: dict[str, SentOrder] = field(default_factory=dict)
    deliveries: dict[str, set[str]] = field(default_factory=dict)
    """Ids of acknowledged deliveries, by source id."""
    writes: list[Write] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    """Ids of people to the address that each was created with."""
    tags: dict[str, set[str]] = field(default_factory=dict)
    """Tags of people by id."""
    summaries: dict[str, str] = field(default_factory=dict)
    """Summaries, each of one interaction, to the customer's id."""
    completed: dict[str, str] = field(default_factory=dict)
    """Ids of completed reminders to the summary of their interaction."""
    attempts: int = 0
    failures: int = 0
    replayed: int = 0
    """Writes that took effect although their first answer was lost."""

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
