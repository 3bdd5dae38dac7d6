from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from deploy.demo.model import ERP, SHOPIFY, WOOCOMMERCE, Habit, Shop
from deploy.demo.shop import make_shop

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(NOW)


def test_the_same_clock_makes_the_same_shop(shop: Shop) -> None:
    assert make_shop(NOW) == shop


def test_another_seed_makes_another_shop(shop: Shop) -> None:
    assert make_shop(NOW, seed=1) != shop


def test_a_later_day_moves_the_whole_year(shop: Shop) -> None:
    later = make_shop(NOW + timedelta(days=10))

    assert later.orders[0].placed_at - shop.orders[0].placed_at == timedelta(days=10)


def test_it_has_some_five_hundred_customers_of_every_kind(shop: Shop) -> None:
    habits = Counter(person.habit for person in shop.people)

    assert 480 <= len(shop.people) <= 540
    assert set(habits) == set(Habit)
    assert len(shop.accounts) == 8
    assert len(shop.reps) == 4


def test_everything_lies_within_the_year_that_ends_now(shop: Shop) -> None:
    assert all(timedelta(0) < NOW - order.placed_at < timedelta(days=366) for order in shop.orders)
    assert all(timedelta(0) < NOW - one.occurred_at < timedelta(days=366) for one in shop.interactions)
    assert min(order.placed_at for order in shop.orders) < NOW - timedelta(days=350)


def test_every_interaction_function_and_several_channels_occur(shop: Shop) -> None:
    assert {one.function for one in shop.interactions} == {
        "care",
        "information",
        "transaction",
        "service",
        "intelligence",
    }
    assert len({one.channel for one in shop.interactions}) >= 5


def test_names_come_in_many_scripts(shop: Shop) -> None:
    text = "".join(person.given + person.family for person in shop.people)
    for first, last in ((0x4E00, 0x9FFF), (0x3040, 0x30FF), (0xAC00, 0xD7A3), (0x0600, 0x06FF), (0x0590, 0x05FF)):
        assert any(first <= ord(letter) <= last for letter in text)
    assert any(ord(letter) > 0x1F000 for letter in text)


def test_orders_are_paid_refunded_and_cancelled_in_two_currencies(shop: Shop) -> None:
    assert {order.currency for order in shop.orders} == {"TWD", "USD"}
    assert {"fulfilled", "paid", "cancelled", "refunded", "partially_refunded"} <= {o.status for o in shop.orders}
    assert "cash_on_delivery" in {order.payment_kind for order in shop.orders}
    assert any(order.coupon for order in shop.orders)


def test_refunds_never_exceed_what_was_charged(shop: Shop) -> None:
    assert all(0 <= order.refunded <= order.total for order in shop.orders)
    assert all((order.refunded > 0) == (order.refunded_at is not None) for order in shop.orders)


def test_rates_reach_back_before_the_first_order_in_dollars(shop: Shop) -> None:
    first = min(order.placed_at.date() for order in shop.orders if order.currency == "USD")

    assert min(rate.valid_from for rate in shop.rates) < first


def test_addresses_numbers_and_ids_belong_to_one_person_each(shop: Shop) -> None:
    for values in (
        [person.email for person in shop.people if person.email],
        [person.phone for person in shop.people if person.phone],
        [(person.source, person.key) for person in shop.people],
    ):
        assert len(values) == len(set(values))


def test_every_order_comes_either_by_import_or_as_a_webhook(shop: Shop) -> None:
    parts = [shop.history(source) + shop.fresh(source) for source in (SHOPIFY, WOOCOMMERCE, ERP)]

    assert sorted(order.number for part in parts for order in part) == sorted(order.number for order in shop.orders)
    assert shop.fresh(SHOPIFY)
    assert shop.fresh(WOOCOMMERCE)
    assert not shop.fresh(ERP)


def test_newcomers_are_known_by_their_fresh_order_only(shop: Shop) -> None:
    fresh = {order.person for source in (SHOPIFY, WOOCOMMERCE) for order in shop.fresh(source)}

    assert {person for person in shop.people if person.habit is Habit.NEWCOMER} <= fresh


def test_steady_customers_who_slip_away_have_been_silent_for_more_than_two_rhythms(shop: Shop) -> None:
    for person in shop.people:
        if person.habit is not Habit.SLIPPING:
            continue
        days = [order.placed_at.date() for order in shop.orders if order.person is person]
        rhythm = (days[-1] - days[0]).days / (len(days) - 1)
        assert 2 < (NOW.date() - days[-1]).days / rhythm < 3.5
