"""What a caller may not see does not exist for him: in no list, count, look-up, name or problem."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.contacts.conftest import Door

THEIRS = {"emails": [{"address": "hidden@example.com"}], "external_ids": [{"source": "import", "id": "h1"}]}
CHANGED = "customer.changed"
ORDER = {"source": "import", "external_id": "o1", "total": {"amount": "5.00", "currency": "TWD"}}


@dataclass
class House:
    """Ann sees her own customers, Bea those of her team, to which Ann belongs; nobody looks after the hidden ones."""

    door: Door
    ann: Door
    bea: Door
    own: dict[str, Any]
    hidden: dict[str, Any]
    account: dict[str, Any]
    order: dict[str, Any]


@pytest.fixture
async def house(door: Door) -> House:
    await door.settle()
    ann, bea = [UUID((await door.made("/v1/reps", {"display_name": name}))["id"]) for name in ("Ann", "Bea")]
    hidden = await door.made("/v1/people", THEIRS)
    account = await door.made("/v1/accounts", {"name": "Hidden", "external_ids": [{"source": "import", "id": "a1"}]})
    own = await door.made("/v1/people", {"given_name": "Seen", "owner_rep_id": str(ann)})
    order = await door.made("/v1/orders", ORDER | {"customer_id": hidden["id"]})
    talk = {"function": "care", "channel": "call", "direction": "outbound", "occurred_at": "2026-11-21T08:00:00Z"}
    for one in (own, hidden):
        await door.made("/v1/interactions", talk | {"customer_id": one["id"]})
    return House(
        door,
        door.who("admin", rep_id=ann, visibility="own"),
        door.who("admin", rep_id=bea, visibility="team", team=[ann]),
        own,
        hidden,
        account,
        order,
    )


async def enter(who: Door, way: str, parties: dict[str, Any]) -> httpx.Response:
    """Send a new order in one of three ways."""
    order = {"source": "import", "external_id": "o9", "total": ORDER["total"], **parties}
    if way == "batch":
        return await who.post("/v1/orders/batch", {"items": [order]})
    if way == "create":
        return await who.post("/v1/orders", order)
    body = {name: value for name, value in order.items() if name not in {"source", "external_id"}}
    return await who.put("/v1/orders/external/import/o9", body)


async def entered(who: Door, way: str, parties: dict[str, Any]) -> dict[str, Any]:
    """Return a new order as the one who entered it sees it."""
    answer = await enter(who, way, parties)
    assert answer.status_code == {"batch": 207}.get(way, 201), answer.text
    [order] = (await who.get("/v1/orders", params={"source": "import", "external_id": "o9"})).json()["items"]
    assert way == "batch" or answer.json() == (await who.get(f"/v1/orders/{order['id']}")).json()
    found: dict[str, Any] = order
    return found


def problem(answer: httpx.Response) -> tuple[int, object, object]:
    body = answer.json()
    return answer.status_code, body["existing_id"], body["matched_on"]


class TestLists:
    @pytest.mark.parametrize(
        ("path", "seen"), [("people", 1), ("accounts", 0), ("orders", 0), ("interactions", 1)], ids=str
    )
    async def test_neither_rows_nor_counts_nor_ids_show_them(self, house: House, path: str, seen: int) -> None:
        for who in (house.ann, house.bea):
            page = (await who.get(f"/v1/{path}", params={"count": "exact"})).json()
            assert (len(page["items"]), page["count"]["value"]) == (seen, seen)
            asked: dict[str, str | int | list[str]] = {
                "ids": [house.hidden["id"], house.account["id"], house.order["id"]],
                "count": "exact",
            }
            assert (await who.get(f"/v1/{path}", params=asked)).json()["count"]["value"] == 0

    async def test_single_reads_answer_as_for_ids_that_never_were(self, house: House) -> None:
        paths = {
            "people": house.hidden["id"],
            "accounts": house.account["id"],
            "orders": house.order["id"],
        }
        for area, row_id in paths.items():
            never = str(UUID(int=7))
            hidden, missing = [await house.ann.get(f"/v1/{area}/{one}") for one in (row_id, never)]
            assert (hidden.status_code, missing.status_code) == (404, 404)
            assert {**hidden.json(), "instance": "", "request_id": ""} == {
                **missing.json(),
                "instance": "",
                "request_id": "",
            }


class TestProblems:
    async def test_a_known_identifier_of_theirs_names_nobody(self, house: House) -> None:
        assert problem(await house.door.post("/v1/people", THEIRS)) == (409, house.hidden["id"], "external_id")
        for who in (house.ann, house.bea):
            assert problem(await who.post("/v1/people", THEIRS)) == (409, None, None)
            assert problem(await who.post("/v1/people?on_match=link", THEIRS)) == (409, None, None)
            taken = {"external_ids": [{"source": "import", "id": "a1"}], "name": "X"}
            assert problem(await who.post("/v1/accounts", taken)) == (409, None, None)
            assert problem(await who.post("/v1/accounts?on_match=link", taken)) == (409, None, None)
            known = ORDER | {"customer_id": house.own["id"]}
            assert problem(await who.post("/v1/orders", known)) == (409, None, None)

    async def test_who_stays_of_a_join_is_not_named_either(self, house: House) -> None:
        await house.door.kith.as_admin(
            "UPDATE contacts.people SET merged_into = $1 WHERE id = $2", house.hidden["id"], house.own["id"]
        )
        path = f"/v1/people/{house.own['id']}"
        change = {"given_name": "X"}
        assert (await house.door.patch(path, change)).json()["existing_id"] == house.hidden["id"]
        mine = await house.ann.patch(path, change)
        assert (mine.status_code, mine.json()["existing_id"]) == (409, None)
        assert (await house.ann.get(path)).status_code == 404

    async def test_what_is_known_of_theirs_cannot_be_taken_over_by_a_patch(self, house: House) -> None:
        mails = {"emails": THEIRS["emails"]}
        assert problem(await house.ann.patch(f"/v1/people/{house.own['id']}", mails)) == (409, None, None)

    async def test_a_batch_of_orders_changes_none_of_theirs(self, house: House) -> None:
        newer = ORDER | {"customer_id": house.own["id"], "updated_at": "2030-01-01T00:00:00Z", "number": "stolen"}
        fresh = newer | {"external_id": "o2"}
        answer = await house.ann.post("/v1/orders/batch", {"items": [newer, fresh]})
        assert [item["status"] for item in answer.json()["items"]] == [404, 201]
        assert answer.json()["items"][0]["id"] is None
        put = await house.ann.put("/v1/orders/external/import/o1", {"customer_id": house.own["id"], "number": "stolen"})
        assert put.status_code == 404
        assert (await house.door.get(f"/v1/orders/{house.order['id']}")).json()["number"] is None


class TestNames:
    async def test_only_customers_that_are_seen_have_names_and_profiles(self, house: House) -> None:
        theirs = [house.hidden["id"], house.account["id"], house.order["id"]]
        asked: dict[str, str | int | list[str]] = {"ids": [house.own["id"], *theirs]}
        for who in (house.ann, house.bea):
            caller = who.caller.identity
            inside = house.door.who("internal", rep_id=caller.rep_id, visibility=caller.visibility, team=caller.team)
            for path in ("/internal/names", "/internal/audience"):
                assert [item["id"] for item in (await inside.post(path, asked)).json()["items"]] == [house.own["id"]]


class TestWriting:
    async def test_who_sees_his_own_only_looks_after_what_he_creates(self, house: House) -> None:
        rep = str(house.ann.caller.identity.rep_id)
        person = await house.ann.made("/v1/people", {"given_name": "New"})
        account = await house.ann.made("/v1/accounts", {"name": "New"})
        told = await house.ann.put("/v1/people/external/import/n1", {"given_name": "Told"})
        assert {person["owner_rep_id"], account["owner_rep_id"], told.json()["owner_rep_id"]} == {rep}
        assert (await house.ann.get(f"/v1/people/{told.json()['id']}")).status_code == 200

    @pytest.mark.parametrize("way", ["create", "batch", "put"])
    async def test_the_new_buyer_of_an_order_is_looked_after_by_the_one_who_enters_it(
        self, house: House, way: str
    ) -> None:
        order = await entered(house.ann, way, {"customer": {"emails": [{"address": "new@example.com"}]}})
        rep = str(house.ann.caller.identity.rep_id)
        person = (await house.ann.get(f"/v1/people/{order['buyer_id']}")).json()
        assert (person["owner_rep_id"], order["customer_id"]) == (rep, person["id"])
        [event] = [one for one in await house.door.events(CHANGED) if one["customer_id"] == person["id"]]
        assert event["owner_rep_id"] == rep

    @pytest.mark.parametrize("way", ["create", "batch", "put"])
    async def test_so_is_a_new_account_with_its_buyer(self, house: House, way: str) -> None:
        parties = {"customer": {"given_name": "Buyer", "emails": [{"address": "b@example.com"}]}}
        order = await entered(house.ann, way, parties | {"account": {"source": "import", "id": "a2", "name": "Tea"}})
        for path in (f"accounts/{order['account_id']}", f"people/{order['buyer_id']}"):
            seen = (await house.ann.get(f"/v1/{path}")).json()
            assert seen["owner_rep_id"] == str(house.ann.caller.identity.rep_id)

    async def test_a_buyer_who_is_known_stays_with_whom_he_is(self, house: House) -> None:
        mail = {"emails": [{"address": "seen@example.com"}]}
        await house.door.patch(f"/v1/people/{house.own['id']}", mail)
        order = await entered(house.bea, "create", {"customer": mail})
        person = (await house.bea.get(f"/v1/people/{order['buyer_id']}")).json()
        assert (person["id"], person["owner_rep_id"]) == (house.own["id"], house.own["owner_rep_id"])

    async def test_who_sees_all_is_given_none_of_the_buyers_whose_orders_he_enters(self, house: House) -> None:
        admin = house.door.who("admin", rep_id=house.ann.caller.identity.rep_id)
        order = await entered(admin, "create", {"customer": {"emails": [{"address": "new@example.com"}]}})
        person = (await admin.get(f"/v1/people/{order['buyer_id']}")).json()
        assert person["owner_rep_id"] is None

    @pytest.mark.parametrize("way", ["create", "batch", "put"])
    @pytest.mark.parametrize(
        ("parties", "fault"),
        [
            ({"customer": THEIRS | {"given_name": "Changed"}}, ("#/customer", "unknown_customer")),
            ({"account": {"source": "import", "id": "a1"}}, ("#/account", "unknown_account")),
            ({}, ("#/customer", "required")),
        ],
        ids=["a hidden buyer", "a hidden account", "nobody"],
    )
    async def test_an_order_that_its_writer_could_not_see_is_refused_and_leaves_nothing(
        self, house: House, way: str, parties: dict[str, Any], fault: tuple[str, str]
    ) -> None:
        before = (await house.door.get(f"/v1/people/{house.hidden['id']}")).json()
        events = await house.door.events(CHANGED)
        answer = await enter(house.ann, way, parties)
        told = answer.json()["items"][0]["problem"] if way == "batch" else answer.json()
        assert told["status"] == 422
        assert [(one["pointer"], one["code"]) for one in told["errors"]] == [fault]
        assert (await house.door.get(f"/v1/people/{house.hidden['id']}")).json() == before
        assert await house.door.events(CHANGED) == events
        assert (await house.door.get("/v1/orders", params={"count": "exact"})).json()["count"]["value"] == 1

    async def test_a_team_member_changes_what_belongs_to_a_mate(self, house: House) -> None:
        answer = await house.bea.patch(f"/v1/people/{house.own['id']}", {"given_name": "Changed"})
        assert answer.status_code == 200
