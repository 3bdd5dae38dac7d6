"""What a shop may send, good and bad, and what becomes of it."""

import asyncio
import json
from datetime import timedelta

from tests.system.client import Client, Json, eventually
from tests.system.shops import Shop, ShopOrder

TOO_LARGE = 2 * 1024 * 1024 + 1


class TestRefusals:
    async def test_a_bad_signature_is_401_and_leaves_nothing(self, client: Client, shop: Shop) -> None:
        order = shop.order()
        headers = shop.headers(shop.topic_created, order.body(), secret="not the secret")

        answer = await shop.deliver(shop.topic_created, order.body(), headers)

        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert await client.items("/v1/orders", source=shop.key) == []

    async def test_a_body_changed_on_its_way_is_401(self, shop: Shop) -> None:
        body = shop.order().body()

        answer = await shop.deliver(shop.topic_created, body + b" ", shop.headers(shop.topic_created, body))

        assert answer.status_code == 401

    async def test_a_missing_signature_is_401(self, shop: Shop) -> None:
        body = shop.order().body()
        headers = shop.headers(shop.topic_created, body)
        unsigned = {name: value for name, value in headers.items() if "hmac" not in name and "signature" not in name}

        assert (await shop.deliver(shop.topic_created, body, unsigned)).status_code == 401

    async def test_more_than_two_mebibytes_are_413(self, shop: Shop) -> None:
        body = b"x" * TOO_LARGE

        assert (await shop.deliver(shop.topic_created, body)).status_code == 413

    async def test_a_source_that_does_not_exist_answers_like_a_bad_signature_or_not_found(self, shop: Shop) -> None:
        body = shop.order().body()
        headers = {"Authorization": "", **shop.headers(shop.topic_created, body)}

        answer = await shop.client.http.post(
            "/v1/webhooks/01990000-0000-7000-8000-000000000000", content=body, headers=headers
        )

        assert answer.status_code in {401, 404}


class TestWhatIsKept:
    async def test_a_malformed_body_is_accepted_and_kept_as_a_failed_delivery_with_its_reason(self, shop: Shop) -> None:
        answer = await shop.deliver(shop.topic_created, b'{"id": 1, "total')

        assert answer.status_code == 200
        delivery = await shop.delivery(answer.json()["delivery_id"])
        assert delivery["status"] == "failed"
        assert delivery["error"]

    async def test_an_unknown_topic_is_ignored_and_kept(self, shop: Shop) -> None:
        topic = "themes/publish" if shop.platform == "shopify" else "action.theme_changed"

        answer = await shop.deliver(topic, b'{"id": 5}')

        assert answer.status_code == 200
        assert answer.json()["status"] == "ignored"
        assert (await shop.delivery(answer.json()["delivery_id"]))["status"] == "ignored"

    async def test_the_same_delivery_again_is_a_duplicate_and_changes_nothing(self, client: Client, shop: Shop) -> None:
        order = shop.order()
        headers = shop.headers(shop.topic_created, order.body())

        first = (await shop.deliver(shop.topic_created, order.body(), headers)).json()
        stored = await shop.stored_order(order.external_id)
        again = (await shop.deliver(shop.topic_created, order.body(), headers)).json()

        assert again["status"] == "duplicate"
        assert again["delivery_id"] == first["delivery_id"]
        assert await shop.stored_order(order.external_id) == stored
        assert len(await client.items("/v1/orders", source=shop.key)) == 1

    async def test_the_woocommerce_ping_is_answered_200(self, client: Client) -> None:
        shop = await Shop.connect(client, "woocommerce")
        headers = {"content-type": "application/x-www-form-urlencoded"}

        answer = await shop.deliver("", b"webhook_id=12", headers)

        assert answer.status_code == 200
        assert await client.items("/v1/orders", source=shop.key) == []


class TestOrderOfArrival:
    async def test_a_newer_update_changes_the_order_and_an_older_one_never_does(self, shop: Shop) -> None:
        order = shop.order(total="1000.00")
        await shop.place(order)
        await self.update(shop, order, "1400.00", minutes=2)
        await self.update(shop, order, "9999.00", minutes=1)

        stored = await shop.stored_order(order.external_id)

        assert stored["total"]["amount"] == "1400.00"

    async def test_an_update_that_comes_before_its_creation_stays(self, shop: Shop) -> None:
        order = shop.order(total="1000.00")
        await self.update(shop, order, "1400.00", minutes=2)
        answer = await shop.place(order)
        await shop.delivery(answer["delivery_id"])

        assert (await shop.stored_order(order.external_id))["total"]["amount"] == "1400.00"

    async def update(self, shop: Shop, order: ShopOrder, total: str, minutes: int) -> None:
        changed = ShopOrder(
            order.platform,
            order.number,
            total,
            customer=order.customer,
            placed_at=order.placed_at,
            updated_at=order.placed_at + timedelta(minutes=minutes),
        )
        answer = await shop.deliver(shop.topic_updated, changed.body())
        assert answer.status_code == 200
        await shop.delivery(answer.json()["delivery_id"])


class TestPoison:
    async def test_one_poison_delivery_among_many_fails_alone(self, client: Client, shop: Shop) -> None:
        orders = [shop.order() for _ in range(15)]
        poison = shop.order(currency="XXQ", fields={"total": "not money", "total_price": "not money"})

        answers = await asyncio.gather(*(shop.place(order) for order in [*orders[:7], poison, *orders[7:]]))

        bad = answers[7]["delivery_id"]
        assert (await shop.delivery(bad))["status"] == "failed"

        async def all_there() -> bool:
            listed = await client.items("/v1/orders", source=shop.key)
            return {one["external_id"] for one in listed} == {order.external_id for order in orders}

        await eventually(all_there, "the good orders are there")
        statuses = {one["id"]: one["status"] for one in await client.items(f"/v1/sources/{shop.source_id}/deliveries")}
        assert [status for status in statuses.values() if status != "processed"] == ["failed"]


class TestMoney:
    async def test_a_refund_lowers_the_order_and_the_customers_revenue(self, client: Client) -> None:
        shop = await Shop.connect(client, "shopify")
        order = shop.order(total="1000.00")
        await shop.place(order)
        stored = await shop.stored_order(order.external_id)

        answer = await shop.deliver("refunds/create", refund_of(order, "400.00"))
        assert (await shop.delivery(answer.json()["delivery_id"]))["status"] == "processed"

        after = await shop.stored_order(order.external_id)
        assert after["status"] == "partially_refunded"
        assert after["net"] == {"amount": "600.00", "currency": "TWD"}
        assert after["version"] > stored["version"]

    async def test_a_refund_that_comes_before_its_order_counts_as_well(self, client: Client) -> None:
        shop = await Shop.connect(client, "shopify")
        order = shop.order(total="1000.00")

        await shop.deliver("refunds/create", refund_of(order, "400.00"))
        await shop.place(order)

        async def counted() -> bool:
            return bool((await shop.stored_order(order.external_id))["net"]["amount"] == "600.00")

        await eventually(counted, "the refund counts")


def refund_of(order: ShopOrder, amount: str) -> bytes:
    """Return Shopify's refund of an amount, money only."""
    at = (order.placed_at + timedelta(minutes=1)).isoformat()
    transaction: Json = {"id": order.number * 10 + 1, "order_id": order.number, "amount": amount}
    transaction |= {"kind": "refund", "status": "success", "currency": order.currency, "processed_at": at}
    refund: Json = {"id": order.number * 10, "order_id": order.number, "created_at": at, "processed_at": at}
    refund |= {"note": None, "transactions": [transaction], "refund_line_items": [], "order_adjustments": []}
    return json.dumps(refund).encode()
