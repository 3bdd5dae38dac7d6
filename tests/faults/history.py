"""What two shops may say over a while: orders, changes, refunds, cancellations, customers who turn out to be one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from uuid import UUID

from tests.samples import deliveries
from tests.system.shops import ShopOrder
from tests.system.test_deliveries import refund_of

PLATFORMS = ("shopify", "woocommerce")
CUSTOMERS = 8
ORDERS = 24
TOPICS = {
    "shopify": {"created": "orders/create", "updated": "orders/updated", "customer": "customers/update"},
    "woocommerce": {"created": "order.created", "updated": "order.updated", "customer": "customer.updated"},
}
CUSTOMER_SAMPLES = {"shopify": "shopify/customers-update", "woocommerce": "woocommerce/customer-updated"}


@dataclass(frozen=True)
class Message:
    """One thing that a shop says once; repetitions carry the same id."""

    platform: str
    topic: str
    body: bytes
    id: str

    def headers(self, secret: str) -> dict[str, str]:
        """Sign it as its platform does."""
        if self.platform == "shopify":
            return deliveries.shopify(self.topic, self.body, secret=secret, webhook_id=self.id, event_id=f"{self.id}-e")
        return deliveries.woocommerce(self.topic, self.body, secret=secret, delivery_id=self.id)


class History:
    """A made-up past of two shops with common customers, the same for the same dice."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._numbers = count(chance.randrange(1, 1_000) * 1_000_000)
        self._at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)

    def messages(self) -> list[Message]:
        """Return everything that was said, in the sequence in which it happened."""
        return [message for _ in range(ORDERS) for message in self._story()]

    def _story(self) -> Iterator[Message]:
        """One order and what became of it; now and then the customer's record, which joins guest and member."""
        platform = self._chance.choice(PLATFORMS)
        customer = self._chance.randrange(CUSTOMERS)
        order = self._order(platform, customer)
        yield self._say(platform, "created", order.body())
        for _ in range(self._chance.randrange(3)):
            order = self._changed(order)
            yield self._say(platform, "updated", order.body())
        if platform == "shopify" and self._chance.random() < 0.3:
            share = self._chance.choice(("100.00", "40.00"))
            yield self._message(platform, "refunds/create", refund_of(order, share))
        if self._chance.random() < 0.2:
            yield self._say(platform, "updated", self._cancelled(order).body())
        if self._chance.random() < 0.4:
            yield self._say(platform, "customer", self._customer(platform, customer))

    def _order(self, platform: str, customer: int) -> ShopOrder:
        # Guests are known by their address alone, members by their number, and some only by a number of one shop.
        guest = self._chance.random() < 0.4
        address = self._chance.choice((f"buyer.{customer}@mail.example", f"Buyer.{customer}+b@mail.example"))
        return ShopOrder(
            platform,
            next(self._numbers),
            f"{self._chance.randint(2, 90)}00.00",
            customer=0 if guest and platform == "woocommerce" else 5_000 + customer,
            email=address,
            placed_at=self._now(),
            fields={"customer": None} if guest and platform == "shopify" else {},
        )

    def _changed(self, order: ShopOrder, **fields: object) -> ShopOrder:
        total = f"{self._chance.randint(2, 90)}00.00"
        return ShopOrder(
            order.platform,
            order.number,
            total,
            customer=order.customer,
            email=order.email,
            placed_at=order.placed_at,
            updated_at=self._now(),
            fields={**order.fields, **fields},
        )

    def _cancelled(self, order: ShopOrder) -> ShopOrder:
        if order.platform == "woocommerce":
            return self._changed(order, status="cancelled")
        return self._changed(order, cancelled_at=self._now().isoformat(), cancel_reason="customer")

    def _customer(self, platform: str, customer: int) -> bytes:
        sample = json.loads(deliveries.sample(CUSTOMER_SAMPLES[platform]))
        own: dict[str, object] = {
            "id": 5_000 + customer,
            "email": f"buyer.{customer}@mail.example",
            "first_name": self._chance.choice("ABCD"),
            "phone": None,
        }
        now = self._now()
        if platform == "shopify":
            own |= {"updated_at": now.isoformat(), "default_address": None, "addresses": []}
        else:
            stamp = now.replace(tzinfo=None).isoformat()
            own |= {"date_modified_gmt": stamp, "date_modified": stamp, "billing": {}, "shipping": {}}
        return json.dumps(sample | own).encode()

    def _now(self) -> datetime:
        self._at += timedelta(seconds=self._chance.randint(1, 300))
        return self._at

    def _say(self, platform: str, what: str, body: bytes) -> Message:
        return self._message(platform, TOPICS[platform][what], body)

    def _message(self, platform: str, topic: str, body: bytes) -> Message:
        return Message(platform, topic, body, str(UUID(int=self._chance.getrandbits(128), version=4)))
