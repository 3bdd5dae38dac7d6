"""Shopify orders for load: made here, unique in id, of a chosen size."""

from datetime import UTC, datetime

import orjson

from benchmarks.ceiling import signature
from benchmarks.load import Call

LARGE, SMALL = 15_000, 2_000
"""Sizes of a body in bytes; 15 KB is what real orders have."""


def order(number: int, *, run: int, size: int, customers: int) -> dict[str, object]:
    """Return the `number`-th order of a run as Shopify would push it, filled up to a size with line items."""
    order_id = run * 10_000_000 + number
    customer = run * 1_000_000 + number % customers
    placed = datetime.now(UTC).isoformat(timespec="seconds")
    body: dict[str, object] = {
        "id": order_id,
        "name": f"#{order_id}",
        "order_number": number,
        "email": f"buyer{customer}@bench.example",
        "created_at": placed,
        "processed_at": placed,
        "updated_at": placed,
        "currency": "TWD",
        "presentment_currency": "TWD",
        "financial_status": "paid",
        "fulfillment_status": None,
        "total_price": "1180.00",
        "current_total_price": "1180.00",
        "subtotal_price": "1100.00",
        "total_discounts": "0.00",
        "total_tax": "0.00",
        "total_shipping_price_set": {"shop_money": {"amount": "80.00", "currency_code": "TWD"}},
        "payment_gateway_names": ["shopify_payments"],
        "test": False,
        "customer": {
            "id": customer,
            "email": f"buyer{customer}@bench.example",
            "first_name": "怡君",
            "last_name": "陳",
            "updated_at": placed,
        },
        "refunds": [],
        "line_items": [line(order_id, 0)],
    }
    lines: list[object] = body["line_items"]  # type: ignore[assignment]  # the list made just above
    while len(orjson.dumps(body)) < size:
        lines.append(line(order_id, len(lines)))
    return body


def line(order_id: int, place: int) -> dict[str, object]:
    """Return one line item, of about 500 bytes."""
    return {
        "id": order_id * 100 + place,
        "product_id": 7000 + place,
        "variant_id": 8000 + place,
        "sku": f"TEA-{place:03}",
        "title": "Alishan oolong, spring picking 阿里山烏龍茶",
        "quantity": 1,
        "price": "1100.00" if place == 0 else "0.00",
        "total_discount": "0.00",
        "gift_card": False,
        "properties": [{"name": "wrapping", "value": "paper"}],
        "price_set": {
            "shop_money": {"amount": "1100.00", "currency_code": "TWD"},
            "presentment_money": {"amount": "1100.00", "currency_code": "TWD"},
        },
        "fulfillment_service": "manual",
        "requires_shipping": True,
        "taxable": False,
        "vendor": "Bench tea house",
    }


class Orders:
    """Signed webhook calls for one run; bodies are made before the clock starts, so that making them costs nothing."""

    def __init__(self, path: str, *, run: int, size: int, count: int, customers: int = 2_000) -> None:
        self._path = path
        self._bodies = [orjson.dumps(order(number, run=run, size=size, customers=customers)) for number in range(count)]
        self._signatures = [signature(body).decode() for body in self._bodies]
        self._run = run

    def __len__(self) -> int:
        """Tell how many calls there are."""
        return len(self._bodies)

    def call(self, number: int) -> Call:
        """Return the `number`-th call; past the end they begin again under new delivery ids."""
        place = number % len(self._bodies)
        headers = {
            "content-type": "application/json",
            "x-shopify-topic": "orders/create",
            "x-shopify-shop-domain": "bench.myshopify.com",
            "x-shopify-webhook-id": f"{self._run}-{number}",
            "x-shopify-event-id": f"{self._run}-{number}-e",
            "x-shopify-hmac-sha256": self._signatures[place],
        }
        return Call("POST", self._path, headers, self._bodies[place])
