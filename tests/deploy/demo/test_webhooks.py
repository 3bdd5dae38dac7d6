import base64
import csv
import hashlib
import hmac
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from deploy.demo.csv_file import orders_csv
from deploy.demo.model import SHOPIFY, WOOCOMMERCE, Shop
from deploy.demo.shop import make_shop
from deploy.demo.webhooks import call_of


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(datetime(2026, 11, 22, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("source", "header"), [(SHOPIFY, "X-Shopify-Hmac-Sha256"), (WOOCOMMERCE, "X-WC-Webhook-Signature")]
)
def test_each_webhook_carries_the_platforms_signature_over_its_bytes(shop: Shop, source: str, header: str) -> None:
    for order in shop.fresh(source):
        call = call_of(order, "s3cret")
        expected = base64.b64encode(hmac.new(b"s3cret", call.body, hashlib.sha256).digest()).decode()
        assert call.headers[header] == expected


def test_the_same_order_gives_the_same_webhook(shop: Shop) -> None:
    order = shop.fresh(SHOPIFY)[0]

    assert call_of(order, "s") == call_of(order, "s")


@pytest.mark.parametrize(("source", "total"), [(SHOPIFY, "total_price"), (WOOCOMMERCE, "total")])
def test_the_body_tells_the_total_that_the_buyer_was_charged(shop: Shop, source: str, total: str) -> None:
    for order in shop.fresh(source):
        assert Decimal(json.loads(call_of(order, "s").body)[total]) == order.total


def test_some_woocommerce_buyers_are_guests(shop: Shop) -> None:
    ids = {json.loads(call_of(order, "s").body)["customer_id"] for order in shop.fresh(WOOCOMMERCE)}

    assert 0 in ids
    assert len(ids) > 1


def test_the_file_has_one_row_for_each_line_of_an_order(shop: Shop) -> None:
    orders = shop.history(WOOCOMMERCE)
    rows = list(csv.DictReader(io.StringIO(orders_csv(orders).decode())))

    assert len(rows) == sum(len(order.lines) for order in orders)
    for order in orders[:50]:
        own = [row for row in rows if row["external_id"] == str(order.number)]
        items = sum(Decimal(row["item_quantity"]) * Decimal(row["item_unit_price"]) for row in own)
        charged = items - Decimal(own[0]["discount"]) + Decimal(own[0]["shipping"])
        assert charged == Decimal(own[0]["total"]) == order.total
