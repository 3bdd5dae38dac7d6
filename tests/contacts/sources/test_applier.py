"""What stored deliveries come to: orders, people, or a reason why not."""

import asyncio
import json
import random
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.contacts.orders.facts import OrderFact
from services.contacts.orders.intake import AppliedOrder
from services.contacts.sources import applier
from services.contacts.sources.applier import DELIVERIES, RUSH, Applier, rest_after
from services.contacts.sources.dependencies import News
from services.kit.database import Session
from services.kit.wakeups import Wakeups, wait_for
from tests.contacts.sources.conftest import Stall
from tests.samples.deliveries import SHARED, changed, sample
from tests.waiting import until

pytestmark = pytest.mark.committed
PAID = "shopify/orders-create-paid"
Json = dict[str, Any]


async def settle(stall: Stall) -> None:
    while await stall.applier.apply_waiting():
        pass


async def told(stall: Stall, source: Json, *calls: tuple[str, bytes]) -> list[Json]:
    """Call one after the other, work everything out, and return the deliveries."""
    for topic, body in calls:
        answer = await stall.call(source, topic, body)
        assert answer.status_code == 200
    await settle(stall)
    return await stall.deliveries(source)


class TestOrders:
    async def test_an_order_and_its_buyer(self, stall: Stall) -> None:
        source = await stall.source()
        [delivery] = await told(stall, source, ("orders/create", sample(PAID)))
        [order] = await stall.rows("orders")
        [person] = await stall.rows("people")
        assert (delivery["status"], delivery["outcome"], delivery["external_id"], delivery["attempts"]) == (
            "processed",
            "order_created",
            "6543210987654321001",
            1,
        )
        assert (delivery["order_id"], delivery["person_id"]) == (str(order["id"]), str(person["id"]))
        assert (order["source"], order["source_id"]) == (source["key"], UUID(source["id"]))
        assert (order["total_minor"], order["currency"], order["customer_id"]) == (322_000, "TWD", person["id"])
        assert (person["display_name"], person["primary_email"]) == ("王小明", "wang.xiaoming@example.com")

    async def test_an_older_update_never_overwrites(self, stall: Stall) -> None:
        source = await stall.source()
        newer, older = await told(
            stall, source, ("orders/fulfilled", sample("shopify/orders-fulfilled")), ("orders/create", sample(PAID))
        )
        assert (newer["outcome"], older["outcome"]) == ("order_created", "order_stale")
        [order] = await stall.rows("orders")
        assert (order["status"], order["version"]) == ("fulfilled", 1)

    @pytest.mark.parametrize("name", ["shopify/orders-create-no-customer", "woocommerce/order-created-anonymous"])
    async def test_nobody_known_is_an_anonymous_order(self, stall: Stall, name: str) -> None:
        platform = name.partition("/")[0]
        source = await stall.source(platform)
        topic = "orders/create" if platform == "shopify" else "order.created"
        [delivery] = await told(stall, source, (topic, sample(name)))
        assert (delivery["status"], delivery["person_id"]) == ("processed", None)
        assert [order["customer_id"] for order in await stall.rows("orders")] == [None]
        assert await stall.rows("people") == []

    async def test_a_refund_waits_for_its_order(self, stall: Stall) -> None:
        source = await stall.source()
        [parked] = await told(stall, source, ("refunds/create", sample("shopify/refunds-create-partial")))
        assert (parked["status"], parked["outcome"], parked["external_id"]) == (
            "parked",
            "order_unknown",
            "6543210987654321001",
        )
        refund, order = await told(stall, source, ("orders/create", sample(PAID)))
        assert (refund["status"], refund["outcome"], refund["attempts"]) == ("processed", "order_updated", 2)
        assert refund["order_id"] == order["order_id"]
        assert [(row["status"], row["net_minor"]) for row in await stall.rows("orders")] == [
            ("partially_refunded", 201_500)
        ]

    async def test_a_deletion_waits_for_its_order_too(self, stall: Stall) -> None:
        source = await stall.source("woocommerce")
        await told(
            stall,
            source,
            ("order.deleted", sample("woocommerce/order-deleted")),
            ("order.created", sample("woocommerce/order-created")),
        )
        assert [row["status"] for row in await stall.rows("orders")] == ["deleted"]

    async def test_an_order_that_came_another_way_is_noticed(self, stall: Stall) -> None:
        source = await stall.source()
        await told(stall, source, ("refunds/create", sample("shopify/refunds-create-partial")))
        other = await stall.source(name="Other")
        await told(stall, other, ("orders/create", sample(PAID)))
        async with stall.kit.database.worker() as session:
            sql = "UPDATE orders SET source = $2 WHERE workspace_id = $1"
            await session.execute(sql, stall.caller.workspace_id, source["key"])
        assert await stall.applier.sweep() == 1
        await settle(stall)
        assert [row["status"] for row in await stall.deliveries(source)] == ["processed"]

    async def test_people_of_two_shops_are_one_by_their_address(self, stall: Stall) -> None:
        shop, laden = await stall.source(), await stall.source("woocommerce", name="Laden")
        await told(stall, shop, ("orders/create", sample(PAID)))
        billing = json.loads(sample("woocommerce/order-created"))["billing"] | {"email": "wang.xiaoming@example.com"}
        await told(stall, laden, ("order.created", changed("woocommerce/order-created", billing=billing)))
        assert len(await stall.rows("people")) == 1
        assert len({row["customer_id"] for row in await stall.rows("orders")}) == 1

    async def test_any_sequence_any_number_of_times_ends_the_same(self, stall: Stall) -> None:
        calls = [
            ("orders/create", sample(PAID)),
            ("orders/fulfilled", sample("shopify/orders-fulfilled")),
            ("orders/updated", sample("shopify/orders-updated-partially-refunded")),
            ("refunds/create", sample("shopify/refunds-create-partial")),
            ("orders/cancelled", sample("shopify/orders-cancelled")),
            ("orders/delete", sample("shopify/orders-delete")),
            ("customers/create", sample("shopify/customers-create")),
            ("customers/update", sample("shopify/customers-update")),
        ]
        chance, ends = random.Random(7), []
        for number in range(4):
            source = await stall.source(name=f"Shop {number}")
            several = [call for call in calls for _ in range(chance.randint(1, 4))]
            if number:
                chance.shuffle(several)
            await told(stall, source, *several)
            rows = [row for row in await stall.rows("orders", "external_id") if row["source"] == source["key"]]
            ends.append([(row["external_id"], row["status"], row["net_minor"], row["refunds"]) for row in rows])
        assert ends[0] == [
            ("6543210987654321001", "partially_refunded", 201_500, ends[0][0][3]),
            ("6543210987654321002", "deleted", 7080, []),
        ]
        assert all(end == ends[0] for end in ends)


class TestPeople:
    async def test_a_customer_is_a_person(self, stall: Stall) -> None:
        source = await stall.source()
        created, updated = await told(
            stall,
            source,
            ("customers/create", sample("shopify/customers-create")),
            ("customers/update", sample("shopify/customers-update")),
        )
        [person] = await stall.rows("people")
        assert (created["outcome"], created["person_id"]) == ("customer_applied", str(person["id"]))
        assert updated["person_id"] == created["person_id"]
        assert (person["family_name"], person["primary_email"]) == ("Ó Briain-Walsh", "zoe.walsh@example.ie")

    async def test_a_merge_in_the_shop_joins_people(self, stall: Stall) -> None:
        source = await stall.source()
        await told(
            stall,
            source,
            ("orders/create", sample(PAID)),
            ("customers/create", sample("shopify/customers-create")),
            ("customers/merge", sample("shopify/customers-merge")),
        )
        assert len([row for row in await stall.rows("people") if row["merged_into"] is None]) == 1

    async def test_a_closed_account_keeps_the_person(self, stall: Stall) -> None:
        source = await stall.source()
        _, closed = await told(
            stall,
            source,
            ("customers/create", sample("shopify/customers-create")),
            ("customers/delete", sample("shopify/customers-delete")),
        )
        assert (closed["status"], closed["outcome"]) == ("ignored", "customer_kept")
        assert len(await stall.rows("people")) == 1

    async def test_numbers_without_a_country_code_are_read_in_the_workspaces_country(self, stall: Stall) -> None:
        source = await stall.source("woocommerce")
        async with stall.kit.database.worker() as session:
            await session.execute(
                "INSERT INTO workspaces"
                " (workspace_id, version, name, time_zone, locale, reporting_currency, default_region)"
                " VALUES ($1, 1, 'Laden', 'UTC', 'en', 'EUR', 'DE')",
                stall.caller.workspace_id,
            )
        billing = json.loads(sample("woocommerce/order-created"))["billing"] | {"country": ""}
        await told(stall, source, ("order.created", changed("woocommerce/order-created", billing=billing)))
        assert [row["primary_phone"] for row in await stall.rows("people")] == ["+492211234567"]


class TestTrouble:
    @pytest.mark.parametrize(
        ("body", "outcome"),
        [(b"{not json", "not_json"), (b"[]", "not_an_object"), (b"{}", "no_id"), (b"", "not_json")],
    )
    async def test_a_malformed_body_is_kept_as_failed(self, stall: Stall, body: bytes, outcome: str) -> None:
        source = await stall.source()
        [delivery] = await told(stall, source, ("orders/create", body))
        assert (delivery["status"], delivery["outcome"], delivery["error"] is None) == ("failed", outcome, False)

    async def test_a_webhook_whose_owner_may_not_see_marks_the_source(self, stall: Stall) -> None:
        source = await stall.source("woocommerce")
        [delivery] = await told(stall, source, ("order.updated", sample("woocommerce/cannot-view")))
        assert (delivery["status"], delivery["outcome"]) == ("failed", "cannot_view")
        answer = await stall.client.get(f"/v1/sources/{source['id']}", headers=stall.headers)
        assert answer.json()["health"]["status"] == "blocked"

    @pytest.mark.parametrize("topic", ["customers/redact", "customers/data_request", "shop/redact"])
    async def test_a_request_about_personal_data_is_kept_waiting(self, stall: Stall, topic: str) -> None:
        source = await stall.source()
        name = topic.replace("/", "-").replace("_", "-")
        [delivery] = await told(stall, source, (topic, sample(f"shopify/{name}")))
        assert (delivery["status"], delivery["outcome"]) == ("parked", "privacy_request_kept")
        assert await stall.applier.sweep() == 0

    async def test_an_edit_is_ignored_with_its_reason(self, stall: Stall) -> None:
        source = await stall.source()
        [delivery] = await told(stall, source, ("orders/edited", sample("shopify/orders-edited")))
        assert (delivery["status"], delivery["outcome"]) == ("ignored", "totals_follow_in_orders_updated")

    async def test_one_that_cannot_be_applied_fails_alone(self, stall: Stall) -> None:
        source = await stall.source()
        for number in range(1, 12):
            await stall.call(source, "orders/create", changed(PAID, id=number))
        intake = stall.applier._intake

        class Choosy:
            """Chokes on one order, as a flaw of ours would make it."""

            async def apply_with_people(
                self, session: Session, workspace_id: UUID, facts: Sequence[OrderFact], people: Sequence[Any]
            ) -> tuple[list[AppliedOrder], list[UUID | None]]:
                if any(fact.external_id == "7" for fact in facts):
                    await session.execute("SELECT 1 / 0")
                return await intake.apply_with_people(session, workspace_id, facts, people)

        stall.applier._intake = Choosy()  # type: ignore[assignment]  # as much of it as is used
        await settle(stall)
        failed = [one for one in await stall.deliveries(source) if one["status"] != "processed"]
        assert [(one["status"], one["outcome"]) for one in failed] == [("failed", "not_applicable")]
        assert failed[0]["error"].startswith("DivisionByZeroError at ")
        assert len(await stall.rows("orders")) == 10

    async def test_a_failure_that_comes_and_goes_fails_nothing(self, stall: Stall) -> None:
        source = await stall.source()
        await stall.call(source, "orders/create", sample(PAID))
        intake = stall.applier._intake

        class Deadlocked:
            """Loses a deadlock."""

            async def apply_with_people(self, *_: object) -> None:
                raise asyncpg.DeadlockDetectedError

        stall.applier._intake = Deadlocked()  # type: ignore[assignment]  # as above
        with pytest.raises(asyncpg.DeadlockDetectedError):
            await stall.applier.apply_waiting()
        stall.applier._intake = intake
        await settle(stall)
        assert [one["status"] for one in await stall.deliveries(source)] == ["processed"]

    async def test_the_loop_goes_on_after_a_failure_that_comes_and_goes(self, stall: Stall) -> None:
        source = await stall.source()
        await stall.call(source, "orders/create", sample(PAID))
        claim, tries = stall.applier.rows.claim, iter([ConnectionResetError, asyncpg.DeadlockDetectedError])

        async def shaky(session: Session, limit: int) -> list[asyncpg.Record]:
            for error in tries:
                raise error
            return await claim(session, limit)

        stall.applier.rows.claim = shaky  # type: ignore[method-assign]  # a database that is away for a moment

        async def processed() -> bool:
            return [one["status"] for one in await stall.deliveries(source)] == ["processed"]

        loop = asyncio.create_task(stall.applier.run())
        try:
            await until(processed)
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)

    async def test_people_that_cannot_be_found_again_hold_up_nobody_else(self, stall: Stall) -> None:
        source = await stall.source()
        await told(stall, source, ("orders/create", sample(PAID)))
        async with stall.kit.database.worker() as session:
            await session.execute("DELETE FROM people WHERE workspace_id = $1", stall.caller.workspace_id)
        await told(
            stall,
            source,
            ("orders/fulfilled", sample("shopify/orders-fulfilled")),
            ("orders/create", sample("shopify/orders-create-cash-on-delivery")),
        )
        found = [(one["status"], one["outcome"]) for one in await stall.deliveries(source)]
        assert found[1:] == [("failed", "not_applicable"), ("processed", "order_created")]

    async def test_two_appliers_share_the_work(self, stall: Stall) -> None:
        source = await stall.source()
        for number in range(1, 31):
            await stall.call(
                source, "orders/create", changed(PAID, id=number, customer=None, email=f"{number}@x.example")
            )
        other = Applier(stall.kit.database, stall.applier.rows, stall.applier._intake, stall.kit.clock)

        async def drain(applier: Applier) -> int:
            total = 0
            while count := await applier.apply_waiting(4):
                total += count
            return total

        counts = await asyncio.gather(drain(stall.applier), drain(other))
        assert sum(counts) == 30
        assert {one["attempts"] for one in await stall.deliveries(source)} == {1}
        assert len(await stall.rows("orders")) == 30

    async def test_the_loop_is_woken_by_a_call(self, stall: Stall, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(applier, "POLL_SECONDS", 3600)
        source = await stall.source()

        async def there_are(number: int) -> bool:
            return len(await stall.rows("orders")) == number

        loop = asyncio.create_task(stall.applier.run())
        try:
            for number in (1, 2):  # the first may be found at the start
                await stall.call(source, "orders/create", changed(PAID, id=number))
                await until(partial(there_are, number))
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)


class TestRush:
    async def test_one_call_is_told_at_once(self) -> None:
        wakeups = Wakeups("contacts")
        woken = wakeups.next(DELIVERIES)
        News(wakeups).stored(1)
        assert woken.is_set()

    async def test_a_handful_at_once_is_told_together_and_is_no_rush(self) -> None:
        wakeups = Wakeups("contacts")
        news, woken, rush = News(wakeups), wakeups.next(DELIVERIES), wakeups.next(RUSH)
        news.stored(13)
        news.stored(3)
        assert not woken.is_set()
        assert await wait_for(woken, 30)
        assert not rush.is_set()

    async def test_many_within_a_moment_are_a_rush(self) -> None:
        wakeups = Wakeups("contacts")
        news, rush = News(wakeups), wakeups.next(RUSH)
        for _ in range(4):
            news.stored(8)
        assert await wait_for(rush, 30)

    async def test_a_rush_is_over_when_calls_come_one_by_one_again(self) -> None:
        wakeups = Wakeups("contacts")
        news, rush = News(wakeups), wakeups.next(RUSH)
        news.stored(40)
        assert await wait_for(rush, 30)
        woken, rush = wakeups.next(DELIVERIES), wakeups.next(RUSH)
        news.stored(1)
        assert woken.is_set()
        assert not rush.is_set()

    def test_the_rest_is_bounded_and_ends_where_a_delivery_has_waited_long(self) -> None:
        assert rest_after(0.05, timedelta(seconds=1)) == pytest.approx(0.45)
        assert rest_after(5, timedelta(seconds=1)) == 1
        assert rest_after(0.05, timedelta(seconds=11)) == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="the collected payloads are not part of the repository")
async def test_collected_payloads_become_orders(stall: Stall) -> None:
    source, laden = await stall.source(), await stall.source("woocommerce", name="Laden")
    folder = SHARED / "shopify"
    topics = {"orders-updated-partially_refunded-1": "orders/updated", "refunds-create-partial-1": "refunds/create"}
    await told(stall, source, *((topic, (folder / f"{name}.json").read_bytes()) for name, topic in topics.items()))
    await told(stall, laden, ("order.created", (SHARED / "woocommerce/order.created-guest-1.json").read_bytes()))
    found = {row["external_id"]: (row["status"], row["net_minor"]) for row in await stall.rows("orders")}
    assert found == {"450789469": ("partially_refunded", 19_965 - 4_194), "727": ("paid", 2935)}
