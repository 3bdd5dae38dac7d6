"""What WooCommerce's deliveries say."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.contacts.identities.facts import ExternalId
from services.contacts.identities.rules import keys_of
from services.contacts.orders.facts import OrderFact
from services.contacts.orders.rules import OrderState, columns_of, merge
from services.contacts.sources.adapters.base import Context, Malformed, Reading
from services.contacts.sources.adapters.woocommerce import TOPICS, WooCommerce
from tests.samples.deliveries import SECRET, SHARED, changed, sample, woocommerce

ADAPTER = WooCommerce()
CONTEXT = Context(UUID(int=1), "laden", "DE")
PAID = "woocommerce/order-updated-processing"


def read(topic: str, body: bytes, delivery_id: str = "d") -> Reading:
    return ADAPTER.read(topic, {"x-wc-webhook-delivery-id": delivery_id}, body, CONTEXT)


def order(name: str, **fields: object) -> OrderFact:
    found = read("order.updated", changed(name, **fields)).order
    assert found
    return found


def row(*facts: OrderFact) -> dict[str, Any]:
    state = OrderState()
    for fact in facts:
        state = merge(state, fact)
    return columns_of(state)


class TestEnvelope:
    def test_the_signature_is_checked(self) -> None:
        body = sample(PAID)
        headers = woocommerce("order.updated", body)
        assert ADAPTER.is_signed(headers, body, [ADAPTER.signing_key(SECRET)])
        assert not ADAPTER.is_signed({}, body, [ADAPTER.signing_key(SECRET)])

    def test_two_orders_of_one_second_are_two_deliveries(self) -> None:
        one, other = (
            ADAPTER.envelope(woocommerce("order.updated", body, delivery_id="same"), body) for body in (b"1", b"2")
        )
        assert one.dedupe_key != other.dedupe_key

    def test_an_equal_body_is_a_repetition_whatever_its_delivery_id(self) -> None:
        one, other = (
            ADAPTER.envelope(woocommerce("order.updated", b"1", delivery_id=mark), b"1") for mark in ("a", "b")
        )
        assert one.dedupe_key == other.dedupe_key

    @pytest.mark.parametrize("topic", ["order.deleted", "order.restored"])
    def test_deleting_twice_is_two_events(self, topic: str) -> None:
        one, other = (ADAPTER.envelope(woocommerce(topic, b"1", delivery_id=mark), b"1") for mark in ("a", "b"))
        assert one.dedupe_key != other.dedupe_key

    @pytest.mark.parametrize("topic", sorted(TOPICS))
    def test_every_topic_that_is_read_is_known(self, topic: str) -> None:
        assert topic in ADAPTER.topics

    @pytest.mark.parametrize("topic", ["", "product.updated", "action.woocommerce_add_to_cart"])
    def test_other_topics_are_not(self, topic: str) -> None:
        assert topic not in ADAPTER.topics


class TestGreeting:
    def test_a_form_with_the_number_of_the_webhook_is_one(self) -> None:
        assert ADAPTER.is_greeting({"content-type": "application/x-www-form-urlencoded"}, b"webhook_id=4")

    @pytest.mark.parametrize(
        "body",
        [b"", b"webhook_id=", b"webhook_id=x", b"webhook_id=4&order=1", b'{"id":1}', b"webhook_id=4" + b"4" * 30],
    )
    def test_anything_else_is_not(self, body: bytes) -> None:
        assert not ADAPTER.is_greeting({}, body)

    def test_a_signed_form_is_checked_like_any_delivery(self) -> None:
        assert not ADAPTER.is_greeting({"x-wc-webhook-signature": "x"}, b"webhook_id=4")


class TestOrder:
    def test_the_columns_of_a_paid_order(self) -> None:
        found = row(order(PAID))
        assert {name: found[name] for name in ("number", "status", "payment_kind", "currency", "coupons")} == {
            "number": "9101",
            "status": "paid",
            "payment_kind": "card",
            "currency": "EUR",
            "coupons": ["herbst"],
        }
        assert [found[f"{part}_minor"] for part in ("total", "subtotal", "discount", "tax", "shipping", "goods")] == [
            4881,
            3990,
            300,
            701,
            490,
            3690,
        ]

    def test_times_are_those_in_utc(self) -> None:
        found = row(order("woocommerce/order-updated-completed"))
        assert found["placed_at"] == datetime(2026, 11, 2, 9, tzinfo=UTC)
        assert found["platform_updated_at"] == datetime(2026, 11, 3, 8, 10, tzinfo=UTC)
        assert found["dispatched_at"] == datetime(2026, 11, 3, 8, 10, tzinfo=UTC)

    def test_lines_are_read_as_text_not_as_html(self) -> None:
        line = row(order(PAID))["items"][0]
        assert (line["title"], line["unit_price_minor"], line["total_minor"]) == ("Tee – Earl Grey", 1350, 2700)
        assert line["options"] == {"Größe": "250 g"}

    def test_a_line_without_a_price_has_its_share(self) -> None:
        lines = [{"id": 1, "name": "Tee", "quantity": 2, "subtotal": "5.00", "total": "5.00"}]
        free = [{"id": 1, "name": "Tee", "quantity": 0, "subtotal": "0", "total": "0"}]
        assert row(order(PAID, line_items=lines))["items"][0]["unit_price_minor"] == 250
        assert row(order(PAID, line_items=free))["items"][0]["unit_price_minor"] == 0

    def test_a_line_without_amounts_has_price_times_quantity(self) -> None:
        columns = row(order(PAID, line_items=[{"id": 1, "name": "Tee", "quantity": 3, "price": 5.5}]))
        assert (columns["items"][0]["total_minor"], columns["subtotal_minor"], columns["goods_minor"]) == (1650,) * 3

    def test_the_buyer_is_known_by_id_and_address(self) -> None:
        buyer = order(PAID).buyer
        assert buyer
        assert {key.value for key in keys_of(buyer).all} == {"31", "juergen@example.de", "+492211234567"}
        assert buyer.external_ids == (ExternalId("laden", "31"),)
        assert buyer.display_name == "Jürgen Müller-Weiß"
        assert [address.kind for address in buyer.addresses] == ["billing", "shipping"]

    def test_a_guest_is_known_by_address_only(self) -> None:
        buyer = order("woocommerce/order-created-guest-cash-on-delivery").buyer
        assert buyer
        assert {key.kind for key in keys_of(buyer).joining} == {"email"}
        assert buyer.display_name == "鈴木健"

    def test_a_guest_without_address_and_number_is_anonymous(self) -> None:
        buyer = order("woocommerce/order-created-anonymous").buyer
        assert buyer
        assert not keys_of(buyer).all

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"id": None}, "no_id"),
            ({"currency": ""}, "no_currency"),
            ({"date_created_gmt": None}, "no_time"),
            ({"total": "a lot"}, "no_decimal"),
            ({"line_items": [{"name": "x", "quantity": 1}]}, "no_decimal"),
        ],
    )
    def test_what_is_missing_is_named(self, fields: dict[str, Any], code: str) -> None:
        with pytest.raises(Malformed) as caught:
            order(PAID, **fields)
        assert caught.value.code == code


class TestStatus:
    """One test per row of the table in docs/webhooks.md."""

    @pytest.mark.parametrize(
        ("fields", "status", "payment", "fulfilment"),
        [
            ({"status": "pending", "date_paid_gmt": None, "date_paid": None}, "pending", "pending", "unfulfilled"),
            ({"status": "processing"}, "paid", "paid", "unfulfilled"),
            (
                {"status": "processing", "payment_method": "cod", "date_paid_gmt": None, "date_paid": None},
                "pending",
                "pending",
                "unfulfilled",
            ),
            ({"status": "processing", "payment_method": "cod"}, "paid", "paid", "unfulfilled"),
            ({"status": "on-hold", "date_paid_gmt": None, "date_paid": None}, "on_hold", "pending", "unfulfilled"),
            ({"status": "on-hold"}, "on_hold", "paid", "unfulfilled"),
            ({"status": "completed"}, "fulfilled", "paid", "fulfilled"),
            ({"status": "cancelled", "date_paid_gmt": None, "date_paid": None}, "cancelled", "pending", "unfulfilled"),
            ({"status": "cancelled"}, "cancelled", "paid", "unfulfilled"),
            ({"status": "refunded"}, "refunded", "refunded", "unfulfilled"),
            ({"status": "failed"}, "failed", "failed", "unfulfilled"),
            ({"status": "checkout-draft"}, "draft", "pending", "unfulfilled"),
            ({"status": "auto-draft"}, "draft", "pending", "unfulfilled"),
            ({"status": "draft"}, "draft", "pending", "unfulfilled"),
            ({"status": "trash", "date_paid_gmt": None, "date_paid": None}, "deleted", "pending", "unfulfilled"),
            ({"status": "packed"}, "paid", "paid", "unfulfilled"),
            ({"status": "quote", "date_paid_gmt": None, "date_paid": None}, "pending", "pending", "unfulfilled"),
        ],
    )
    def test_row(self, fields: dict[str, Any], status: str, payment: str, fulfilment: str) -> None:
        found = row(order(PAID, **fields))
        assert (found["status"], found["payment_status"], found["fulfilment_status"]) == (status, payment, fulfilment)

    def test_cash_on_delivery_in_progress_waits_for_its_money(self) -> None:
        found = row(order("woocommerce/order-created-guest-cash-on-delivery"))
        assert (found["status"], found["payment_kind"], found["total_minor"]) == ("pending", "cash_on_delivery", 3092)


class TestRefund:
    def test_negative_totals_are_money_given_back(self) -> None:
        found = row(order("woocommerce/order-updated-partly-refunded"))
        assert (found["status"], found["refunded_minor"], found["net_minor"]) == ("partially_refunded", 1178, 3703)
        assert found["refunds"][0]["reason"] == "Sieb defekt"

    def test_the_smallest_time_of_any_delivery_that_shows_it_is_the_refunds(self) -> None:
        early = order("woocommerce/order-updated-partly-refunded")
        late = order("woocommerce/order-updated-refunded")
        for facts in ([early, late], [late, early]):
            found = row(*facts)
            assert found["refunds"][0]["processed_at"] == "2026-11-05T07:00:00+00:00"
            assert (found["status"], found["net_minor"]) == ("refunded", 0)

    def test_a_refund_taken_back_no_longer_counts(self) -> None:
        without = order("woocommerce/order-updated-completed", date_modified_gmt="2026-11-09T00:00:00")
        found = row(order("woocommerce/order-updated-partly-refunded"), without)
        assert (found["status"], found["net_minor"]) == ("fulfilled", 4881)

    def test_the_smallest_time_that_shows_a_cancellation_is_its_time(self) -> None:
        early = order("woocommerce/order-updated-cancelled")
        late = order("woocommerce/order-updated-cancelled", date_modified_gmt="2026-11-04T09:00:00")
        for facts in ([early, late], [late, early]):
            assert row(*facts)["cancelled_at"] == datetime(2026, 11, 4, 5, tzinfo=UTC)


class TestOtherTopics:
    def test_into_the_bin_and_back_in_any_sequence(self) -> None:
        deleted = read("order.deleted", sample("woocommerce/order-deleted"), "1").order
        restored = read("order.restored", sample("woocommerce/order-restored"), "2").order
        again = read("order.deleted", sample("woocommerce/order-deleted"), "3").order
        known = order("woocommerce/order-updated-completed")
        assert deleted
        assert restored
        assert again
        assert row(known, deleted)["status"] == "deleted"
        assert row(deleted, restored, known)["status"] == "partially_refunded"
        assert row(restored, known, deleted)["status"] == "partially_refunded"
        assert row(again, known, restored, deleted)["status"] == "deleted"

    def test_a_customer_is_a_person(self) -> None:
        found = read("customer.created", sample("woocommerce/customer-created")).person
        assert found
        assert (found.family_name, found.emails, found.region) == ("Müller-Weiß", ("juergen@example.de",), "DE")

    def test_a_closed_account_keeps_the_person(self) -> None:
        found = read("customer.deleted", sample("woocommerce/customer-deleted"))
        assert (found.external_id, found.outcome) == ("31", "customer_kept")

    def test_a_webhook_whose_owner_may_not_read_is_named(self) -> None:
        with pytest.raises(Malformed) as caught:
            read("order.updated", sample("woocommerce/cannot-view"))
        assert caught.value.code == "cannot_view"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the collected payloads are not part of the repository")
class TestCollectedPayloads:
    def collected(self, name: str) -> bytes:
        return (SHARED / "woocommerce" / f"{name}.json").read_bytes()

    @pytest.mark.parametrize(
        ("name", "status"), [("order.created-guest-1", "paid"), ("order.updated-completed-1", "fulfilled")]
    )
    def test_orders(self, name: str, status: str) -> None:
        found = read("order.updated", self.collected(name)).order
        assert found
        columns = row(found)
        assert (columns["status"], columns["net_minor"], columns["payment_kind"]) == (status, 2935, "transfer")
        assert found.buyer
        assert [key.value for key in keys_of(found.buyer).joining] == ["john.doe@example.com"]

    def test_a_customer(self) -> None:
        found = read("customer.created", self.collected("customer.created-1")).person
        assert found
        assert found.external_ids == (ExternalId("laden", str(json.loads(self.collected("customer.created-1"))["id"])),)
