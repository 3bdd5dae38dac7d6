"""From what a client sent to the facts that the intake takes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.contacts.orders.drafts import Context, core_of, refunds_of
from services.contacts.orders.schemas import OrderUpsert
from services.kit.problems import Invalid

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
CONTEXT = Context("till", NOW, None, None)


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "TWD"}


def body(**fields: Any) -> OrderUpsert:  # noqa: ANN401 - any JSON
    return OrderUpsert.model_validate({"total": money("90.00"), **fields})


def test_equal_states_have_equal_hashes_however_they_are_written() -> None:
    one = body(
        placed_at="2026-11-20T10:00:00+08:00", items=[{"title": "Tea", "quantity": 2, "options": {"a": "1", "b": "2"}}]
    )
    other = body(
        placed_at="2026-11-20T02:00:00Z", items=[{"title": "Tea", "quantity": "2.0", "options": {"b": "2", "a": "1"}}]
    )
    assert core_of(one, CONTEXT).body_hash == core_of(other, CONTEXT).body_hash
    assert core_of(body(number="2"), CONTEXT).body_hash != core_of(body(number="1"), CONTEXT).body_hash


def test_a_line_is_worth_price_times_quantity_unless_its_total_is_given() -> None:
    lines = [
        {"title": "a", "quantity": "1.5", "unit_price": money("0.33")},
        {"title": "b", "quantity": 3, "total": money("10.00")},
        {"title": "c", "quantity": 0, "total": money("5.00")},
    ]
    items = core_of(body(items=lines), CONTEXT).items
    assert [(item.unit_price_minor, item.total_minor) for item in items] == [(33, 50), (333, 1000), (500, 500)]
    assert items[0].quantity == Decimal("1.5")


def test_an_undated_change_is_newer_than_what_was_known_even_if_that_lies_ahead() -> None:
    known = core_of(body(updated_at="2026-11-23T00:00:00Z"), CONTEXT)
    after = core_of(OrderUpsert.model_validate({"number": "7"}), Context("till", NOW, None, None, known))
    assert after.updated_at == known.updated_at + timedelta(microseconds=1)
    assert (after.total_minor, after.number) == (9000, "7")


def test_an_undated_body_that_says_nothing_new_keeps_its_old_time() -> None:
    known = core_of(body(number="7"), CONTEXT)
    again = core_of(
        OrderUpsert.model_validate({"number": "7"}), Context("till", NOW + timedelta(days=1), None, None, known)
    )
    assert again == known


def test_the_status_refunded_alone_stands_for_a_refund_of_the_whole() -> None:
    told = body(status="refunded", updated_at="2026-11-21T00:00:00Z")
    [refund] = refunds_of(told, core_of(told, CONTEXT), NOW)
    assert (refund.amount_minor, refund.processed_at) == (9000, datetime(2026, 11, 21, tzinfo=UTC))
    listed = body(status="refunded", refunds=[])
    assert refunds_of(listed, core_of(listed, CONTEXT), NOW) == ()


@pytest.mark.parametrize("fields", [{"total": None}, {"total": money("-1.00")}])
def test_an_order_needs_a_total_that_is_not_below_zero(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        core_of(body(**fields), CONTEXT)
