"""Made-up shops: customers with random orders that are paid, refunded, cancelled, edited, in two currencies."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from services.scoring.facts.rules import Order, Refund
from tests.scoring.example import AS_OF, Customer, id_of

STATUSES = ("paid",) * 8 + ("fulfilled", "partially_paid", "pending", "on_hold", "failed", "deleted")
PAYMENTS = ("card", "transfer", "cash_on_delivery", "invoice", None)
HABITS = (1, 1, 1, 2, 3, 5, 9)


def moment(chance: Random, days: int) -> datetime:
    """Return a whole second within so many days before the time of the example, or a little after it."""
    return AS_OF - timedelta(seconds=chance.randint(-2 * 86_400, days * 86_400))


def random_order(chance: Random, days: int) -> Order:
    """Return one order with whatever may have happened to it."""
    placed_at = moment(chance, days)
    total = chance.choice((0, 50_000, 120_000, chance.randint(1, 900_000)))
    status = chance.choice(STATUSES)
    refunds: list[Refund] = []
    cancelled_at = None
    fate = chance.random()
    if fate < 0.12:
        status, cancelled_at = "cancelled", placed_at + timedelta(days=chance.randint(0, 60))
    elif fate < 0.2:
        status = "refunded"
        refunds.append(Refund(placed_at + timedelta(days=chance.randint(0, 60)), total))
    elif fate < 0.35:
        status = "partially_refunded"
        days_later = [chance.randint(0, 60) for _ in range(chance.randint(1, 3))]
        refunds += [Refund(placed_at + timedelta(days=later), chance.randint(0, total)) for later in days_later]
    return Order(
        order_id=UUID(int=chance.getrandbits(128)),
        placed_at=placed_at.astimezone(UTC),
        status=status,
        currency=chance.choice(("TWD", "TWD", "TWD", "USD", "JPY")),
        total_minor=total,
        payment_kind=chance.choice(PAYMENTS),
        refunds=tuple(refunds),
        cancelled_at=cancelled_at,
        test=chance.random() < 0.04,
    )


def random_shop(seed: int, persons: int = 30, accounts: int = 7, days: int = 800) -> list[Customer]:
    """Return customers with their orders, the same for the same seed."""
    chance = Random(seed)
    shop = []
    for place in range(persons + accounts):
        kind = "person" if place < persons else "account"
        orders = [random_order(chance, days) for _ in range(chance.choice(HABITS))]
        designated_at = moment(chance, days) if chance.random() < 0.1 else None
        shop.append(Customer(f"{seed}-{place}", orders, kind, designated_at))
    return shop


def shuffled_batches(chance: Random, length: int) -> list[slice]:
    """Return slices that cut so many things into batches of random size."""
    slices, place = [], 0
    while place < length:
        size = chance.choice((1, 2, 5, 20))
        slices.append(slice(place, place + size))
        place += size
    return slices


__all__ = ["id_of", "random_order", "random_shop", "shuffled_batches"]
