"""Shops of both platforms that are connected to a running Kith, and the orders that they send."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

from tests.samples import deliveries
from tests.system.client import Client, Json, eventually

NUMBERS = count(1)
TEMPLATES = {"shopify": "shopify/orders-create-paid", "woocommerce": "woocommerce/order-created"}
FIRST_NUMBER = 7_000_000
PLACED = timedelta(minutes=3)


@dataclass
class Shop:
    """One connected shop. Numbers are unique over the whole test run, so that shops never meet by accident."""

    client: Client
    platform: str
    source_id: str
    key: str
    secret: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    async def connect(cls, client: Client, platform: str, **more: Any) -> "Shop":  # noqa: ANN401 - any value
        """Create the source and return its shop."""
        secret, key = uuid4().hex, f"{platform}-{uuid4().hex[:10]}"
        body = {"platform": platform, "name": f"Test {key}", "key": key, "secret": secret, **more}
        source = await client.post("/v1/sources", body, expected=201)
        return cls(client, platform, source["id"], key, secret)

    def order(self, **wanted: Any) -> "ShopOrder":  # noqa: ANN401 - any value
        """Return a new order of this shop, just placed."""
        return ShopOrder(self.platform, FIRST_NUMBER + next(NUMBERS), **wanted)

    def headers(self, topic: str, body: bytes, secret: str | None = None) -> dict[str, str]:
        """Sign a body as the platform does."""
        if self.platform == "shopify":
            return deliveries.shopify(topic, body, secret=secret or self.secret)
        return deliveries.woocommerce(topic, body, secret=secret or self.secret, delivery_id=uuid4().hex)

    async def deliver(self, topic: str, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        """Send a webhook and return the answer; no key of ours goes along."""
        sent = {"Authorization": "", **(headers or self.headers(topic, body))}
        return await self.client.http.post(f"/v1/webhooks/{self.source_id}", content=body, headers=sent)

    async def place(self, order: "ShopOrder") -> Json:
        """Send a new order and return the answer, which must be 200."""
        answer = await self.deliver(self.topic_created, order.body())
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    @property
    def topic_created(self) -> str:
        """Topic of a new order."""
        return "orders/create" if self.platform == "shopify" else "order.created"

    @property
    def topic_updated(self) -> str:
        """Topic of a changed order."""
        return "orders/updated" if self.platform == "shopify" else "order.updated"

    async def delivery(self, delivery_id: str) -> Json:
        """Return what became of a delivery, as soon as it is more than received."""

        async def found() -> Json | None:
            listed = await self.client.items(f"/v1/sources/{self.source_id}/deliveries")
            own = [one for one in listed if one["id"] == delivery_id and one["status"] != "received"]
            return own[0] if own else None

        result: Json = await eventually(found, f"delivery {delivery_id} is processed")
        return result

    async def stored_order(self, external_id: str) -> Json:
        """Return an order of this shop as soon as Kith has it."""

        async def found() -> Json | None:
            listed = await self.client.items("/v1/orders", source=self.key, external_id=external_id)
            assert len(listed) <= 1, listed
            return listed[0] if listed else None

        result: Json = await eventually(found, f"order {external_id} is there")
        return result


@dataclass
class ShopOrder:
    """An order in a shop's own terms; `body()` is what the shop sends about it."""

    platform: str
    number: int
    total: str = "1200.00"
    currency: str = "TWD"
    customer: int | None = None
    email: str | None = None
    placed_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - PLACED)
    updated_at: datetime | None = None
    given_name: str = "美玲"
    family_name: str = "周"
    fields: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.customer = self.number if self.customer is None else self.customer
        self.email = self.email or f"customer.{self.customer}@mail.example"
        self.updated_at = self.updated_at or self.placed_at

    @property
    def external_id(self) -> str:
        """Id of the order in its shop."""
        return str(self.number)

    def body(self) -> bytes:
        """Return the platform's own sample with the fields of this order in it."""
        sample = json.loads(deliveries.sample(TEMPLATES[self.platform]))
        own = self._shopify(sample) if self.platform == "shopify" else self._woocommerce(sample)
        return json.dumps(sample | own | self.fields, ensure_ascii=False, separators=(",", ":")).encode()

    def _shopify(self, sample: Json) -> Json:
        assert self.updated_at is not None
        names = {"first_name": self.given_name, "last_name": self.family_name}
        customer = sample["customer"] | names | {"id": self.customer, "email": self.email, "phone": None}
        customer["default_address"] = None
        amounts = ("total_price", "current_total_price", "subtotal_price", "total_line_items_price")
        money = {"amount": self.total, "currency_code": self.currency}
        sets = {f"{name}_set": {"shop_money": money, "presentment_money": money} for name in amounts}
        return {
            "id": self.number,
            "name": f"#{self.number}",
            "email": self.email,
            "contact_email": self.email,
            "phone": None,
            "customer": customer,
            "billing_address": sample["billing_address"] | names | {"phone": None},
            "shipping_address": None,
            "currency": self.currency,
            "presentment_currency": self.currency,
            "created_at": self.placed_at.isoformat(),
            "processed_at": self.placed_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
            **dict.fromkeys(amounts, self.total),
            **sets,
        }

    def _woocommerce(self, sample: Json) -> Json:
        assert self.updated_at is not None
        names = {"first_name": self.given_name, "last_name": self.family_name}
        placed = self.placed_at.astimezone(UTC).replace(tzinfo=None).isoformat()
        return {
            "id": self.number,
            "number": self.external_id,
            "status": "processing",
            "currency": self.currency,
            "total": self.total,
            "customer_id": self.customer,
            "billing": sample["billing"] | names | {"email": self.email, "phone": ""},
            "date_created_gmt": placed,
            "date_modified_gmt": self.updated_at.astimezone(UTC).replace(tzinfo=None).isoformat(),
            "date_paid_gmt": placed,
        }
