"""Facts become orders: once, in any sequence, with their customers and events."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from services.contacts.container import build_identities
from services.contacts.orders.facts import OrderFact, RefundFact
from services.kit.clock import FixedClock
from services.kit.database import Database
from tests.contacts.intake import NOON, Shop, buyer, company, described, intake_of, order

pytestmark = pytest.mark.committed


@pytest.fixture
async def shop(database_for: Callable[[str], Awaitable[Database]], clock: FixedClock, workspace_id: UUID) -> Shop:
    return Shop(await database_for("contacts"), workspace_id, intake_of(clock), build_identities(clock))


def refund(external_id: str = "1001", amount: int = 2_500) -> OrderFact:
    return OrderFact("shop", external_id, refunds=(RefundFact("r1", NOON + timedelta(hours=1), amount, "broken"),))


class TestOne:
    async def test_an_order_its_buyer_and_both_events(self, shop: Shop) -> None:
        [applied] = await shop.apply(order(who=buyer("7", emails=("a@example.com",))))
        [row] = await shop.rows("orders")
        [person] = await shop.rows("people")
        assert (applied.outcome, applied.order_id, applied.version) == ("created", row["id"], 1)
        assert (row["buyer_id"], row["customer_id"], row["customer_type"]) == (person["id"], person["id"], "person")
        [event] = await shop.events("order.changed")
        assert (event["order_id"], event["customer_id"], event["total_minor"], event["effects"]) == (
            str(row["id"]),
            str(person["id"]),
            10_000,
            "all",
        )

    async def test_nobody_known_is_an_anonymous_order(self, shop: Shop) -> None:
        await shop.apply(order(who=buyer(display_name="?")))
        [row] = await shop.rows("orders")
        assert (row["customer_id"], row["customer_type"]) == (None, None)
        assert await shop.rows("people") == []

    async def test_the_account_is_credited(self, shop: Shop) -> None:
        await shop.apply(order(who=buyer("7"), account=company("5", "Palms")))
        [row] = await shop.rows("orders")
        [account] = await shop.rows("accounts")
        [person] = await shop.rows("people")
        assert (row["customer_id"], row["customer_type"], row["buyer_id"]) == (account["id"], "account", person["id"])

    async def test_known_ids_are_taken_as_they_are(self, shop: Shop) -> None:
        [person] = await shop.tell(buyer("7"))
        await shop.apply(order(buyer_id=person, who=buyer("8")))
        assert described(await shop.rows("orders"), "buyer_id") == [(person,)]
        assert len(await shop.rows("people")) == 1

    async def test_nothing_at_all_is_nothing(self, shop: Shop) -> None:
        assert await shop.apply() == []


class TestAgain:
    async def test_the_same_again_changes_and_tells_nothing(self, shop: Shop) -> None:
        await shop.apply(order(who=buyer("7")))
        [again] = await shop.apply(order(who=buyer("7")))
        assert (again.outcome, again.version) == ("unchanged", 1)
        assert len(await shop.events("order.changed")) == 1

    async def test_a_newer_state_replaces(self, shop: Shop) -> None:
        await shop.apply(order())
        [newer] = await shop.apply(order(minutes=5, total=12_000, status="fulfilled"))
        assert (newer.outcome, newer.version) == ("updated", 2)
        assert described(await shop.rows("orders"), "total_minor", "status", "version") == [(12_000, "fulfilled", 2)]

    async def test_an_older_one_never_does_but_its_buyer_is_known_from_then_on(self, shop: Shop) -> None:
        await shop.apply(order(minutes=5, total=12_000))
        [older] = await shop.apply(order(total=1, who=buyer(emails=("old@example.com",))))
        assert older.outcome == "stale"
        assert described(await shop.rows("orders"), "total_minor", "customer_id") == [(12_000, None)]
        assert await shop.tell(buyer(emails=("old@example.com",))) == [older.buyer_id]

    async def test_facts_of_one_batch_add_up(self, shop: Shop) -> None:
        applied = await shop.apply(order(minutes=5), refund(), order(minutes=1), order("1002"))
        assert [one.outcome for one in applied] == ["created", "created", "stale", "created"]
        assert {one.version for one in applied} == {1}
        first, second = sorted(await shop.rows("orders"), key=lambda row: str(row["external_id"]))
        assert (first["net_minor"], second["net_minor"]) == (7_500, 10_000)

    async def test_a_loose_fact_about_nothing_known_is_parked(self, shop: Shop) -> None:
        [parked] = await shop.apply(refund())
        assert (parked.outcome, parked.order_id, parked.version) == ("parked", None, 0)
        assert await shop.rows("orders") == []

    async def test_a_loose_fact_about_a_known_order_counts(self, shop: Shop) -> None:
        await shop.apply(order())
        [found] = await shop.apply(refund())
        assert found.outcome == "updated"
        assert described(await shop.rows("orders"), "status", "net_minor") == [("partially_refunded", 7_500)]
        assert (await shop.events("order.changed"))[-1]["refunds"][0]["amount_minor"] == 2_500

    async def test_any_sequence_ends_in_the_same_order(self, shop: Shop) -> None:
        told = [order(who=buyer("7")), order(minutes=3, status="fulfilled", who=buyer("7")), refund()]
        ends = []
        for number, sequence in enumerate(itertools.permutations(told)):
            world = Shop(shop.database, UUID(int=200 + number), shop.intake, shop.identities)
            for fact in [*sequence, *sequence]:
                await world.apply(fact)
            ends.append(described(await world.rows("orders"), "status", "net_minor", "merge_state", "refunds"))
        assert all(end == ends[0] for end in ends)

    async def test_marks_of_reach_widen(self, shop: Shop) -> None:
        await shop.apply(order(effects="scores", who=buyer("7")))
        assert [event["effects"] for event in await shop.events("customer.changed")] == ["scores"]
        await shop.apply(order(minutes=1))
        assert [event["effects"] for event in await shop.events("order.changed")] == ["scores", "all"]


class TestAtOnce:
    async def test_the_same_order_from_many_sides_is_one_order(self, shop: Shop) -> None:
        tries = [shop.apply(order(minutes=number, total=number, who=buyer("7"))) for number in range(10)]
        await asyncio.gather(*tries)
        [row] = await shop.rows("orders")
        assert row["total_minor"] == 9
        versions = [event["version"] for event in await shop.events("order.changed")]
        assert versions == sorted(versions)
        assert versions[-1] == row["version"]

    async def test_batches_that_overlap_lose_nothing(self, shop: Shop) -> None:
        batches = [
            [order(str(number), who=buyer(str(number % 4))) for number in range(first, first + 12)]
            for first in range(8)
        ]
        await asyncio.gather(*(shop.apply(*batch) for batch in batches))
        assert len(await shop.rows("orders")) == 19
        assert len(await shop.rows("people")) == 4
