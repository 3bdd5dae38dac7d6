"""A load of signed orders and API writes that is repeated until it is acknowledged, as shops and good clients do."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Self
from uuid import UUID

import httpx

from tests.faults.ledger import Ledger, SentOrder
from tests.system.client import Client, Json
from tests.system.shops import Shop, ShopOrder
from tests.system.test_deliveries import refund_of

CUSTOMERS_OF_A_SENDER = 6
ATTEMPTS = 600
PAUSE_SECONDS = 0.2
RETRIED = (409, 425, 429, 500, 502, 503, 504)
FIRST_ERROR = 400


@dataclass
class Sender:
    """One sender with customers of its own: what it says about an order, it says in sequence."""

    shop: Shop
    ledger: Ledger
    chance: Random
    number: int
    last: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        """Send one thing after another until told to stop."""
        acts = (self.place, self.place, self.place, self.update, self.refund, self.repeat, self.write_person)
        while not stop.is_set():
            await self.chance.choice(acts)()

    async def place(self) -> None:
        """Place a new order."""
        customer = self.number * 1000 + self.chance.randrange(CUSTOMERS_OF_A_SENDER)
        placed = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
        order = self.shop.order(customer=customer, placed_at=placed, total=f"{self.chance.randint(1, 900)}.00")
        await self._deliver(self.shop.topic_created, order.body())
        sent = SentOrder(order.external_id, customer, placed, placed, Decimal(order.total))
        self.ledger.orders[order.external_id] = sent

    async def update(self) -> None:
        """Change the total of one of our orders."""
        sent = self._pick()
        if sent is None or sent.refunds:
            return
        at, total = sent.updated_at + timedelta(seconds=1), Decimal(self.chance.randint(1, 900))
        order = self._order(sent, updated_at=at, total=f"{total}.00")
        await self._deliver(self.shop.topic_updated, order.body())
        sent.updated_at, sent.total = at, total

    async def refund(self) -> None:
        """Give money back: a part of an order, once."""
        sent = self._pick()
        if sent is None or sent.refunds or self.shop.platform != "shopify":
            return
        amount = (sent.total / 4).quantize(Decimal("0.01"))
        await self._deliver("refunds/create", refund_of(self._order(sent), str(amount)))
        sent.refunds[int(sent.external_id) * 10] = amount

    async def repeat(self) -> None:
        """Send an earlier delivery once more, byte by byte."""
        if self.last:
            topic, body, headers = self.chance.choice(self.last)
            await self._deliver(topic, body, headers)

    async def write_person(self) -> None:
        """Create a person through the API, and an interaction with him or her."""
        key = str(UUID(int=self.chance.getrandbits(128), version=4))
        person = await self._write("/v1/people", person_named_by(key), key)
        self.ledger.people[key] = person["id"]
        at = datetime.now(UTC).isoformat()
        body = {"customer_id": person["id"], "function": "care", "channel": "call", "direction": "outbound"}
        more = {"occurred_at": at, "outcome": "reached", "summary": key}
        interaction = await self._write("/v1/interactions", body | more, f"i{key}")
        self.ledger.interactions[f"i{key}"] = interaction["id"]

    async def _deliver(self, topic: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        signed = headers or self.shop.headers(topic, body)
        answer = await self._until_answered(self.shop.deliver, topic, body, signed)
        assert answer.status_code == 200, answer.text
        self.ledger.acknowledge(self.shop.source_id, answer.json()["delivery_id"])
        self.last = [*self.last[-20:], (topic, body, signed)]

    async def _write(self, path: str, body: Json, key: str) -> Json:
        headers = {"Idempotency-Key": key}
        answer = await self._until_answered(self._post, path, body, headers)
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    async def _post(self, path: str, body: Json, headers: dict[str, str]) -> httpx.Response:
        return await self.shop.client.http.post(path, json=body, headers=headers)

    async def _until_answered(self, send: object, *request: object) -> httpx.Response:
        for _ in range(ATTEMPTS):
            self.ledger.attempts += 1
            with suppress(httpx.TransportError):
                answer: httpx.Response = await send(*request)  # type: ignore[operator]  # one of our two methods
                if answer.status_code not in RETRIED:
                    return answer
            self.ledger.failures += 1
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError(f"no answer to {request[0]} after {ATTEMPTS} attempts")

    def _pick(self) -> SentOrder | None:
        own = [order for order in self.ledger.orders.values() if order.customer // 1000 == self.number]
        return self.chance.choice(own) if own else None

    def _order(self, sent: SentOrder, updated_at: datetime | None = None, total: str | None = None) -> ShopOrder:
        return ShopOrder(
            self.shop.platform,
            int(sent.external_id),
            total or str(sent.total),
            customer=sent.customer,
            placed_at=sent.placed_at,
            updated_at=updated_at or sent.updated_at,
        )


def person_named_by(key: str) -> Json:
    """Return the body of a person whom a key of a write tells from all others."""
    return {"emails": [{"address": f"p{key}@mail.example"}]}


class Load:
    """Several senders to two shops, running beside what the test does."""

    def __init__(self, senders: list[Sender], ledger: Ledger) -> None:
        self.ledger = ledger
        self.shops = list({sender.shop.source_id: sender.shop for sender in senders}.values())
        self._senders = senders
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def prepare(cls, client: Client, chance: Random, senders: int = 20) -> "Load":
        """Connect two shops and give each sender one of them."""
        ledger = Ledger()
        shops = [await Shop.connect(client, "shopify"), await Shop.connect(client, "woocommerce")]
        base = chance.randrange(1_000, 9_000) * 100
        own = [Random(chance.random()) for _ in range(senders)]
        return cls([Sender(shops[n % 2], ledger, dice, base + n) for n, dice in enumerate(own)], ledger)

    def __str__(self) -> str:
        sent = sum(map(len, self.ledger.deliveries.values()))
        return (
            f"{len(self.ledger.orders)} orders in {sent} deliveries, {len(self.ledger.people)} people by API,"
            f" {self.ledger.attempts} attempts, {self.ledger.failures} of them without an answer"
        )

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(sender.run(self._stop)) for sender in self._senders]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)
