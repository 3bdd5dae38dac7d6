"""A service that is down for a while: nothing is lost, reads answer in part, and everything is caught up."""

import pytest

from tests.system.client import Client, Json, eventually
from tests.system.shops import Shop
from tests.system.stack import Stack
from tests.system.test_main_job import view_with_reminder


@pytest.mark.parametrize(("name", "part"), [("scoring", "scores"), ("campaigns", "reminders")])
async def test_a_stopped_service_loses_nothing_and_catches_up(
    stack: Stack, client: Client, name: str, part: str
) -> None:
    shop = await Shop.connect(client, "shopify")
    orders = [shop.order() for _ in range(3)]

    await stack.hold(name)
    try:
        for order in orders:
            assert (await shop.place(order))["status"] == "accepted"
        customer = (await shop.stored_order(orders[0].external_id))["customer_id"]
        partial = await client.get(f"/v1/customers/{customer}/360")
        missing = {one["part"]: one for one in partial["unavailable"]}
        assert missing[part]["service"] == name
        assert partial[part] is None
        assert partial["orders"]["items"][0]["external_id"] == orders[0].external_id
    finally:
        await stack.resume()

    for order in orders:
        view = await view_with_reminder(client, shop, order)
        assert view["unavailable"] == []
        assert view["scores"]["value_tier"]["value"]


async def test_without_contacts_scores_and_reminders_are_still_shown_and_webhooks_are_told_to_come_back(
    stack: Stack, client: Client
) -> None:
    shop = await Shop.connect(client, "shopify")
    order = shop.order()
    await shop.place(order)
    customer = (await view_with_reminder(client, shop, order))["customer"]["id"]

    await stack.hold("contacts")
    try:
        partial = await client.get(f"/v1/customers/{customer}/360")
        refused = await client.http.post(f"/v1/webhooks/{shop.source_id}", content=order.body())
    finally:
        await stack.resume()

    assert {one["part"] for one in partial["unavailable"]} >= {"customer", "orders", "interactions"}
    assert partial["customer"] is None
    assert partial["scores"]["value_tier"]["value"]
    assert partial["reminders"]["items"]
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1


async def test_a_reminder_completed_while_contacts_is_down_becomes_one_interaction_later(
    stack: Stack, client: Client
) -> None:
    shop = await Shop.connect(client, "woocommerce")
    order = shop.order()
    await shop.place(order)
    view = await view_with_reminder(client, shop, order)
    customer, reminder = view["customer"]["id"], view["reminders"]["items"][0]["id"]

    await stack.hold("contacts")
    try:
        done = await client.post(
            f"/v1/reminders/{reminder}/complete",
            {"outcome": "reached", "summary": "Said thank you.", "channel": "call"},
        )
        assert done["status"] == "done"
    finally:
        await stack.resume()

    async def written() -> list[Json]:
        return await client.items("/v1/interactions", customer_id=customer)

    await eventually(written, "the interaction is written")
    # Give a second one the chance to appear that must never come.
    await shop.place(another := shop.order())
    await view_with_reminder(client, shop, another)
    (interaction,) = await written()
    assert interaction["channel"] == "call"
    assert interaction["outcome"] == "reached"
    assert interaction["summary"] == "Said thank you."


async def test_postgres_that_stops_for_a_while_makes_503_and_then_everything_goes_on(
    stack: Stack, client: Client
) -> None:
    shop = await Shop.connect(client, "shopify")
    order = shop.order()

    await stack.hold("postgres")
    try:
        answer = await shop.deliver(shop.topic_created, order.body())
    finally:
        await stack.resume()

    assert answer.status_code == 503

    async def taken() -> bool:
        again = await shop.deliver(shop.topic_created, order.body())
        return again.status_code == 200

    await eventually(taken, "the shop's next attempt is taken")
    await view_with_reminder(client, shop, order)
