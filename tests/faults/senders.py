"""Who sends under faults: shops that deliver webhooks, desks that write through the API; each until it is answered."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import httpx

from tests.faults.ledger import Ledger, SentOrder, Write
from tests.system.client import Client, Json
from tests.system.shops import Shop, ShopOrder
from tests.system.test_deliveries import refund_of

CUSTOMERS_OF_A_SENDER = 6
ATTEMPTS = 600
PAUSE_SECONDS = 0.2
RETRIED = (429, 500, 502, 503, 504)
IN_PROGRESS = "/problems/request-in-progress"
CONFLICT = 409
TAGS = ("vip", "茶", "slow payer", "workshop")


@dataclass
class Sender(ABC):
    """One sender with customers of its own: what it says about a thing, it says in sequence."""

    client: Client
    ledger: Ledger
    chance: Random
    number: int

    async def run(self, stop: asyncio.Event) -> None:
        """Send one thing after another until told to stop."""
        while not stop.is_set():
            await self.chance.choice(self.acts())()

    @abstractmethod
    def acts(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """Return what this sender does, the frequent more than once."""

    async def until_answered(self, send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """Send again and again until there is an answer that stays."""
        for _ in range(ATTEMPTS):
            self.ledger.attempts += 1
            with suppress(httpx.TransportError):
                answer = await send()
                if answer.status_code not in RETRIED and IN_PROGRESS not in answer.text:
                    return answer
            self.ledger.failures += 1
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError(f"no answer after {ATTEMPTS} attempts")

    def own_orders(self) -> list[SentOrder]:
        """Return the orders that this sender placed."""
        return [order for order in self.ledger.orders.values() if order.customer // 1000 == self.number]

    def new_order(self, source: str, external_id: str) -> SentOrder:
        """Return an order of one of our customers, placed a moment ago."""
        placed = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
        customer = self.number * 1000 + self.chance.randrange(CUSTOMERS_OF_A_SENDER)
        return SentOrder(source, external_id, customer, placed, placed, Decimal(self.chance.randint(1, 900)))


@dataclass
class Counter(Sender):
    """A shop: signed deliveries, now and then one of them again."""

    shop: Shop
    last: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def acts(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """Orders, changes, refunds, repetitions."""
        return (self.place, self.place, self.place, self.update, self.refund, self.repeat)

    async def place(self) -> None:
        """Place a new order."""
        sent = self.new_order(self.shop.key, self.shop.order().external_id)
        await self._deliver(self.shop.topic_created, self._order(sent).body())
        self.ledger.orders[sent.external_id] = sent

    async def update(self) -> None:
        """Change the total of one of our orders."""
        sent = self._pick()
        if sent is None:
            return
        at, total = sent.updated_at + timedelta(seconds=1), Decimal(self.chance.randint(1, 900))
        await self._deliver(self.shop.topic_updated, self._order(sent, at, total).body())
        sent.updated_at, sent.total = at, total

    async def refund(self) -> None:
        """Give money back: a part of an order, once."""
        sent = self._pick()
        if sent is None or self.shop.platform != "shopify":
            return
        amount = (sent.total / 4).quantize(Decimal("0.01"))
        await self._deliver("refunds/create", refund_of(self._order(sent), str(amount)))
        sent.refunds[int(sent.external_id) * 10] = amount

    async def repeat(self) -> None:
        """Send an earlier delivery once more, byte by byte."""
        if self.last:
            topic, body, headers = self.chance.choice(self.last)
            await self._deliver(topic, body, headers)

    async def _deliver(self, topic: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        signed = headers or self.shop.headers(topic, body)
        answer = await self.until_answered(lambda: self.shop.deliver(topic, body, signed))
        assert answer.status_code == 200, answer.text
        self.ledger.acknowledge(self.shop.source_id, answer.json()["delivery_id"])
        self.last = [*self.last[-20:], (topic, body, signed)]

    def _pick(self) -> SentOrder | None:
        own = [order for order in self.own_orders() if not order.refunds]
        return self.chance.choice(own) if own else None

    def _order(self, sent: SentOrder, updated_at: datetime | None = None, total: Decimal | None = None) -> ShopOrder:
        return ShopOrder(
            self.shop.platform,
            int(sent.external_id),
            f"{total or sent.total:.2f}",
            customer=sent.customer,
            placed_at=sent.placed_at,
            updated_at=updated_at or sent.updated_at,
        )


@dataclass
class Desk(Sender):
    """A front end: people, tags, orders of its own till, interactions, completed reminders."""

    till: str
    customers: dict[int, str] = field(default_factory=dict)
    """Ids of customers who have ordered here, by number."""

    def acts(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """Everything a rep does, orders twice as often."""
        return (self.create_person, self.tag, self.order, self.order, self.correct, self.note, self.complete)

    async def create_person(self) -> None:
        """Create a person whom nobody else knows."""
        key = self._key()
        address = f"p{key}@mail.example"
        person = await self._write("POST", "/v1/people", {"emails": [{"address": address}]}, key)
        self.ledger.people[person["id"]] = address

    async def tag(self) -> None:
        """Add a tag to one of our customers and take another one away."""
        found = self._somebody()
        if found is None:
            return
        add, remove = self.chance.sample(TAGS, 2)
        await self._write("POST", f"/v1/people/{found}/tags", {"add": [add], "remove": [remove]})
        self.ledger.tags[found] = (self.ledger.tags.get(found, set()) | {add}) - {remove}

    async def order(self) -> None:
        """Tell of a new order by its id in the till."""
        sent = self.new_order(self.till, f"t{self._key()}")
        answer = await self._put(sent)
        self.ledger.orders[sent.external_id] = sent
        self.customers[sent.customer] = answer["customer_id"]

    async def correct(self) -> None:
        """Tell another total of an order."""
        own = self.own_orders()
        if not own:
            return
        sent = self.chance.choice(own)
        sent.updated_at += timedelta(seconds=1)
        sent.total = Decimal(self.chance.randint(1, 900))
        await self._put(sent)

    async def note(self) -> None:
        """Note a call with one of our customers."""
        found = self._somebody()
        if found is None:
            return
        key = self._key()
        body = {"customer_id": found, "function": "care", "channel": "call", "direction": "outbound"}
        more = {"occurred_at": datetime.now(UTC).isoformat(), "outcome": "reached", "summary": key}
        await self._write("POST", "/v1/interactions", body | more, key)
        self.ledger.summaries[key] = found

    async def complete(self) -> None:
        """Complete a reminder of one of our customers, if one is open."""
        found = self._somebody()
        if found is None:
            return
        query = {"customer_id": found, "status": "open"}
        listed = await self.until_answered(lambda: self.client.http.get("/v1/reminders", params=query))
        assert listed.status_code == 200, listed.text
        for reminder in listed.json()["items"][:1]:
            key = self._key()
            body = {"outcome": "reached", "summary": key}
            if not await self._write("POST", f"/v1/reminders/{reminder['id']}/complete", body, key):
                continue  # withdrawn since we saw it: the customer has bought again
            self.ledger.completed[reminder["id"]] = key
            self.ledger.summaries[key] = found

    async def _put(self, sent: SentOrder) -> Json:
        known_by = {"source": sent.source, "id": str(sent.customer)}
        body = {
            "customer": {"external_ids": [known_by], "emails": [{"address": f"c{sent.customer}@till.example"}]},
            "placed_at": sent.placed_at.isoformat(),
            "updated_at": sent.updated_at.isoformat(),
            "total": {"amount": f"{sent.total:.2f}", "currency": "TWD"},
        }
        return await self._write("PUT", f"/v1/orders/external/{sent.source}/{sent.external_id}", body)

    async def _write(self, method: str, path: str, body: Json, key: str | None = None) -> Json:
        key = key or self._key()
        headers = {"Idempotency-Key": key}
        answer = await self.until_answered(lambda: self.client.http.request(method, path, json=body, headers=headers))
        if answer.status_code == CONFLICT and path.startswith("/v1/reminders"):
            return {}
        assert answer.is_success, f"{method} {path}: {answer.text}"
        found: Json = answer.json()
        self.ledger.writes.append(Write(method, path, body, key, answer.status_code, found))
        self.ledger.replayed += "Idempotency-Replayed" in answer.headers
        return found

    def _somebody(self) -> str | None:
        return self.chance.choice(list(self.customers.values())) if self.customers else None

    def _key(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))
