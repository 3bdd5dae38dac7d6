"""The made-up shop as plain records: reps, people, accounts, orders, interactions."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from deploy.demo.catalogue import Product

SHOPIFY = "lantern-shopify"
WOOCOMMERCE = "lantern-woo"
ERP = "lantern-erp"


class Habit(StrEnum):
    """How somebody buys."""

    STEADY = "steady"
    SLIPPING = "slipping"
    ONE_TIME = "one_time"
    LAPSED = "lapsed"
    RISING = "rising"
    GREAT = "great"
    NEWCOMER = "newcomer"
    BUYER = "buyer"
    """Buys for an account, not for himself or herself."""


@dataclass(frozen=True, slots=True)
class Rep:
    """A member of staff who looks after customers."""

    key: str
    name: str
    email: str
    locale: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who buys; `number` is his or her id in the shop `source`."""

    number: int
    source: str
    habit: Habit
    given: str
    family: str
    latin: str
    email: str | None
    phone: str | None
    locale: str
    region: str
    city: str
    time_zone: str
    birthday: str | None = None
    tags: tuple[str, ...] = ()
    rep: str | None = None
    asked_for_rep_at: datetime | None = None
    account: str | None = None

    @property
    def key(self) -> str:
        """Id of the person in his or her shop."""
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Account:
    """A customer that is an organisation."""

    key: str
    name: str
    domain: str
    industry: str
    region: str
    total_market: int
    not_serviceable: int
    rep: str
    asked_for_rep_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order; amounts in the order's currency."""

    product: Product
    quantity: int
    unit_price: Decimal

    @property
    def total(self) -> Decimal:
        """Price of the line."""
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `number` is its id in the shop of the person."""

    number: int
    person: Person
    placed_at: datetime
    updated_at: datetime
    """When the shop last changed it."""
    currency: str
    lines: tuple[Line, ...]
    shipping: Decimal
    discount: Decimal
    status: str
    payment_kind: str
    coupon: str | None = None
    refunded: Decimal = Decimal(0)
    refunded_at: datetime | None = None

    @property
    def subtotal(self) -> Decimal:
        """Sum of the lines."""
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What the buyer was charged."""
        return self.subtotal - self.discount + self.shipping


@dataclass(frozen=True, slots=True)
class Interaction:
    """Something that happened between a rep and a person."""

    person: Person
    rep: str
    function: str
    channel: str
    direction: str
    occurred_at: datetime
    purpose: str
    summary: str
    outcome: str
    sentiment: float | None = None
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """What one USD costs in TWD from a day on."""

    valid_from: date
    rate: str


@dataclass(frozen=True, slots=True)
class Shop:
    """All of it, as it stands at `now`."""

    now: datetime
    reps: tuple[Rep, ...]
    accounts: tuple[Account, ...]
    people: tuple[Person, ...]
    orders: tuple[Order, ...]
    """By the time they were placed."""
    interactions: tuple[Interaction, ...]
    rates: tuple[Rate, ...]
    fresh_after: datetime
    """Orders that a shop took later than this come as webhooks, all others by import."""

    def history(self, source: str) -> tuple[Order, ...]:
        """Orders of a shop that are imported."""
        return tuple(order for order in self._of(source) if not self._is_fresh(order))

    def fresh(self, source: str) -> tuple[Order, ...]:
        """Orders of a shop that arrive as webhooks, oldest first."""
        return tuple(order for order in self._of(source) if self._is_fresh(order))

    def _of(self, source: str) -> tuple[Order, ...]:
        return tuple(order for order in self.orders if order.person.source == source)

    def _is_fresh(self, order: Order) -> bool:
        return order.placed_at > self.fresh_after and order.person.source != ERP
