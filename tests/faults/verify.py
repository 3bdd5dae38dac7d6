"""Compares Kith with the ledger, entry by entry."""

from collections import Counter
from decimal import Decimal
from typing import Any

import asyncpg

from tests.faults.load import Load
from tests.faults.log import SETTLE_SECONDS, Figures, Log
from tests.system.client import Client, Json, eventually
from tests.system.shops import Shop
from tests.system.stack import Stack

FIRST_ORDER = "first_order_thanks"
REF = {"id", "type", "display_name"}


async def everything_is_there_once(stack: Stack, client: Client, load: Load) -> None:
    """Check a load that has ended: deliveries, orders, totals, reminders, API writes and the logs behind them."""
    for shop in load.shops:
        await deliveries_are_there_once(client, shop, load)
    connection = await asyncpg.connect(stack.state["database_url"])
    try:
        log = Log(connection)
        await log.settled()
        await log.is_complete_and_in_order()
        customers = await orders_are_right(client, load)
        await totals_are_a_replay_of_the_log(log, load, customers)
    finally:
        await connection.close()
    await reminders_are_there_once(client, customers)
    await people_are_there_once(client, load)
    await interactions_are_there_once(client, load)
    await writes_answer_the_same_again(client, load)


async def deliveries_are_there_once(client: Client, shop: Shop, load: Load) -> None:
    """Every acknowledged delivery is kept once and processed."""

    async def processed() -> list[Json] | None:
        listed = await client.items(f"/v1/sources/{shop.source_id}/deliveries")
        return None if any(one["status"] == "received" for one in listed) else listed

    listed = await eventually(processed, "all deliveries are processed", SETTLE_SECONDS)
    ids = Counter(one["id"] for one in listed)
    lost = load.ledger.deliveries.get(shop.source_id, set()) - set(ids)
    assert not lost, f"acknowledged and lost: {sorted(lost)}"
    assert max(ids.values(), default=1) == 1
    assert {one["status"] for one in listed} <= {"processed"}, Counter(one["status"] for one in listed)


async def orders_are_right(client: Client, load: Load) -> dict[int, str]:
    """Every order is there once with its total and net; returns the ids of the customers by their numbers."""
    customers: dict[int, set[str]] = {}
    listed = [order for source in load.sources for order in await client.items("/v1/orders", source=source)]
    stored = {order["external_id"]: order for order in listed}
    assert len(stored) == len(listed), "an order is there twice"
    assert set(stored) == set(load.ledger.orders)
    for external_id, sent in load.ledger.orders.items():
        order = stored[external_id]
        assert Decimal(order["total"]["amount"]) == sent.total, external_id
        assert Decimal(order["net"]["amount"]) == sent.net, external_id
        customers.setdefault(sent.customer, set()).add(order["customer_id"])
    assert all(len(ids) == 1 for ids in customers.values()), "a customer was split"
    return {number: next(iter(ids)) for number, ids in customers.items()}


async def totals_are_a_replay_of_the_log(log: Log, load: Load, customers: dict[int, str]) -> None:
    """Net revenue and order counts are those of the ledger in the log, in scoring and in campaigns."""
    counts = load.ledger.counts()
    expected: Figures = {
        customers[number]: (revenue, counts[number]) for number, revenue in load.ledger.revenue().items()
    }
    replayed = await log.figures()
    assert {one: replayed.get(one) for one in expected} == expected, "the log does not add up"
    for table in ("scoring.standings", "campaigns.audience"):

        async def equal(table: str = table) -> bool:
            return await log.figures_in(table, expected) == expected

        await eventually(equal, f"{table} equals the ledger", SETTLE_SECONDS)


async def reminders_are_there_once(client: Client, customers: dict[int, str]) -> None:
    """Everybody is thanked for the first order once, and no cause has two reminders."""
    for customer in customers.values():
        listed = await client.items("/v1/reminders", customer_id=customer)
        causes = Counter((one["rule"], one["cause"]) for one in listed)
        assert max(causes.values(), default=0) == 1, f"{customer}: {causes}"
        assert sum(FIRST_ORDER in str(one["rule"]) for one in listed) == 1, f"{customer}: {causes}"


async def people_are_there_once(client: Client, load: Load) -> None:
    """Everybody who was created is there with the address he or she came with, and tags are as the last write left."""
    for person_id, address in load.ledger.people.items():
        (found,) = await client.items("/v1/people", email=address)
        assert found["id"] == person_id
    for person_id, tags in load.ledger.tags.items():
        assert set((await client.get(f"/v1/people/{person_id}"))["tags"]) == tags, person_id


async def interactions_are_there_once(client: Client, load: Load) -> None:
    """What was noted, and what completed reminders became, is there once; the latter when their jobs have run."""
    ledger = load.ledger

    async def written() -> bool:
        listed = await client.items("/v1/interactions")
        found = Counter((one["summary"], one["customer_id"]) for one in listed if one["summary"] in ledger.summaries)
        assert max(found.values(), default=1) == 1, "an interaction is there twice"
        return set(found) == set(ledger.summaries.items())

    await eventually(written, "every interaction is there", SETTLE_SECONDS)
    for reminder in ledger.completed:
        assert (await client.get(f"/v1/reminders/{reminder}"))["status"] == "done", reminder


async def writes_answer_the_same_again(client: Client, load: Load) -> None:
    """A write that is repeated with its key gets its first answer again, whatever was killed in between."""
    for write in load.ledger.writes:
        headers = {"Idempotency-Key": write.key}
        again = await client.send(write.method, write.path, json=write.body, headers=headers)
        assert again.status_code == write.status, again.text
        assert again.headers["Idempotency-Replayed"] == "true"
        assert without_names(again.json()) == without_names(write.answer)


def without_names(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON without the names beside ids: the gateway looks them up for every answer."""
    if isinstance(value, dict):
        return {key: None if is_ref(inner) else without_names(inner) for key, inner in value.items()}
    return [without_names(inner) for inner in value] if isinstance(value, list) else value


def is_ref(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Tell whether a value names a resource beside its id."""
    return isinstance(value, dict) and value.keys() >= REF
