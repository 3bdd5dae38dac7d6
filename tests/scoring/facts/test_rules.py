"""Which orders count, for how much, on which day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.facts.rules import (
    History,
    Order,
    Purchase,
    Rates,
    Refund,
    columns_of,
    is_open_unpaid,
    local_day,
    midnight,
    rates_of,
    settled_at,
    status_at,
    worth,
)

TAIPEI = ZoneInfo("Asia/Taipei")
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
RATES = rates_of("TWD", [("USD", date(2026, 6, 1), Decimal("30.50")), ("USD", date(2026, 3, 1), Decimal("32.00"))])
ORDER = Order(UUID(int=1), NOW - timedelta(days=10), "paid", "TWD", 10_000)


def net_of(order: Order, as_of: datetime = NOW, basis: str = "total", rates: Rates = RATES) -> int | None:
    """Return what an order counts for, None if it does not count."""
    found = worth(order, as_of, TAIPEI, rates, basis)
    return found.net_minor if found.counts else None


@pytest.mark.parametrize(
    ("status", "payment_kind", "counts"),
    [
        ("paid", "card", True),
        ("partially_paid", None, True),
        ("fulfilled", "card", True),
        ("partially_refunded", "card", True),
        ("pending", "cash_on_delivery", True),
        ("pending", "invoice", True),
        ("pending", "card", False),
        ("pending", "transfer", False),
        ("pending", None, False),
        ("draft", "invoice", False),
        ("on_hold", "invoice", False),
        ("failed", "card", False),
        ("cancelled", "card", False),
        ("refunded", "card", False),
        ("deleted", "card", False),
    ],
)
def test_which_states_count(status: str, payment_kind: str | None, *, counts: bool) -> None:
    assert (net_of(replace(ORDER, status=status, payment_kind=payment_kind)) is not None) is counts


def test_a_test_order_and_one_from_the_future_do_not_count() -> None:
    assert net_of(replace(ORDER, test=True)) is None
    assert net_of(replace(ORDER, placed_at=NOW + timedelta(seconds=1))) is None
    assert net_of(replace(ORDER, placed_at=NOW)) == 10_000


def test_an_order_of_nothing_counts_for_nothing() -> None:
    assert net_of(replace(ORDER, total_minor=0)) == 0


def test_refunds_lower_the_order_from_their_own_time_on() -> None:
    order = replace(ORDER, refunds=(Refund(NOW - timedelta(days=1), 3000), Refund(NOW + timedelta(days=1), 2000)))
    assert net_of(order, NOW - timedelta(days=2)) == 10_000
    assert net_of(order) == 7000
    assert net_of(order, NOW + timedelta(days=2)) == 5000


def test_refunds_beyond_the_order_leave_nothing_and_a_warning() -> None:
    found = worth(replace(ORDER, refunds=(Refund(NOW, 10_001),)), NOW, TAIPEI, RATES, "total")
    assert (found.counts, found.over_refunded) == (False, True)


def test_a_wholly_refunded_order_counted_before_its_refund() -> None:
    order = replace(ORDER, status="refunded", refunds=(Refund(NOW - timedelta(days=1), 10_000),))
    assert net_of(order, NOW - timedelta(days=2)) == 10_000
    assert net_of(order) is None


def test_a_cancelled_order_counted_in_its_last_state_before() -> None:
    order = replace(ORDER, status="cancelled", cancelled_at=NOW - timedelta(days=1), status_before="paid")
    assert net_of(order, NOW - timedelta(days=2)) == 10_000
    assert net_of(replace(order, status_before="pending"), NOW - timedelta(days=2)) is None
    assert net_of(replace(order, status_before=None), NOW - timedelta(days=2)) is None
    assert net_of(order) is None
    assert net_of(replace(order, cancelled_at=None), NOW - timedelta(days=2)) is None
    assert status_at(order, NOW) == "cancelled"


def test_goods_without_tax_and_shipping_are_the_other_basis() -> None:
    assert net_of(replace(ORDER, goods_minor=8000), basis="goods") == 8000
    assert net_of(ORDER, basis="goods") == 10_000


@pytest.mark.parametrize(
    ("minor", "day", "expected"),
    [(9813, date(2026, 7, 1), 299_296), (10_000, date(2026, 5, 31), 320_000), (10_000, date(2026, 6, 1), 305_000)],
)
def test_other_currencies_convert_at_the_rate_of_the_day_half_even(minor: int, day: date, expected: int) -> None:
    placed_at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    assert net_of(replace(ORDER, placed_at=placed_at, currency="USD", total_minor=minor)) == expected


def test_without_a_rate_an_order_is_left_out_and_named_never_taken_one_to_one() -> None:
    order = replace(ORDER, placed_at=datetime(2026, 2, 28, 16, tzinfo=UTC), currency="USD")
    assert net_of(order) == 320_000
    early = worth(replace(order, placed_at=order.placed_at - timedelta(seconds=1)), NOW, TAIPEI, RATES, "total")
    assert (early.counts, early.net_minor, early.missing_rate) == (True, None, "rate USD 2026-02-28")
    assert RATES.find("TWD", date(2000, 1, 1)) == 1


def test_local_days_follow_the_zone_and_its_clock_changes() -> None:
    assert local_day(datetime(2026, 7, 3, 17, tzinfo=UTC), TAIPEI) == date(2026, 7, 4).toordinal()
    havana = ZoneInfo("America/Havana")
    # In Havana the 8th of March 2026 begins at 01:00.
    skipped = midnight(date(2026, 3, 8).toordinal(), havana)
    assert local_day(skipped, havana) == date(2026, 3, 8).toordinal()
    assert local_day(skipped - timedelta(seconds=1), havana) == date(2026, 3, 7).toordinal()
    assert midnight(date(2026, 11, 23).toordinal(), TAIPEI) == datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_an_order_is_settled_with_its_latest_fact() -> None:
    assert settled_at(ORDER) == ORDER.placed_at
    assert settled_at(replace(ORDER, refunds=(Refund(NOW, 1),), cancelled_at=NOW + timedelta(1))) == NOW + timedelta(1)


def test_which_orders_wait_for_their_payment() -> None:
    assert is_open_unpaid(replace(ORDER, status="pending", payment_kind="card"), NOW)
    assert is_open_unpaid(replace(ORDER, status="on_hold"), NOW)
    for other in (
        replace(ORDER, status="pending", payment_kind="invoice"),
        replace(ORDER, status="pending", test=True),
        replace(ORDER, status="pending", placed_at=NOW + timedelta(days=1)),
        ORDER,
    ):
        assert not is_open_unpaid(other, NOW)


DAY = NOW.date().toordinal()
purchases = st.lists(
    st.builds(
        lambda number, age, net: Purchase(UUID(int=number), NOW - timedelta(days=age), DAY - age, net),
        st.integers(0, 10**9),
        st.integers(0, 800),
        st.integers(0, 10**7),
    ),
    max_size=20,
    unique_by=lambda purchase: purchase.order_id,
)


@given(purchases, st.randoms(), st.integers(1, 500))
def test_a_history_does_not_depend_on_the_order_of_its_facts(found: list[Purchase], chance: object, days: int) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands over a random.Random
    one, other = History(found), History(shuffled)
    assert (one.nets, one.purchase_days, one.total_minor) == (other.nets, other.purchase_days, other.total_minor)
    assert one.revenue(DAY, days) == other.revenue(DAY, days)


@given(purchases, st.integers(1, 900), st.integers(0, 400), st.integers(0, 400))
def test_sums_over_windows_are_those_of_the_orders_in_them(
    found: list[Purchase], days: int, youngest: int, span: int
) -> None:
    history = History(found)
    inside = [one for one in found if DAY - one.day < days]
    assert history.revenue(DAY, days) == sum(one.net_minor for one in inside)
    best = history.biggest(DAY, days)
    assert (best.net_minor if best else None) == max((one.net_minor for one in inside), default=None)
    between = [one.net_minor for one in found if youngest <= DAY - one.day <= youngest + span]
    assert history.between(DAY, youngest, youngest + span) == sum(between)


@given(purchases, st.integers(0, 800))
def test_what_was_known_at_an_earlier_instant(found: list[Purchase], ago: int) -> None:
    at = NOW - timedelta(days=ago)
    known = [one for one in found if one.placed_at <= at and DAY - ago - one.day < 365]
    assert History(found).revenue(DAY - ago, 365, at) == sum(one.net_minor for one in known)


@given(st.integers(1, 10**9), st.integers(0, 30), st.sampled_from(["USD", "TWD"]))
def test_a_full_refund_in_any_currency_leaves_exactly_nothing(total: int, later: int, currency: str) -> None:
    refund = Refund(ORDER.placed_at + timedelta(days=later), total)
    order = replace(ORDER, currency=currency, total_minor=total, refunds=(refund,))
    assert net_of(order, refund.processed_at) is None


def test_a_history_in_columns_is_that_of_its_purchases() -> None:
    purchases = [Purchase(UUID(int=n), NOW - timedelta(days=9 - n), 100 + n, 1_000 * n) for n in range(1, 4)]
    columns = columns_of(reversed(purchases))
    assert History(columns=columns).purchases == History(purchases).purchases == purchases
    assert History().purchases == []
