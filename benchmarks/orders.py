"""Shopify orders for load: made here, unique in id, of a chosen size."""

import hashlib
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import orjson

from benchmarks.ceiling import signature
from benchmarks.load import Call

CURRENCY = "TWD"
LARGE, SMALL = 15_000, 2_000
"""About the sizes of a body in bytes; 15 KB is what real orders have."""
LARGE_LINES = 7
SAMPLE: dict[str, Any] = orjson.loads(
    (Path(__file__).parents[1] / "tests/samples/shopify/orders-create-paid.json").read_bytes()
)
NEW_CUSTOMERS = 0.6
"""Share of orders whose buyer was never seen before; the others come back, the latest ones more often."""
NAMES = ("怡君", "Wei", "志明", "Anna", "美玲", "Tomás")


class Customers:
    """Who buys at the shop, over all loads of a run: it begins with nobody, and people come back."""

    def __init__(self, seed: int = 7) -> None:
        self._chance = Random(seed)
        self._number = 0

    def next(self) -> int:
        """Return the buyer of the next order."""
        if not self._number or self._chance.random() < NEW_CUSTOMERS:
            self._number += 1
            return self._number
        return max(1, self._number - int(self._chance.expovariate(4 / self._number)))


def large_order(order_id: int, customer: int) -> dict[str, Any]:
    """Return an order of seven lines as Shopify pushes it, about 15 KB: ids, buyer and times in a full sample."""
    buyer = small_order(order_id, customer)
    phone = f"+8869{customer:08}"
    address = {**SAMPLE["billing_address"], "phone": phone, "first_name": NAMES[customer % len(NAMES)]}
    person = {**SAMPLE["customer"], **buyer.pop("customer"), "phone": phone}
    lines = [
        {**sold, "id": order_id * 100 + place, "admin_graphql_api_id": f"gid://shopify/LineItem/{order_id}{place}"}
        for place, sold in enumerate(islice(cycle(SAMPLE["line_items"]), LARGE_LINES))
    ]
    token = hashlib.sha256(str(order_id).encode()).hexdigest()
    tokens = {"token": token[:32], "checkout_token": token[32:], "cart_token": token[16:48]}
    addresses = {"billing_address": address, "shipping_address": address}
    return {**SAMPLE, **buyer, **tokens, **addresses, "customer": person, "line_items": lines}


def small_order(order_id: int, customer: int) -> dict[str, Any]:
    """Return an order of which only what is needed is told, about 2 KB."""
    placed = datetime.now(UTC).isoformat(timespec="seconds")
    email = f"buyer{customer}@bench.example"
    return {
        "id": order_id,
        "name": f"#{order_id}",
        "order_number": order_id,
        "email": email,
        "contact_email": email,
        "created_at": placed,
        "processed_at": placed,
        "updated_at": placed,
        "currency": CURRENCY,
        "presentment_currency": CURRENCY,
        "financial_status": "paid",
        "fulfillment_status": None,
        "total_price": "1180.00",
        "current_total_price": "1180.00",
        "subtotal_price": "1100.00",
        "total_discounts": "0.00",
        "total_tax": "0.00",
        "total_shipping_price_set": {"shop_money": {"amount": "80.00", "currency_code": CURRENCY}},
        "payment_gateway_names": ["shopify_payments"],
        "test": False,
        "customer": {
            "id": customer,
            "email": email,
            "first_name": NAMES[customer % len(NAMES)],
            "last_name": "陳",
            "updated_at": placed,
        },
        "refunds": [],
        "line_items": [{**sold, "id": order_id * 100} for sold in SAMPLE["line_items"][:1]],
    }


class Orders:
    """Signed webhook calls for one load; bodies are made before the clock starts, so that making them costs nothing."""

    def __init__(self, path: str, customers: Customers, *, run: int, size: int, count: int) -> None:
        self._path = path
        make = large_order if size == LARGE else small_order
        self._bodies = [orjson.dumps(make(run * 10_000_000 + number, customers.next())) for number in range(count)]
        self._signatures = [signature(body).decode() for body in self._bodies]
        self._run = run

    def __len__(self) -> int:
        """Tell how many calls there are."""
        return len(self._bodies)

    def call(self, number: int) -> Call:
        """Return the `number`-th call; IndexError past the end: an order that is sent twice would cost less."""
        headers = {
            "content-type": "application/json",
            "x-shopify-topic": "orders/create",
            "x-shopify-shop-domain": "bench.myshopify.com",
            "x-shopify-webhook-id": f"{self._run}-{number}",
            "x-shopify-event-id": f"{self._run}-{number}-e",
            "x-shopify-hmac-sha256": self._signatures[number],
        }
        return Call("POST", self._path, headers, self._bodies[number])
