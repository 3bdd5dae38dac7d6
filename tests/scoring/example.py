"""The worked example of the default rules: thirteen customers of a shop in Taipei, as facts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.scoring.facts.rules import Order, Rates, Refund, rates_of

ZONE = ZoneInfo("Asia/Taipei")
AS_OF = datetime(2026, 11, 22, 4, tzinfo=UTC)
TODAY = date(2026, 11, 22).toordinal()
SPACE = UUID("018f0000-0000-7000-8000-000000000000")
RATES = rates_of("TWD", [("USD", date(2026, 3, 1), Decimal("32.00")), ("USD", date(2026, 6, 1), Decimal("30.50"))])


def id_of(name: str) -> UUID:
    """Return the id of a customer or order of the example."""
    return uuid5(SPACE, name)


def noon(day: str) -> datetime:
    """Return local noon of a day."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), ZONE) + timedelta(hours=12)


@dataclass
class Customer:
    """A customer of the example with the orders credited to him or her."""

    name: str
    orders: list[Order]
    kind: str = "person"
    designated_at: datetime | None = None
    answer: tuple[int, int] | None = None
    buyer: str | None = None
    ids: Iterator[int] = field(default_factory=lambda: iter(range(1000)))


def order(
    name: str,
    at: str | datetime,
    amount: str,
    *,
    currency: str = "TWD",
    status: str = "paid",
    payment_kind: str = "card",
    refunds: tuple[Refund, ...] = (),
    cancelled_at: datetime | None = None,
) -> Order:
    """Return an order; its id comes from the customer's name and the time."""
    placed_at = noon(at) if isinstance(at, str) else at
    return Order(
        order_id=id_of(f"{name} {placed_at.isoformat()} {amount}"),
        placed_at=placed_at.astimezone(UTC),
        status=status,
        currency=currency,
        total_minor=int(Decimal(amount) * 100),
        payment_kind=payment_kind,
        refunds=refunds,
        cancelled_at=cancelled_at,
    )


def refund(at: str, amount: int) -> tuple[Refund, ...]:
    """Return one refund."""
    return (Refund(noon(at).astimezone(UTC), amount * 100),)


def instant(text: str) -> datetime:
    """Return an instant from RFC 3339."""
    return datetime.fromisoformat(text)


MONTHS = ["2025-12", *(f"2026-{month:02d}" for month in range(1, 12))]
EVERY_OTHER = ("2025-12-10", "2026-02-10", "2026-04-10", "2026-06-10", "2026-08-10", "2026-10-10")
GIVEN_BACK = refund("2026-09-20", 8500)

CUSTOMERS = [
    Customer("C01", [order("C01", f"{month}-05", "1200") for month in MONTHS]),
    Customer("C02", [*(order("C02", day, "1500") for day in EVERY_OTHER), order("C02", "2026-11-01", "0")]),
    Customer("C03", [order("C03", day, "3000") for day in ("2026-01-15", "2026-03-18", "2026-05-20")]),
    Customer("C04", [order("C04", "2026-08-01", "8400")]),
    Customer(
        "C05",
        [order("C05", "2026-09-01", "800"), order("C05", "2026-10-20", "700")],
        designated_at=noon("2026-10-21").astimezone(UTC),
    ),
    Customer("C06", [order("C06", "2026-11-15", "600")], answer=(5, date(2026, 11, 20).toordinal())),
    Customer("C07", [order("C07", "2026-02-10", "760")]),
    Customer("C08", [order("C08", instant("2026-07-03T17:00:00Z"), "500"), order("C08", "2026-07-04", "450")]),
    Customer(
        "C09",
        [
            order("C09", "2026-06-06", "400"),
            order("C09", "2026-08-08", "300"),
            order("C09", "2026-09-09", "8500", status="refunded", refunds=GIVEN_BACK),
        ],
    ),
    Customer("C10", [order("C10", "2025-11-22", "500"), order("C10", instant("2025-11-22T16:30:00Z"), "1100")]),
    Customer(
        "C11",
        [
            order("C11", "2026-03-15", "200", currency="USD", refunds=refund("2026-04-01", 25)),
            order("C11", "2026-06-10", "100", currency="USD"),
            order("C11", "2026-10-30", "1000", status="pending"),
            order("C11", "2026-11-10", "5000", status="cancelled"),
        ],
    ),
    Customer("C12", [order("C12", day, "5000") for day in ("2024-03-01", "2024-04-01", "2024-05-01")]),
    Customer(
        "A13",
        [
            order("A13", "2026-04-10", "50000"),
            order("A13", "2026-09-15", "60000", status="pending", payment_kind="invoice"),
        ],
        kind="account",
        buyer="E14",
    ),
]

__all__ = ["AS_OF", "CUSTOMERS", "RATES", "TODAY", "ZONE", "Customer", "Rates", "id_of", "noon", "order", "refund"]
