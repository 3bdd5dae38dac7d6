"""Compares Kith with the ledger, entry by entry."""

from collections import Counter
from decimal import Decimal

from tests.faults.load import Load, person_named_by
from tests.system.client import Client, Json, eventually
from tests.system.shops import Shop

SETTLE_SECONDS = 60.0
PAGE = 100
FIRST_ORDER = "first_order_thanks"


async def everything_is_there_once(client: Client, load: Load) -> None:
    """Check deliveries, orders, revenue, reminders and API writes of a load that has ended."""
    for shop in load.shops:
        await deliveries_are_there_once(client, shop, load)
    customers = await orders_are_right(client, load)
    await revenue_is_a_replay_of_the_log(client, load, customers)
    await reminders_are_there_once(client, customers)
    await writes_took_effect_once(client, load)
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
    listed = [order for shop in load.shops for order in await client.items("/v1/orders", source=shop.key)]
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


async def revenue_is_a_replay_of_the_log(client: Client, load: Load, customers: dict[int, str]) -> None:
    """Scoring's net revenue and order counts are those of the ledger."""
    expected = {
        customers[number]: (revenue, load.ledger.counts()[number]) for number, revenue in load.ledger.revenue().items()
    }
    last: dict[str, tuple[Decimal, int]] = {}

    async def equal() -> bool:
        last.clear()
        wanted = list(expected)
        for start in range(0, len(wanted), PAGE):
            for one in await client.items("/v1/customers", ids=wanted[start : start + PAGE]):
                if one["net_revenue"]:
                    last[one["id"]] = (Decimal(one["net_revenue"]["amount"]), one["orders_count"])
        return last == expected

    try:
        await eventually(equal, "revenue equals the ledger", SETTLE_SECONDS)
    except AssertionError:
        different = {one: (last.get(one), expected[one]) for one in expected if last.get(one) != expected[one]}
        raise AssertionError(f"revenue differs (Kith, ledger): {different}") from None


async def reminders_are_there_once(client: Client, customers: dict[int, str]) -> None:
    """Everybody is thanked for the first order once, and no cause has two reminders."""
    for customer in customers.values():
        listed = await client.items("/v1/reminders", customer_id=customer)
        causes = Counter((one["rule"], one["cause"]) for one in listed)
        assert max(causes.values(), default=0) == 1, f"{customer}: {causes}"
        assert sum(FIRST_ORDER in str(one["rule"]) for one in listed) == 1, f"{customer}: {causes}"


async def writes_took_effect_once(client: Client, load: Load) -> None:
    """Everything that API writes were answered is there, and each took effect once."""
    for ids, path in ((load.ledger.people, "/v1/people"), (load.ledger.interactions, "/v1/interactions")):
        for answered in ids.values():
            found = await client.get(f"{path}/{answered}")
            assert found["id"] == answered
    summaries = Counter(one["summary"] for one in await client.items("/v1/interactions"))
    for key in load.ledger.people:
        assert summaries[key] == 1, key


async def writes_answer_the_same_again(client: Client, load: Load) -> None:
    """A write that is repeated with its key gets its first answer again, whatever was killed in between."""
    for key, answered in load.ledger.people.items():
        again = await client.send("POST", "/v1/people", json=person_named_by(key), headers={"Idempotency-Key": key})
        assert again.status_code == 201, again.text
        assert again.json()["id"] == answered
        assert again.headers["Idempotency-Replayed"] == "true"
