"""Two replicas of every process on one database: work is shared, done once, and survives the death of half of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.processes import NAMES
from gateway import bootstrap
from gateway.settings import GatewaySettings
from migrations import SCHEMAS
from tests.cluster import KithDatabase
from tests.deploy.replicas import Replicas
from tests.settled import UNSETTLED
from tests.system.client import Client, Json, eventually
from tests.system.shops import Shop, ShopOrder

AT_ONCE = 8
COMPLETED = 16
KILL_SECONDS = 0.2
FIRST_ORDER = "first_order_thanks"
GAPS = "SELECT (SELECT head FROM {0}.feed_state) - (SELECT count(*) FROM {0}.events)"


@pytest.fixture
async def replicas(own_kith: KithDatabase, tmp_path: Path) -> AsyncIterator[Replicas]:
    async with Replicas(tmp_path, own_kith, 2) as running:
        yield running


@pytest.fixture
async def client(replicas: Replicas) -> AsyncIterator[Client]:
    settings = GatewaySettings.model_validate(replicas.settings("gateway") | {"first_workspace_currency": "TWD"})
    key = await bootstrap.ensure_first_workspace(settings)
    async with Client(replicas.url, key) as found:
        yield found


async def deliver(shop: Shop, order: ShopOrder) -> str:
    """Send an order as shops do: again and again until it is taken, and once more for good measure."""
    body = order.body()
    headers = shop.headers(shop.topic_created, body)

    async def taken() -> Json | None:
        try:
            answer = await shop.deliver(shop.topic_created, body, headers)
        except httpx.TransportError:
            return None
        found: Json = answer.json()
        return found if answer.status_code == 200 else None

    first = await eventually(taken, f"order {order.number} is taken")
    again = await eventually(taken, f"order {order.number} is taken again")
    assert again["status"] == "duplicate"
    assert again["delivery_id"] == first["delivery_id"]
    return order.external_id


async def send(shop: Shop, number: int) -> list[str]:
    """Send so many new orders, some at once, each of a customer of its own."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one() -> str:
        async with places:
            return await deliver(shop, shop.order())

    return list(await asyncio.gather(*(one() for _ in range(number))))


READ = ("/v1/me", "/v1/orders", "/v1/people", "/v1/scores?kind=value_tier", "/v1/reminders", "/v1/customers")


async def one_try(shop: Shop) -> list[str]:
    """Send orders, write and read on new connections; everything is answered well, and at once."""
    orders = [shop.order() for _ in range(2)]
    headers = {"Connection": "close"}
    person = {"emails": [{"address": f"{uuid4()}@mail.example"}]}
    posts = [
        shop.deliver(shop.topic_created, body, shop.headers(shop.topic_created, body) | headers)
        for body in [order.body() for order in orders]
    ]
    posts.append(shop.client.send("POST", "/v1/people", json=person, headers=headers))
    gets = [shop.client.send("GET", path, headers=headers) for path in READ]
    for answer in await asyncio.gather(*posts, *gets):
        assert answer.is_success, answer.text
    return [order.external_id for order in orders]


async def while_it_lasts(
    happening: Coroutine[Any, Any, list[str]], load: Callable[[], Awaitable[list[str]]]
) -> tuple[list[str], list[str]]:
    """Repeat a load for as long as something happens; return what happened, and the orders that were taken."""
    task, sent = asyncio.create_task(happening), []
    while not task.done():
        sent += await load()
    return await task, sent


async def restart(replicas: Replicas) -> list[str]:
    """Replace everything, one replica after the other; what serves requests and what works apart side by side."""
    names: list[str] = []
    for number in (1, 2):
        for process in NAMES:
            pair = [f"{process}-{role}-{number}" for role in ("api", "worker")]
            await asyncio.gather(*map(replicas.restart, pair))
            names += pair
    return names


async def kill(replicas: Replicas) -> list[str]:
    """Kill one replica of each kind, one after the other."""
    names = [f"{process}-{role}-1" for process in NAMES for role in ("worker", "api")]
    for name in names:
        replicas.kill(name)
        await asyncio.sleep(KILL_SECONDS)
    return names


async def complete(client: Client, reminder: Json) -> None:
    """Say what came of a reminder, as often as it takes."""

    async def done() -> bool:
        try:
            answer = await client.send(
                "POST",
                f"/v1/reminders/{reminder['id']}/complete",
                json={"outcome": "reached", "summary": "Thanked"},
                headers={"Idempotency-Key": reminder["id"]},
            )
        except httpx.TransportError:
            return False
        return answer.is_success

    await eventually(done, "the reminder is completed")


async def test_replicas_are_replaced_without_a_fault_and_die_without_a_loss(
    client: Client, replicas: Replicas, own_kith: KithDatabase
) -> None:
    shop = await Shop.connect(client, "woocommerce")

    replaced, sent = await while_it_lasts(restart(replicas), lambda: one_try(shop))
    assert len(replaced) == len(replicas.all)
    killed, more = await while_it_lasts(kill(replicas), lambda: send(shop, AT_ONCE))
    sent += more + await send(shop, AT_ONCE)
    reminders = await at_least(client, len(sent), "/v1/reminders", rule=FIRST_ORDER)
    await asyncio.gather(*(complete(client, each) for each in reminders[:COMPLETED]))
    await at_least(client, COMPLETED, "/v1/interactions")
    await settled(own_kith)

    await everything_happened_once(client, shop, sent)
    assert [await read(own_kith, GAPS.format(schema)) for schema in SCHEMAS] == [0] * len(SCHEMAS)
    codes = await asyncio.to_thread(replicas.stop)
    assert codes == {each.name: 0 for each in replicas.all if each.name not in killed}, replicas.log.read_text()


async def everything_happened_once(client: Client, shop: Shop, sent: list[str]) -> None:
    """Check orders, customers, facts, reminders and interactions one by one."""
    orders = await client.items("/v1/orders", source=shop.key)
    customers = Counter(order["customer_id"] for order in orders)
    assert Counter(order["external_id"] for order in orders) == Counter(sent)
    assert set(customers.values()) == {1}
    assert Counter(each["customer_id"] for each in await client.items("/v1/reminders", rule=FIRST_ORDER)) == customers
    assert len(await client.items("/v1/interactions")) == COMPLETED
    counts = [each["orders_count"] for each in await client.items("/v1/customers")]
    assert [count for count in counts if count] == [1] * len(sent)


async def at_least(client: Client, number: int, path: str, **query: str) -> list[Json]:
    """Return a list as soon as it is so long; a longer one is for the caller to find out."""

    async def there() -> list[Json] | None:
        found = await client.items(path, **query)
        return found if len(found) >= number else None

    found: list[Json] = await eventually(there, f"{number} are listed at {path}")
    return found


async def settled(database: KithDatabase) -> None:
    """Wait until nothing waits: every event is numbered, and applied by everybody who follows it."""

    async def quiet() -> bool:
        return await read(database, UNSETTLED) == 0

    await eventually(quiet, "nothing waits any more")


async def read(database: KithDatabase, sql: str) -> int:
    """Return the one number that a statement reads."""
    number: int = (await database.as_admin(sql))[0][0]
    return number
