"""Whom facts are about, with real tables: matches, joins, and people who are one in any sequence."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from services.contacts.container import build_identities
from services.contacts.identities.facts import Address
from services.kit.clock import FixedClock
from services.kit.database import Database
from tests.contacts.intake import NOON, Shop, buyer, company, described, intake_of, order

pytestmark = pytest.mark.committed


@pytest.fixture
async def shop(database_for: Callable[[str], Awaitable[Database]], clock: FixedClock, workspace_id: UUID) -> Shop:
    return Shop(await database_for("contacts"), workspace_id, intake_of(clock), build_identities(clock))


class TestPeople:
    async def test_somebody_new_is_created_with_all_that_was_said(self, shop: Shop) -> None:
        [found] = await shop.tell(
            buyer(
                "7",
                emails=("Wang@Example.com",),
                phones=("0912 345 678",),
                default_region="TW",
                display_name="王小明",
                addresses=(Address("billing", city="臺北市"),),
                tags=("VIP",),
                region="TW",
            )
        )
        [person] = await shop.rows("people")
        assert person["id"] == found
        assert (person["display_name"], person["primary_email"], person["primary_phone"], person["tags"]) == (
            "王小明",
            "wang@example.com",
            "+886912345678",
            ["VIP"],
        )
        assert person["emails"] == [{"address": "wang@example.com", "verified": True}]
        assert person["addresses"][0]["city"] == "臺北市"
        assert described(await shop.rows("identities", "kind"), "kind", "source", "value", "joins") == [
            ("email", "", "wang@example.com", True),
            ("external", "shop", "7", True),
            ("phone", "", "+886912345678", False),
        ]
        [event] = await shop.events("customer.changed")
        assert (event["customer_id"], event["version"], event["region"], event["tags"]) == (
            str(found),
            1,
            "TW",
            ["VIP"],
        )

    async def test_nobody_in_particular_leaves_no_row(self, shop: Shop) -> None:
        assert await shop.tell(buyer(display_name="?", emails=("",))) == [None]
        assert await shop.rows("people") == []

    async def test_the_same_again_changes_and_tells_nothing(self, shop: Shop) -> None:
        facts = buyer("7", emails=("a@example.com",), display_name="Ann")
        first, again = await shop.tell(facts), await shop.tell(facts)
        assert first == again
        assert described(await shop.rows("people"), "version") == [(1,)]
        assert len(await shop.events("customer.changed")) == 1

    async def test_the_same_said_later_is_dated_but_not_told(self, shop: Shop) -> None:
        await shop.tell(buyer("7", display_name="Ann"))
        await shop.tell(buyer("7", display_name="Ann", minutes=5))
        await shop.tell(buyer("7", display_name="Anna", minutes=3))
        assert described(await shop.rows("people"), "version", "display_name") == [(1, "Ann")]

    async def test_a_newer_name_raises_the_version(self, shop: Shop) -> None:
        await shop.tell(buyer("7", display_name="Ann"))
        await shop.tell(buyer("7", display_name="Anna", minutes=3))
        assert described(await shop.rows("people"), "version", "display_name") == [(2, "Anna")]
        assert [event["version"] for event in await shop.events("customer.changed")] == [1, 2]

    async def test_two_facts_of_one_batch_about_one_person(self, shop: Shop) -> None:
        found = await shop.tell(buyer("7", emails=("a@example.com",)), buyer(emails=("A@example.com",)))
        assert found[0] == found[1]
        assert len(await shop.rows("people")) == 1

    async def test_other_workspaces_are_other_worlds(self, shop: Shop) -> None:
        other = Shop(shop.database, UUID(int=7), shop.intake, shop.identities)
        assert await shop.tell(buyer(emails=("a@example.com",))) != await other.tell(buyer(emails=("a@example.com",)))


class TestJoin:
    async def test_a_later_link_joins_and_everything_follows(self, shop: Shop) -> None:
        one, other = await shop.tell(buyer("7", given_name="Ann"), buyer(emails=("a@example.com",), tags=("x",)))
        assert one
        assert other
        await shop.apply(order("1", who=buyer(emails=("a@example.com",))), order("2", who=buyer("7")))
        await shop.tell(buyer("7", emails=("a@example.com",)))
        stays, gone = sorted([one, other])
        people = {row["id"]: row for row in await shop.rows("people")}
        assert people[gone]["merged_into"] == stays
        assert people[stays]["merged_into"] is None
        assert (people[stays]["given_name"], people[stays]["tags"], people[stays]["primary_email"]) == (
            "Ann",
            ["x"],
            "a@example.com",
        )
        assert {row["customer_id"] for row in await shop.rows("orders")} == {stays}
        assert {row["owner_id"] for row in await shop.rows("identities", "kind")} == {stays}
        told = await shop.events("customer.changed")
        assert told[-1] | {"customer_id": str(gone), "merged_into": str(stays)} == told[-1]
        assert (await shop.events("order.changed"))[-1]["customer_id"] == str(stays)

    async def test_what_staff_had_set_is_put_together(self, shop: Shop) -> None:
        one, other = await shop.tell(buyer("7"), buyer("8"))
        assert one
        assert other
        stays, gone = sorted([one, other])
        async with shop.database.worker() as session:
            sets = "do_not_contact = true, custom = $3, owner_rep_id = $4"
            sql = f"UPDATE people SET {sets} WHERE workspace_id = $1 AND id = $2"
            await session.execute(sql, shop.workspace_id, gone, {"size": "M", "shoe": 40}, UUID(int=9))
            sql = "UPDATE people SET custom = $3 WHERE workspace_id = $1 AND id = $2"
            await session.execute(sql, shop.workspace_id, stays, {"size": "L"})
        await shop.tell(buyer("7", "8"))
        [person] = [row for row in await shop.rows("people") if row["id"] == stays]
        assert (person["do_not_contact"], person["custom"], person["owner_rep_id"], person["version"]) == (
            True,
            {"size": "L", "shoe": 40},
            UUID(int=9),
            2,
        )
        survivors = [event for event in await shop.events("customer.changed") if event["customer_id"] == str(stays)]
        assert survivors[-1]["do_not_contact"] is True

    async def test_a_telephone_that_comes_alone_joins_all_who_hold_it(self, shop: Shop) -> None:
        await shop.tell(buyer("7", phones=("+886912345678",)), buyer("8", phones=("+886912345678",)))
        assert {row["merged_into"] for row in await shop.rows("people")} == {None}
        await shop.tell(buyer(phones=("+886912345678",)))
        alive = [row for row in await shop.rows("people") if row["merged_into"] is None]
        assert len(alive) == 1
        phones = [row for row in await shop.rows("identities", "kind") if row["kind"] == "phone"]
        assert described(phones, "owner_id", "joins") == [(alive[0]["id"], True)]
        later = await shop.tell(buyer("9", emails=("c@example.com",), phones=("+886912345678",)))
        assert later == [alive[0]["id"]]

    async def test_any_sequence_ends_with_the_same_people(self, shop: Shop) -> None:
        facts = [
            buyer("7", emails=("a@example.com",), given_name="Ann"),
            buyer("8", phones=("+886912345678",), given_name="Anna", minutes=2),
            buyer(phones=("+886912345678",)),
            buyer("7", "8", minutes=1),
        ]
        ends = []
        for number, sequence in enumerate(itertools.permutations(facts)):
            world = Shop(shop.database, UUID(int=100 + number), shop.intake, shop.identities)
            for fact in sequence:
                await world.tell(fact)
            alive = [row for row in await world.rows("people") if row["merged_into"] is None]
            ends.append(described(alive, "given_name", "primary_email", "primary_phone", "provenance"))
            owners = {row["owner_id"] for row in await world.rows("identities", "kind")}
            assert owners == {row["id"] for row in alive}
        assert all(end == ends[0] for end in ends)
        assert len(ends[0]) == 1


class TestAtOnce:
    async def test_many_at_once_about_one_person_make_one_person(self, shop: Shop) -> None:
        facts = [buyer(str(number), emails=("a@example.com",)) for number in range(12)]
        found = await asyncio.gather(*(shop.tell(fact) for fact in facts))
        assert len({one for [one] in found}) == 1
        assert len(await shop.rows("people")) == 1

    async def test_links_that_cross_end_in_one_person(self, shop: Shop) -> None:
        ring = [buyer(str(number), str((number + 1) % 8)) for number in range(8)]
        tries = [shop.tell(fact) for fact in ring]
        results = await asyncio.gather(*tries, return_exceptions=True)
        for fact, result in zip(ring, results, strict=True):
            if isinstance(result, BaseException):
                await shop.tell(fact)
        alive = [row for row in await shop.rows("people") if row["merged_into"] is None]
        assert len(alive) == 1
        assert {row["owner_id"] for row in await shop.rows("identities", "kind")} == {alive[0]["id"]}

    async def test_a_telephone_alone_and_beside_something_better_at_once(self, shop: Shop) -> None:
        facts = [buyer(str(number), phones=("+886912345678",)) for number in range(5)]
        facts.append(buyer(phones=("+886912345678",)))
        await asyncio.gather(*(shop.tell(fact) for fact in facts))
        assert len([row for row in await shop.rows("people") if row["merged_into"] is None]) == 1


class TestAccounts:
    async def tell(self, shop: Shop, *facts: object) -> list[UUID]:
        async with shop.database.worker() as session:
            return await shop.identities.resolve_accounts(session, shop.workspace_id, facts)  # type: ignore[arg-type]  # accounts

    async def test_an_unknown_account_is_created_once(self, shop: Shop) -> None:
        found = await self.tell(shop, company("5", "Palms"), company("5"), company("6"))
        assert found[0] == found[1] != found[2]
        assert sorted(described(await shop.rows("accounts"), "name")) == [("Palms",), ("shop 6",)]
        assert len(await shop.events("customer.changed")) == 2

    async def test_the_newest_name_counts(self, shop: Shop) -> None:
        await self.tell(shop, company("5", "Palms", 2))
        await self.tell(shop, company("5", "Old Palms", 1))
        assert described(await shop.rows("accounts"), "name", "version") == [("Palms", 1)]
        await self.tell(shop, company("5", "New Palms", 3))
        assert described(await shop.rows("accounts"), "name", "version") == [("New Palms", 2)]

    async def test_many_at_once_make_one_account(self, shop: Shop) -> None:
        found = await asyncio.gather(*(self.tell(shop, company("5")) for _ in range(8)))
        assert len({one for [one] in found}) == 1
        assert len(await shop.rows("accounts")) == 1

    async def test_a_person_and_an_account_may_have_the_same_id_in_a_shop(self, shop: Shop) -> None:
        [person] = await shop.tell(buyer("5"))
        [account] = await self.tell(shop, company("5"))
        assert person != account


def test_noon_is_noon() -> None:
    assert NOON.hour == 12
