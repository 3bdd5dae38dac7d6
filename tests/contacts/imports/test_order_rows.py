"""Rows of a file of orders as facts."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.contacts.imports.faults import RowFault
from services.contacts.imports.order_rows import Row, Settings, order_of

TAIPEI = Settings("till", None, "scores", ZoneInfo("Asia/Taipei"), "TWD", "TW")
HEAD = {"external_id": "1", "placed_at": "2026-11-20T10:00:00+08:00", "total": "1350.00"}


def rows(*values: dict[str, str]) -> list[Row]:
    return [Row(place, one) for place, one in enumerate(values, start=2)]


def test_a_row_is_an_order() -> None:
    row = HEAD | {
        "customer_external_id": "c1",
        "customer_email": "Ming@Example.com",
        "customer_phone": "0912 345 678",
        "customer_name": "王小明",
        "account_external_id": "a1",
        "payment_kind": "cash_on_delivery",
        "coupon_codes": "A;B, C",
        "currency": "twd",
    }
    fact = order_of(rows(row), TAIPEI)
    assert fact.core is not None
    assert (fact.source, fact.external_id, fact.effects) == ("till", "1", "scores")
    assert (fact.core.total_minor, fact.core.currency, fact.core.status) == (135_000, "TWD", "paid")
    assert fact.core.placed_at == fact.core.updated_at == datetime(2026, 11, 20, 2, tzinfo=UTC)
    assert (fact.core.payment_kind, fact.core.coupons) == ("cash_on_delivery", ("A", "B", "C"))
    assert fact.buyer is not None
    assert (fact.buyer.emails, fact.buyer.phones) == (("ming@example.com",), ("+886912345678",))
    assert (fact.buyer.external_ids[0].id, fact.buyer.display_name) == ("c1", "王小明")
    assert fact.account is not None
    assert fact.account.external_id.id == "a1"


def test_rows_of_one_order_are_its_lines() -> None:
    line = {"item_sku": "T1", "item_title": "Tea", "item_quantity": "2", "item_unit_price": "450.00"}
    fact = order_of(rows(HEAD | line, {"external_id": "1", "item_sku": "T2", "item_unit_price": "450"}), TAIPEI)
    assert fact.core is not None
    assert [(item.sku, item.title, item.total_minor) for item in fact.core.items] == [
        ("T1", "Tea", 90_000),
        ("T2", "T2", 45_000),
    ]
    assert fact.core.goods_minor == 135_000


def test_a_total_that_is_not_stated_is_what_the_parts_add_up_to() -> None:
    parts = {"item_title": "Tea", "item_unit_price": "100", "discount": "10", "tax": "5", "shipping": "60"}
    fact = order_of(rows(parts | without(HEAD, "total")), TAIPEI)
    assert fact.core is not None
    assert fact.core.total_minor == 15_500


def without(values: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in values.items() if key != name}


def test_times_without_offset_are_local_and_days_begin_at_local_midnight() -> None:
    for written, instant in (
        ("2026-11-20 10:00", datetime(2026, 11, 20, 2, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 19, 16, tzinfo=UTC)),
        ("2026-11-20T02:00:00Z", datetime(2026, 11, 20, 2, tzinfo=UTC)),
    ):
        fact = order_of(rows(HEAD | {"placed_at": written}), TAIPEI)
        assert fact.core is not None
        assert fact.core.placed_at == instant


def test_what_was_given_back_is_a_refund_of_its_own_day() -> None:
    given = {"refunded": "350", "refunded_at": "2026-11-21T00:00:00Z", "status": "partially_refunded"}
    [refund] = order_of(rows(HEAD | given), TAIPEI).refunds
    assert (refund.amount_minor, refund.processed_at) == (35_000, datetime(2026, 11, 21, tzinfo=UTC))
    [whole] = order_of(rows(HEAD | {"status": "refunded"}), TAIPEI).refunds
    assert whole.amount_minor == 135_000


def test_the_same_rows_are_the_same_fact() -> None:
    assert order_of(rows(HEAD), TAIPEI) == order_of(rows(HEAD), TAIPEI)
    assert order_of(rows(HEAD | {"placed_at": "2026-11-20T02:00:00Z"}), TAIPEI) == order_of(rows(HEAD), TAIPEI)


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"total": "1,350"}, "total", "amount"),
        ({"total": "1.005"}, "total", "amount"),
        ({"total": "-5"}, "total", "amount"),
        ({"total": "9" * 18}, "total", "amount"),
        ({"currency": "XXQ"}, "currency", "currency"),
        ({"placed_at": "yesterday"}, "placed_at", "time"),
        ({"updated_at": "2026-13-01"}, "updated_at", "time"),
        ({"placed_at": "0001-01-01"}, "placed_at", "time"),
        ({"placed_at": "9999-12-31T23:59:59-12:00"}, "placed_at", "time"),
        ({"status": "lost"}, "status", "unknown_value"),
        ({"payment_kind": "shells"}, "payment_kind", "unknown_value"),
        ({"customer_email": "nobody"}, "customer_email", "email"),
        ({"customer_phone": "call me"}, "customer_phone", "phone"),
        ({"customer_external_id": "x" * 256}, "customer_external_id", "too_long"),
        ({"item_quantity": "many"}, "item_quantity", "number"),
        ({"item_quantity": "-1"}, "item_quantity", "number"),
        ({"item_unit_price": "free"}, "item_unit_price", "amount"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, str], column: str, code: str) -> None:
    with pytest.raises(RowFault) as raised:
        order_of(rows(HEAD | change), TAIPEI)
    assert (raised.value.number, raised.value.column, raised.value.code) == (2, column, code)


@pytest.mark.parametrize("missing", ["placed_at", "total"])
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(RowFault) as raised:
        order_of(rows(without(HEAD, missing)), TAIPEI)
    assert (raised.value.column, raised.value.code) == (missing, "required")


def test_a_currency_is_needed_where_the_workspace_has_none() -> None:
    with pytest.raises(RowFault) as raised:
        order_of(rows(HEAD), replace(TAIPEI, currency=None))
    assert raised.value.column == "currency"


def test_rows_that_differ_about_their_order_are_refused_by_the_row_that_differs() -> None:
    with pytest.raises(RowFault) as raised:
        order_of(rows(HEAD, {"external_id": "1", "total": "9.00"}), TAIPEI)
    assert (raised.value.number, raised.value.column, raised.value.code) == (3, "total", "rows_differ")
