"""A load of signed orders and API writes that is repeated until it is acknowledged, as shops and good clients do."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Self

from tests.faults.ledger import Ledger
from tests.faults.senders import Counter, Desk, Sender
from tests.system.client import Client
from tests.system.shops import Shop

SHOP_SENDERS = 16
DESKS = 8


class Load:
    """Several senders to two shops and a till, running beside what the test does."""

    def __init__(self, senders: Sequence[Sender], shops: Sequence[Shop], till: str, ledger: Ledger) -> None:
        self.ledger = ledger
        self.shops = shops
        self.sources = [*(shop.key for shop in shops), till]
        self._senders = senders
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def prepare(cls, client: Client, chance: Random) -> "Load":
        """Connect two shops and a till, and give each sender one of them."""
        ledger = Ledger()
        shops = [await Shop.connect(client, "shopify"), await Shop.connect(client, "woocommerce")]
        till = f"till-{chance.getrandbits(40)}"
        await client.post("/v1/sources", {"platform": "generic", "name": till, "key": till}, expected=201)
        numbers = iter(range(chance.randrange(1_000, 9_000) * 100, 10**9))
        dice = iter([Random(chance.random()) for _ in range(SHOP_SENDERS + DESKS)])
        senders: list[Sender] = [
            Counter(client, ledger, next(dice), next(numbers), shops[which % 2]) for which in range(SHOP_SENDERS)
        ]
        senders += [Desk(client, ledger, next(dice), next(numbers), till) for _ in range(DESKS)]
        return cls(senders, shops, till, ledger)

    def __str__(self) -> str:
        sent = sum(map(len, self.ledger.deliveries.values()))
        return (
            f"{len(self.ledger.orders)} orders, {sent} deliveries, {len(self.ledger.writes)} API writes of which"
            f" {self.ledger.replayed} took effect before their answer was lost,"
            f" {self.ledger.attempts} attempts, {self.ledger.failures} of them without an answer"
        )

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(sender.run(self._stop)) for sender in self._senders]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)
