"""Which orders count, for how much and on which day (scoring 11.1 and 11.2); a customer's history of purchases.

Money is whole minor units. Days are ordinals of local dates (`date.toordinal`), so that ages are plain differences.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from services.kit.money import convert

COUNTING = frozenset({"paid", "partially_paid", "fulfilled", "partially_refunded"})
ON_TERMS = frozenset({"cash_on_delivery", "invoice"})
OPEN = frozenset({"pending", "on_hold"})
"""States of an order that was placed but is neither paid nor given up."""


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back for an order, in minor units of the order's currency."""

    processed_at: datetime
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order as we know it today; money in minor units of its own currency."""

    order_id: UUID
    placed_at: datetime
    status: str
    currency: str
    total_minor: int
    payment_kind: str | None = None
    goods_minor: int | None = None
    refunds: tuple[Refund, ...] = ()
    cancelled_at: datetime | None = None
    status_before: str | None = None
    """The last status that was seen before the cancellation; None if it was never seen in another one."""
    test: bool = False


@dataclass(frozen=True, slots=True)
class Worth:
    """What an order comes to at one time.

    `net_minor` is in the reporting currency, None if no rate is known for its day; `missing_rate` then names it.
    """

    day: int
    counts: bool
    net_minor: int | None = None
    missing_rate: str | None = None
    over_refunded: bool = False


@dataclass(frozen=True, slots=True)
class Rates:
    """Dated rates of one workspace: one unit of a currency in units of the reporting currency."""

    reporting: str
    by_currency: Mapping[str, Sequence[tuple[date, Decimal]]]
    """Per currency, sorted by the day from which the rate is valid."""

    def find(self, currency: str, day: date) -> Decimal | None:
        """Return the rate with the latest date not after `day` (11.2); None where there is none: never 1:1."""
        if currency == self.reporting:
            return Decimal(1)
        dated = self.by_currency.get(currency, ())
        place = bisect_right(dated, day, key=lambda rate: rate[0])
        return dated[place - 1][1] if place else None

    def convert(self, minor: int, currency: str, day: date) -> int | None:
        """Return an amount in the reporting currency, half-even per order (11.2); None without a rate."""
        if currency == self.reporting:
            return minor
        rate = self.find(currency, day)
        return None if rate is None else convert(minor, currency, rate, self.reporting)


def rates_of(reporting: str, rows: Iterable[tuple[str, date, Decimal]]) -> Rates:
    """Return the rates of a workspace from (currency, valid from, rate) in any order."""
    dated: dict[str, list[tuple[date, Decimal]]] = {}
    for currency, valid_from, rate in sorted(rows, key=lambda row: row[:2]):
        dated.setdefault(currency, []).append((valid_from, rate))
    return Rates(reporting, dated)


def local_day(at: datetime, zone: ZoneInfo) -> int:
    """Return the ordinal of the local date of an instant (11.1)."""
    return at.astimezone(zone).toordinal()


def midnight(day: int, zone: ZoneInfo) -> datetime:
    """Return 00:00 of a local day in UTC; where clocks skip it, the instant at which the day begins."""
    local = datetime.combine(date.fromordinal(day), time.min, tzinfo=zone)
    return datetime.fromtimestamp(local.timestamp(), tz=UTC)


def status_at(order: Order, as_of: datetime) -> str:
    """Return the status that was known at `as_of` (11.1): a later cancellation or refund is not known yet.

    An order that was never seen but cancelled is taken for cancelled at any time: nothing says that it ever counted.
    """
    if order.status == "cancelled" and order.cancelled_at is not None and order.cancelled_at > as_of:
        return order.status_before or order.status
    if order.status == "refunded" and any(refund.processed_at > as_of for refund in order.refunds):
        return "partially_refunded"
    return order.status


def status_counts(status: str, payment_kind: str | None) -> bool:
    """Tell whether an order in this state is revenue: paid at least in part, or pending on terms (11.2)."""
    return status in COUNTING or (status == "pending" and payment_kind in ON_TERMS)


def refunded_at(order: Order, as_of: datetime) -> int:
    """Return what was given back until `as_of`, in minor units of the order's currency."""
    return sum(refund.amount_minor for refund in order.refunds if refund.processed_at <= as_of)


def charged(order: Order, basis: str) -> int:
    """Return what the order is valued by: the total charged, or the goods alone (`revenue_basis`, 11.2)."""
    return order.goods_minor if basis == "goods" and order.goods_minor is not None else order.total_minor


def worth(order: Order, as_of: datetime, zone: ZoneInfo, rates: Rates, basis: str) -> Worth:
    """Return whether an order counts at `as_of`, on which day, and for how much in the reporting currency (11.2)."""
    day = local_day(order.placed_at, zone)
    if order.test or order.placed_at > as_of or not status_counts(status_at(order, as_of), order.payment_kind):
        return Worth(day, counts=False)
    value = charged(order, basis)
    rest = value - refunded_at(order, as_of)
    if rest <= 0 and order.total_minor != 0:
        return Worth(day, counts=False, over_refunded=rest < 0)
    net = rates.convert(max(rest, 0), order.currency, date.fromordinal(day))
    if net is None:
        missing = f"rate {order.currency} {date.fromordinal(day).isoformat()}"
        return Worth(day, counts=True, missing_rate=missing)
    return Worth(day, counts=True, net_minor=net, over_refunded=rest < 0)


def settled_at(order: Order) -> datetime:
    """Return the own time of an order's latest fact: from then on its worth no longer depends on `as_of`."""
    times = [order.placed_at, *(refund.processed_at for refund in order.refunds)]
    if order.cancelled_at is not None:
        times.append(order.cancelled_at)
    return max(times)


def is_open_unpaid(order: Order, as_of: datetime) -> bool:
    """Tell whether an order waits for its payment at `as_of` and is not revenue yet (a sign of 11.7)."""
    status = status_at(order, as_of)
    return (
        not order.test and order.placed_at <= as_of and status in OPEN and not status_counts(status, order.payment_kind)
    )


class Purchase(NamedTuple):
    """A counting order: its net in minor units of the reporting currency, its local day as an ordinal."""

    order_id: UUID
    placed_at: datetime
    day: int
    net_minor: int
    effects: str = "all"


Columns = tuple[Sequence[UUID], Sequence[datetime], Sequence[int], Sequence[int], Sequence[str]]
"""The fields of purchases, each of all of them, by time and then by order id."""
NO_PURCHASES: Columns = ((), (), (), (), ())


def columns_of(purchases: Iterable[Purchase]) -> Columns:
    """Return purchases in columns."""
    ordered = sorted(purchases, key=lambda purchase: (purchase.placed_at, purchase.order_id))
    return cast("Columns", tuple(zip(*ordered, strict=True))) if ordered else NO_PURCHASES


class History:
    """The counting orders of one customer, as known at one time; answers sums over windows in O(log n)."""

    __slots__ = ("_columns", "_sums", "biggest_net", "days", "nets", "placed", "purchase_days")

    def __init__(self, purchases: Iterable[Purchase] = (), *, columns: Columns | None = None) -> None:
        """Take purchases in any order, or their columns where those are at hand."""
        self._columns = columns_of(purchases) if columns is None else columns
        _, self.placed, self.days, self.nets, _ = self._columns
        self.purchase_days = tuple(dict.fromkeys(self.days))
        self.biggest_net = max(self.nets, default=0)
        self._sums = [0, *accumulate(self.nets)]

    @property
    def purchases(self) -> list[Purchase]:
        """All counting orders, by time."""
        return [Purchase(*fields) for fields in zip(*self._columns, strict=True)]

    def purchase(self, place: int) -> Purchase:
        """Return one of them, from the first (0) to the last (-1)."""
        ids, placed, days, nets, effects = self._columns
        return Purchase(ids[place], placed[place], days[place], nets[place], effects[place])

    def __len__(self) -> int:
        """Return the number of counting orders, all history."""
        return len(self.days)

    @property
    def n(self) -> int:
        """Number of purchase days, all history (11.2)."""
        return len(self.purchase_days)

    @property
    def total_minor(self) -> int:
        """Net of all history."""
        return self._sums[-1]

    def window(self, today: int, days: int, at: datetime | None = None) -> tuple[int, int]:
        """Return from which to before which place the orders of ages 0 .. days-1 stand, placed until `at` (11.1)."""
        start = bisect_left(self.days, today - days + 1)
        end = len(self.days) if at is None else bisect_right(self.placed, at)
        return start, max(start, end)

    def revenue(self, today: int, days: int, at: datetime | None = None) -> int:
        """Return the net of the orders of ages 0 .. days-1 (R of 11.5 with days = 365)."""
        start, end = self.window(today, days, at)
        return self._sums[end] - self._sums[start]

    def between(self, today: int, youngest: int, oldest: int) -> int:
        """Return the net of the orders of ages youngest .. oldest, both included."""
        start = bisect_left(self.days, today - oldest)
        end = bisect_right(self.days, today - youngest)
        return self._sums[max(start, end)] - self._sums[start]

    def biggest(self, today: int, days: int, at: datetime | None = None) -> Purchase | None:
        """Return the order with the largest net among ages 0 .. days-1, the earliest of equals; None without any."""
        places = range(*self.window(today, days, at))
        return self.purchase(max(places, key=self.nets.__getitem__)) if places else None


@dataclass(frozen=True, slots=True)
class Contact:
    """Something a sign can rest on: an inbound contact about a purchase, or an order that waits for its payment."""

    day: int
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """A customer with all facts known at the time of the evaluation."""

    customer_id: UUID
    customer_type: str
    history: History
    designated_at: datetime | None = None
    excluded: str | None = None
    """Why the customer is in no population: do_not_pursue, internal, merged, deleted, erased (11.3)."""
    scored_as: UUID | None = None
    """The account that all purchases of this person are credited to (11.3)."""
    missing: tuple[str, ...] = ()
    """Rates without which orders had to be left out (11.2)."""
    warnings: tuple[str, ...] = ()
    contacts: Sequence[Contact] = ()
    """Inbound contacts about a purchase and orders that wait for payment (early_repeat of 11.7)."""
    answer: tuple[int, int] | None = None
    """Latest answer to "will you buy again" and its day."""
    first_contact_day: int | None = None
    last_news_day: int | None = None
    left_reps: tuple[str, ...] = ()
