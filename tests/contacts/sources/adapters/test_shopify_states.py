"""What Shopify's states and refunds become."""

import json
from typing import Any
from uuid import UUID

import pytest

from services.contacts.orders.facts import OrderFact
from services.contacts.orders.rules import OrderState, columns_of, merge
from services.contacts.sources.adapters.base import Context, Reading
from services.contacts.sources.adapters.shopify import Shopify
from tests.samples.deliveries import changed, sample

CONTEXT = Context(UUID(int=1), "three-hills", "TW")
PAID = "shopify/orders-create-paid"


def read(topic: str, body: bytes) -> Reading:
    return Shopify().read(topic, {}, body, CONTEXT)


def order(name: str, **fields: object) -> OrderFact:
    found = read("orders/updated", changed(name, **fields)).order
    assert found
    return found


def row(*facts: OrderFact) -> dict[str, Any]:
    state = OrderState()
    for fact in facts:
        state = merge(state, fact)
    return columns_of(state)


class TestStatus:
    """One test per row of the table in docs/webhooks.md."""

    @pytest.mark.parametrize(
        ("fields", "status", "payment"),
        [
            ({"financial_status": "pending"}, "pending", "pending"),
            ({"financial_status": "authorized"}, "pending", "pending"),
            ({"financial_status": "partially_paid"}, "partially_paid", "partially_paid"),
            ({"financial_status": "paid"}, "paid", "paid"),
            ({"financial_status": "partially_refunded"}, "partially_refunded", "partially_refunded"),
            ({"financial_status": "refunded"}, "refunded", "refunded"),
            ({"financial_status": "voided"}, "failed", "voided"),
            ({"financial_status": "expired"}, "failed", "failed"),
            ({"financial_status": None}, "pending", "pending"),
            ({"financial_status": "paid", "fulfillment_status": "fulfilled"}, "fulfilled", "paid"),
            ({"financial_status": "pending", "fulfillment_status": "fulfilled"}, "fulfilled", "pending"),
            ({"financial_status": "paid", "fulfillment_status": "partial"}, "paid", "paid"),
            ({"financial_status": "voided", "fulfillment_status": "fulfilled"}, "failed", "voided"),
            ({"financial_status": "refunded", "fulfillment_status": "fulfilled"}, "refunded", "refunded"),
            ({"financial_status": "refunded", "cancelled_at": "2026-11-02T12:00:00Z"}, "cancelled", "refunded"),
        ],
    )
    def test_row(self, fields: dict[str, Any], status: str, payment: str) -> None:
        found = row(order(PAID, **{"financial_status": "paid", **fields}))
        assert (found["status"], found["payment_status"]) == (status, payment)

    @pytest.mark.parametrize(
        ("stated", "shown"),
        [
            (None, "unfulfilled"),
            ("unfulfilled", "unfulfilled"),
            ("partial", "partially_fulfilled"),
            ("fulfilled", "fulfilled"),
            ("restocked", "returned"),
        ],
    )
    def test_fulfilment_row(self, stated: str | None, shown: str) -> None:
        assert row(order(PAID, fulfillment_status=stated))["fulfilment_status"] == shown

    def test_cash_on_delivery_waits_for_its_money(self) -> None:
        found = row(order("shopify/orders-create-cash-on-delivery"))
        assert (found["status"], found["payment_kind"]) == ("pending", "cash_on_delivery")


class TestRefund:
    def test_the_order_and_the_refund_on_its_own_agree(self) -> None:
        listed = order("shopify/orders-updated-partially-refunded")
        loose = read("refunds/create", sample("shopify/refunds-create-partial")).order
        assert loose
        before = order("shopify/orders-fulfilled")
        for facts in ([before, loose], [before, loose, listed], [listed, before], [listed, loose]):
            found = row(*facts)
            assert (found["status"], found["total_minor"], found["refunded_minor"], found["net_minor"]) == (
                "partially_refunded",
                322_000,
                120_500,
                201_500,
            )

    def test_what_is_left_is_what_shopify_says_is_left(self) -> None:
        found = row(order("shopify/orders-updated-partially-refunded"))
        left = json.loads(sample("shopify/orders-updated-partially-refunded"))["current_total_price"]
        assert found["net_minor"] == int(left.replace(".", ""))

    def test_an_edit_that_takes_a_line_out_lowers_the_total(self) -> None:
        found = row(order(PAID, current_total_price="2540.00", current_total_price_set=None))
        assert (found["total_minor"], found["refunded_minor"], found["status"]) == (254_000, 0, "paid")

    def test_money_without_goods_counts_by_its_adjustments(self) -> None:
        loose = read("refunds/create", sample("shopify/refunds-create-money-only")).order
        assert loose
        assert loose.refunds[0].amount_minor == 15_000

    def test_money_that_the_current_total_does_not_know_still_counts(self) -> None:
        refund = json.loads(sample("shopify/refunds-create-money-only"))
        found = row(order(PAID, refunds=[refund]))
        assert (found["total_minor"], found["net_minor"]) == (322_000, 307_000)

    def test_goods_without_money_are_no_refund(self) -> None:
        loose = read("refunds/create", sample("shopify/refunds-create-restock-only")).order
        assert loose
        assert loose.refunds[0].amount_minor == 0

    def test_transactions_decide_where_there_are_no_lines(self) -> None:
        content = json.loads(sample("shopify/refunds-create-money-only"))
        found = read("refunds/create", json.dumps({**content, "order_adjustments": []}).encode()).order
        assert found
        assert found.refunds[0].amount_minor == 15_000

    def test_a_failed_transaction_moved_no_money(self) -> None:
        content = json.loads(sample("shopify/refunds-create-partial"))
        content["transactions"][0]["status"] = "failure"
        found = read("refunds/create", json.dumps(content).encode()).order
        assert found
        assert found.refunds[0].amount_minor == 0

    def test_lines_decide_where_transactions_are_not_sent(self) -> None:
        content = json.loads(sample("shopify/refunds-create-partial"))
        del content["transactions"]
        found = read("refunds/create", json.dumps(content).encode()).order
        assert found
        assert found.refunds[0].amount_minor == 120_500
