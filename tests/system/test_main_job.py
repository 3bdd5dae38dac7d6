"""The main job, with real processes: from a shop's webhook to the next act of care."""

import time
from decimal import Decimal

from tests.system.client import Client, Json, eventually
from tests.system.shops import Shop, ShopOrder

PARTS = {"customer", "orders", "interactions", "cases", "scores", "reminders", "messages", "unavailable"}


async def view_with_reminder(client: Client, shop: Shop, order: ShopOrder) -> Json:
    """Return the 360 view of an order's customer as soon as it holds an open reminder."""
    stored = await shop.stored_order(order.external_id)

    async def found() -> Json | None:
        view = await client.get(f"/v1/customers/{stored['customer_id']}/360")
        return view if view["scores"] and (view["reminders"] or {}).get("items") else None

    view: Json = await eventually(found, "a reminder is open")
    return view


class TestAnOrderBecomesCare:
    async def test_it_is_acknowledged_with_the_id_of_its_delivery(self, shop: Shop) -> None:
        answer = await shop.place(shop.order())

        assert answer["status"] == "accepted"
        assert (await shop.delivery(answer["delivery_id"]))["status"] == "processed"

    async def test_a_reminder_is_open_within_two_seconds(self, client: Client, shop: Shop) -> None:
        # The quickest of several: the first one also warms everything up, and other programs use the machine too.
        took: list[float] = []
        while len(took) < 20 and min(took, default=2) >= 2:
            took.append(await self.seconds_to_reminder(client, shop))

        assert min(took) < 2

    async def seconds_to_reminder(self, client: Client, shop: Shop) -> float:
        order = shop.order()
        began = time.monotonic()
        await shop.place(order)
        await view_with_reminder(client, shop, order)
        return time.monotonic() - began

    async def test_one_call_tells_who_it_is_what_was_bought_how_it_scores_and_what_is_due(
        self, client: Client, shop: Shop
    ) -> None:
        order = shop.order(total="2480.00", given_name="さくら", family_name="小野寺")
        await shop.place(order)

        view = await view_with_reminder(client, shop, order)

        assert set(view) >= PARTS
        assert view["unavailable"] == []
        assert view["customer"]["display_name"] == "小野寺さくら"
        assert view["customer"]["type"] == "person"
        (bought,) = view["orders"]["items"]
        assert bought["external_id"] == order.external_id
        assert bought["total"] == {"amount": "2480.00", "currency": "TWD"}
        assert view["reminders"]["items"][0]["status"] == "open"
        assert view["reminders"]["items"][0]["customer_id"] == view["customer"]["id"]

    async def test_every_score_says_why_and_its_reasons_add_up(self, client: Client, shop: Shop) -> None:
        order = shop.order()
        await shop.place(order)

        scores = (await view_with_reminder(client, shop, order))["scores"]

        assert scores["customer_class"]["value"] == "one_time"
        for kind in ("value_tier", "customer_class", "churn_risk"):
            score = scores[kind]
            assert score["value"], kind
            points = sum(Decimal(str(reason["points"])) for reason in score["reasons"])
            assert points == Decimal(str(score["points"])), kind
            assert all(reason["code"] and reason["text"] for reason in score["reasons"])

    async def test_a_reminder_says_why_in_the_readers_language(self, client: Client, shop: Shop) -> None:
        order = shop.order()
        await shop.place(order)
        view = await view_with_reminder(client, shop, order)
        path = f"/v1/reminders/{view['reminders']['items'][0]['id']}"

        english = (await client.send("GET", path, headers={"Accept-Language": "en"})).json()
        chinese = (await client.send("GET", path, headers={"Accept-Language": "zh-TW"})).json()

        assert english["reason"]["code"] == chinese["reason"]["code"]
        assert english["reason"]["text"].isascii()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese["reason"]["text"])

    async def test_two_shops_of_one_customer_make_one_person(self, client: Client) -> None:
        first, second = await Shop.connect(client, "shopify"), await Shop.connect(client, "woocommerce")
        one = first.order(email=None, total="700.00")
        other = second.order(email=one.email, total="300.00", customer=0)

        await first.place(one)
        await second.place(other)

        owner = (await first.stored_order(one.external_id))["customer_id"]
        assert (await second.stored_order(other.external_id))["customer_id"] == owner


class TestEffects:
    async def test_an_order_with_effects_scores_is_scored_and_opens_no_reminder(
        self, client: Client, shop: Shop
    ) -> None:
        quiet, loud = shop.order(), shop.order()
        body = order_of_api(quiet, shop)
        created = await client.post("/v1/orders/batch", {"items": [body]}, effects="scores")
        assert created["succeeded"] == 1
        customer = (await shop.stored_order(quiet.external_id))["customer_id"]

        # What came later through the same feeds has arrived: so has this one.
        await shop.place(loud)
        await view_with_reminder(client, shop, loud)

        view = await client.get(f"/v1/customers/{customer}/360")
        assert view["scores"]["customer_class"]["value"] == "one_time"
        assert view["reminders"]["items"] == []


def order_of_api(order: ShopOrder, shop: Shop) -> Json:
    """Return an order as the API takes it."""
    return {
        "source": shop.key,
        "external_id": order.external_id,
        "customer": {
            "given_name": order.given_name,
            "family_name": order.family_name,
            "emails": [{"address": order.email}],
            "external_ids": [{"source": shop.key, "id": str(order.customer)}],
        },
        "placed_at": order.placed_at.isoformat(),
        "total": {"amount": order.total, "currency": order.currency},
    }
