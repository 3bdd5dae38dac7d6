"""What somebody buys on a day: lines, discounts, shipping, payment, and what became of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from deploy.demo.catalogue import CHARM, COUPONS, GIFTS, TEAS, TOOLS, WHOLESALE, Product
from deploy.demo.model import SHOPIFY, Habit, Line, Order, Person

ZERO = Decimal(0)
TWD_PER_USD = 31
SHIPPING = {"TWD": Decimal(100), "USD": Decimal("9.50")}
FREE_SHIPPING = {"TWD": Decimal(1500), "USD": Decimal(60)}
DOLLAR_REGIONS = ("US", "AE", "IL")
CANCELLED, REFUNDED, PARTLY = 0.03, 0.05, 0.08
"""Shares of orders that end so, each counted from 0."""
COUPON_SHARE = 0.12
GIFT, TOOL, STICKER = 0.12, 0.2, 0.24
"""Shares of baskets with something beside tea in them, each counted from 0."""


def make_order(person: Person, placed_at: datetime, step: int, chance: Random) -> Order:
    """Make one order without its number; `step` counts the person's earlier ones."""
    currency = "USD" if person.source == SHOPIFY and person.region in DOLLAR_REGIONS else "TWD"
    lines = tuple(_line(product, quantity, currency) for product, quantity in _basket(person.habit, step, chance))
    subtotal = sum((line.total for line in lines), ZERO)
    coupon = chance.choice(COUPONS) if chance.random() < COUPON_SHARE else None
    discount = (subtotal / 10).quantize(_unit(currency)) if coupon else ZERO
    free = subtotal - discount >= FREE_SHIPPING[currency]
    return Order(
        number=0,
        person=person,
        placed_at=placed_at,
        updated_at=placed_at + timedelta(minutes=5),
        currency=currency,
        lines=lines,
        shipping=ZERO if free else SHIPPING[currency],
        discount=discount,
        status="paid",
        payment_kind=_payment(person, currency, chance),
        coupon=coupon,
    )


def settle(order: Order, now: datetime, chance: Random) -> Order:
    """Let time pass over an order: delivered, cancelled, refunded or still to be paid on delivery."""
    fate, later = chance.random(), order.placed_at + timedelta(days=chance.randint(1, 2), hours=3)
    if later >= now:
        waits = order.payment_kind in {"cash_on_delivery", "invoice"}
        return replace(order, status="pending" if waits else "paid")
    if fate < CANCELLED:
        return replace(order, status="cancelled", updated_at=later)
    if fate < REFUNDED:
        return replace(order, status="refunded", updated_at=later, refunded=order.total, refunded_at=later)
    if fate < PARTLY:
        back = order.lines[0].unit_price
        return replace(order, status="partially_refunded", updated_at=later, refunded=back, refunded_at=later)
    return replace(order, status="fulfilled", updated_at=later)


def _basket(habit: Habit, step: int, chance: Random) -> list[tuple[Product, int]]:
    if habit is Habit.BUYER:
        return [(product, chance.randint(1, 4)) for product in chance.sample(WHOLESALE, chance.randint(1, 2))]
    if habit is Habit.GREAT:
        return [(chance.choice(TOOLS), 1), *((tea, chance.randint(2, 6)) for tea in chance.sample(TEAS, 3))]
    if habit is Habit.RISING:
        return [(tea, 1 + step // 2) for tea in chance.sample(TEAS, min(1 + step, 5))]
    basket = [(tea, chance.choice((1, 1, 1, 2))) for tea in chance.sample(TEAS, chance.choice((1, 1, 2, 3)))]
    extra = chance.random()
    if extra < GIFT:
        basket.append((chance.choice(GIFTS), 1))
    elif extra < TOOL:
        basket.append((chance.choice(TOOLS[1:3]), 1))
    elif extra < STICKER:
        basket.append((CHARM, chance.randint(1, 5)))
    return basket


def _line(product: Product, quantity: int, currency: str) -> Line:
    price = Decimal(product.price)
    if currency == "USD":
        price = (price / TWD_PER_USD * 2).quantize(Decimal(1)) / 2
    return Line(product, quantity, price)


def _payment(person: Person, currency: str, chance: Random) -> str:
    if person.habit is Habit.BUYER:
        return "invoice"
    if currency == "USD" or person.region != "TW":
        return "card"
    return chance.choice(("card", "card", "wallet", "cash_on_delivery", "transfer"))


def _unit(currency: str) -> Decimal:
    return Decimal("0.01") if currency == "USD" else Decimal(1)
