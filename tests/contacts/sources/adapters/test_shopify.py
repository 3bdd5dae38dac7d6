"""What Shopify's deliveries say."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.contacts.identities.facts import ExternalId, PersonFact
from services.contacts.identities.rules import keys_of
from services.contacts.orders.facts import OrderFact
from services.contacts.orders.rules import OrderState, columns_of, merge
from services.contacts.sources.adapters.base import Context, Malformed, Reading
from services.contacts.sources.adapters.shopify import ORDER_TOPICS, READERS, Shopify
from tests.samples.deliveries import SECRET, SHARED, changed, sample, shopify

ADAPTER = Shopify()
CONTEXT = Context(UUID(int=1), "three-hills", "TW")
PAID = "shopify/orders-create-paid"


def read(topic: str, body: bytes) -> Reading:
    return ADAPTER.read(topic, {}, body, CONTEXT)


def order(name: str, **fields: object) -> OrderFact:
    found = read("orders/updated", changed(name, **fields)).order
    assert found
    return found


def row(*facts: OrderFact) -> dict[str, Any]:
    state = OrderState()
    for fact in facts:
        state = merge(state, fact)
    return columns_of(state)


def person(topic: str, name: str) -> PersonFact:
    found = read(topic, sample(name)).person
    assert found
    return found


class TestEnvelope:
    def test_both_families_of_headers_are_understood(self) -> None:
        body = sample(PAID)
        old = shopify("orders/create", body)
        new = {name.removeprefix("x-"): value for name, value in old.items()}
        for headers in (old, new):
            assert ADAPTER.is_signed(headers, body, [ADAPTER.signing_key(SECRET)])
            assert ADAPTER.envelope(headers, body).topic == "orders/create"
        assert ADAPTER.envelope(old, body).dedupe_key == ADAPTER.envelope(new, body).dedupe_key

    def test_the_signature_is_not_kept(self) -> None:
        kept = ADAPTER.envelope(shopify("orders/create", b"{}"), b"{}").headers
        assert kept["x-shopify-topic"] == "orders/create"
        assert not any("hmac" in name for name in kept)

    def test_one_webhook_id_is_one_delivery_per_topic(self) -> None:
        same = [ADAPTER.envelope(shopify("orders/paid", body, webhook_id="w"), body) for body in (b"{}", b"[]")]
        other = ADAPTER.envelope(shopify("orders/updated", b"{}", webhook_id="w"), b"{}")
        assert same[0].dedupe_key == same[1].dedupe_key != other.dedupe_key

    def test_one_event_about_two_orders_is_two_deliveries(self) -> None:
        one, other = (ADAPTER.envelope(shopify("orders/paid", body, event_id="e"), body) for body in (b"1", b"2"))
        again = ADAPTER.envelope(shopify("orders/paid", b"1", event_id="e"), b"1")
        assert one.event_key == again.event_key != other.event_key
        assert one.dedupe_key != again.dedupe_key

    def test_without_ids_the_body_decides(self) -> None:
        headers = {"x-shopify-topic": "orders/create"}
        one, again, other = (ADAPTER.envelope(headers, body) for body in (b"1", b"1", b"2"))
        assert one.dedupe_key == again.dedupe_key != other.dedupe_key
        assert one.event_key is None

    @pytest.mark.parametrize("topic", sorted(ORDER_TOPICS | set(READERS)))
    def test_every_topic_that_is_read_is_known(self, topic: str) -> None:
        assert topic in ADAPTER.topics

    @pytest.mark.parametrize("topic", ["", "products/update", "carts/create", "draft_orders/create"])
    def test_other_topics_are_not(self, topic: str) -> None:
        assert topic not in ADAPTER.topics

    def test_there_is_no_unsigned_greeting(self) -> None:
        assert not ADAPTER.is_greeting({}, b"webhook_id=1")


class TestOrder:
    def test_the_columns_of_a_paid_order(self) -> None:
        found = row(order(PAID))
        assert {name: found[name] for name in ("number", "status", "payment_kind", "currency", "coupons", "test")} == {
            "number": "#2001",
            "status": "paid",
            "payment_kind": "card",
            "currency": "TWD",
            "coupons": ["AUTUMN200"],
            "test": False,
        }
        assert [found[f"{part}_minor"] for part in ("total", "net", "subtotal", "discount", "tax", "shipping")] == [
            322_000,
            322_000,
            312_000,
            20_000,
            15_810,
            10_000,
        ]
        assert found["placed_at"] == datetime(2026, 11, 2, 1, 14, 58, tzinfo=UTC)
        assert found["goods_minor"] == 312_000 - 15_810

    def test_lines_keep_scripts_options_and_discounts(self) -> None:
        line = row(order(PAID))["items"][0]
        assert (line["title"], line["sku"], line["quantity"]) == ("阿里山高山烏龍茶", "TEA-ALS-150", "2")
        assert (line["unit_price_minor"], line["total_minor"]) == (128_000, 241_000)
        assert line["options"] == {"variant": "150 g", "刻字": "生日快樂 🎂"}

    def test_ids_beyond_53_bits_keep_their_digits(self) -> None:
        fact = order(PAID)
        assert fact.external_id == "6543210987654321001"
        assert fact.buyer
        assert fact.buyer.external_ids == (ExternalId("three-hills", "8123456789012345601"),)

    def test_the_buyer_is_known_by_id_and_address_and_not_by_who_gets_the_parcel(self) -> None:
        buyer = order(PAID).buyer
        assert buyer
        assert {key.value for key in keys_of(buyer).all} == {
            "8123456789012345601",
            "wang.xiaoming@example.com",
            "+886912345678",
        }
        assert (buyer.display_name, buyer.locale, buyer.region, buyer.tags) == (
            "王小明",
            "zh-TW",
            "TW",
            ("VIP", "常客"),
        )
        assert [address.kind for address in buyer.addresses] == ["billing", "shipping"]

    def test_a_guest_by_telephone_is_known_by_it(self) -> None:
        fact = order("shopify/orders-create-guest-phone")
        assert fact.buyer
        assert [key.value for key in keys_of(fact.buyer).joining] == ["+821012345678"]
        assert fact.buyer.display_name == "김민준"
        assert row(fact)["store"] == "70012345678"

    def test_no_customer_and_an_empty_address_is_anonymous(self) -> None:
        buyer = order("shopify/orders-create-no-customer").buyer
        assert buyer
        assert not keys_of(buyer).all

    def test_shop_money_counts_not_what_the_buyer_saw(self) -> None:
        fact = order("shopify/orders-create-presentment-currency")
        found = row(fact)
        assert (found["currency"], found["total_minor"], found["items"][0]["unit_price_minor"]) == (
            "USD",
            15_297,
            4_599,
        )
        assert fact.buyer
        assert fact.buyer.display_name == "عمر الفاروق"

    def test_the_company_that_shopify_names_is_the_account(self) -> None:
        account = order("shopify/orders-create-presentment-currency").account
        assert account
        assert (account.external_id, account.name) == (ExternalId("three-hills", "5123"), "مقهى النخيل")
        assert order(PAID).account is None

    def test_a_cancellation_has_its_own_time(self) -> None:
        found = row(order("shopify/orders-cancelled"))
        assert (found["status"], found["currency"], found["total_minor"]) == ("cancelled", "JPY", 7080)
        assert found["cancelled_at"] == datetime(2026, 11, 4, 3, 4, 59, tzinfo=UTC)

    def test_the_first_parcel_is_the_dispatch(self) -> None:
        assert row(order("shopify/orders-fulfilled"))["dispatched_at"] == datetime(2026, 11, 3, 6, 30, tzinfo=UTC)

    def test_payment_terms_mean_an_invoice(self) -> None:
        assert row(order(PAID, payment_terms={"payment_terms_name": "Net 30"}))["payment_kind"] == "invoice"

    def test_selling_a_gift_card_is_no_sale_of_goods(self) -> None:
        content = json.loads(sample(PAID))
        content["line_items"][2]["gift_card"] = True
        assert row(order(PAID, line_items=content["line_items"]))["goods_minor"] == 312_000 - 8_000 - 15_810

    def test_tax_on_top_is_not_taken_off_the_goods(self) -> None:
        assert row(order(PAID, taxes_included=False))["goods_minor"] == 312_000

    def test_an_old_order_without_current_amounts_has_no_known_goods(self) -> None:
        gone = dict.fromkeys(("current_subtotal_price", "current_subtotal_price_set"))
        assert row(order(PAID, **gone))["goods_minor"] is None

    def test_an_envelope_of_the_api_is_taken_off(self) -> None:
        wrapped = b'{"order":' + sample(PAID) + b"}"
        assert read("orders/updated", wrapped).external_id == "6543210987654321001"

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"id": None}, "no_id"),
            ({"currency": "example string"}, "no_currency"),
            ({"updated_at": None, "created_at": None}, "no_time"),
            ({"line_items": [{"title": "x", "quantity": 1}]}, "no_decimal"),
            (
                {
                    "total_price": "x",
                    "total_price_set": None,
                    "current_total_price": None,
                    "current_total_price_set": None,
                },
                "no_decimal",
            ),
            (
                {
                    "total_price": None,
                    "total_price_set": None,
                    "current_total_price": None,
                    "current_total_price_set": None,
                },
                "no_decimal",
            ),
        ],
    )
    def test_what_is_missing_is_named(self, fields: dict[str, Any], code: str) -> None:
        with pytest.raises(Malformed) as caught:
            order(PAID, **fields)
        assert caught.value.code == code


class TestOtherTopics:
    def test_a_deletion_is_final(self) -> None:
        loose = read("orders/delete", sample("shopify/orders-delete")).order
        assert loose
        assert row(order("shopify/orders-cancelled"), loose)["status"] == "deleted"

    def test_an_edit_waits_for_the_totals_that_follow(self) -> None:
        found = read("orders/edited", sample("shopify/orders-edited"))
        assert (found.external_id, found.order, found.outcome) == (
            "6543210987654321001",
            None,
            "totals_follow_in_orders_updated",
        )

    def test_a_customer_is_a_person(self) -> None:
        found = person("customers/create", "shopify/customers-create")
        assert (found.given_name, found.family_name, found.emails) == ("Zoë 🦋", "Ó Briain", ("zoe@example.ie",))
        assert found.tags == ("newsletter", "Noël")
        assert found.addresses[0].kind == "home"

    def test_a_merge_links_two_ids(self) -> None:
        found = person("customers/merge", "shopify/customers-merge")
        assert [told.id for told in found.external_ids] == ["8123456789012345601", "8123456789012345607"]
        assert found.display_name is None

    def test_a_merge_that_failed_links_nothing(self) -> None:
        found = read("customers/merge", changed("shopify/customers-merge", status="failed"))
        assert (found.person, found.outcome) == (None, "merge_not_completed")

    def test_a_merge_of_nobody_is_malformed(self) -> None:
        with pytest.raises(Malformed):
            read("customers/merge", b"{}")

    def test_a_closed_account_keeps_the_person(self) -> None:
        found = read("customers/delete", sample("shopify/customers-delete"))
        assert (found.person, found.outcome, found.waits) == (None, "customer_kept", False)

    @pytest.mark.parametrize("topic", ["customers/redact", "customers/data_request", "shop/redact"])
    def test_a_request_about_personal_data_waits(self, topic: str) -> None:
        found = read(topic, sample(f"shopify/{topic.replace('/', '-').replace('_', '-')}"))
        assert (found.waits, found.outcome) == (True, "privacy_request_kept")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the collected payloads are not part of the repository")
class TestCollectedPayloads:
    def collected(self, name: str) -> bytes:
        return (SHARED / "shopify" / f"{name}.json").read_bytes()

    def test_a_partial_refund_leaves_the_current_total(self) -> None:
        found = read("orders/updated", self.collected("orders-updated-partially_refunded-1")).order
        assert found
        columns = row(found)
        assert (columns["total_minor"], columns["net_minor"], columns["status"]) == (
            59_894,
            19_965,
            "partially_refunded",
        )

    def test_a_removed_customer_is_known_by_address(self) -> None:
        found = read("orders/updated", self.collected("orders-updated-customer_removed-1")).order
        assert found
        assert found.buyer
        assert {key.kind for key in keys_of(found.buyer).joining} == {"email"}

    def test_no_customer_is_anonymous(self) -> None:
        found = read("orders/create", self.collected("orders-create-no_customer-1")).order
        assert found
        assert found.buyer
        assert not keys_of(found.buyer).all

    def test_a_refund_on_its_own(self) -> None:
        found = read("refunds/create", self.collected("refunds-create-partial-1")).order
        assert found
        assert (found.external_id, found.refunds[0].amount_minor) == ("450789469", 4194)

    @pytest.mark.parametrize(
        ("name", "topic", "status"),
        [
            ("orders-legacy-1", "orders/create", "pending"),
            ("orders-create-docs-2026-04", "orders/create", "cancelled"),
            ("orders-cancelled-docs-2026-04", "orders/cancelled", "cancelled"),
            ("orders-create-partially_paid-1", "orders/create", "partially_paid"),
        ],
    )
    def test_orders_of_other_years(self, name: str, topic: str, status: str) -> None:
        found = read(topic, self.collected(name)).order
        assert found
        assert row(found)["status"] == status

    @pytest.mark.parametrize("name", ["orders-exemplar-2024-04", "refunds-exemplar-2025-04-1"])
    def test_amounts_replaced_by_words_are_malformed(self, name: str) -> None:
        with pytest.raises(Malformed):
            read("refunds/create" if "refund" in name else "orders/create", self.collected(name))

    @pytest.mark.parametrize("name", ["customers-create-docs-2026-04", "customers-update-1"])
    def test_customers(self, name: str) -> None:
        found = read("customers/update", self.collected(name)).person
        assert found
        assert found.display_name in {"Bob Biller", "Bob Norman"}
