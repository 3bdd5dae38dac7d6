"""Accounts over HTTP: what differs from people; the way of a request is tested there."""

from typing import Any
from uuid import UUID

import pytest

from services.kit.ids import new_id
from tests.contacts.conftest import Door, pointers

PATH = "/v1/accounts"
TEA: dict[str, Any] = {
    "name": "Sun Moon Tea Co.",
    "domain": "SunMoonTea.example",
    "industry": "beverages",
    "region": "central",
    "relations": ["oem", "reseller"],
    "profile": {"credit_terms": "net 30", "competitors": ["Alishan Leaf"], "employees": 120},
    "potential": {
        "total_market": {"amount": "1200000.00", "currency": "TWD"},
        "not_serviceable": {"amount": "200000.00", "currency": "TWD"},
    },
    "tags": ["key"],
    "external_ids": [{"source": "import", "id": "A/13"}],
}


class TestCreate:
    async def test_an_account_is_created_whole_and_told_of(self, door: Door) -> None:
        answer = await door.post(PATH, TEA)
        body = answer.json()
        assert (answer.status_code, answer.headers["Location"]) == (201, f"/v1/accounts/{body['id']}")
        assert (body["type"], body["display_name"], body["domain"]) == ("account", TEA["name"], "sunmoontea.example")
        assert (body["profile"], body["potential"]) == (TEA["profile"], TEA["potential"])
        assert body["external_ids"] == TEA["external_ids"]
        assert (await door.get(f"{PATH}/{body['id']}")).json() == body
        [event] = await door.events("customer.changed")
        assert (event["customer_id"], event["customer_type"]) == (body["id"], "account")

    async def test_a_known_external_id_is_refused_or_linked(self, door: Door) -> None:
        known = await door.made(PATH, TEA)
        again = {"name": "SMT", "external_ids": [*TEA["external_ids"], {"source": "manual", "id": "9"}]}
        answer = await door.post(PATH, again)
        assert (answer.status_code, answer.json()["existing_id"]) == (409, known["id"])
        linked = await door.post(f"{PATH}?on_match=link", again)
        assert (linked.status_code, linked.json()["name"]) == (200, TEA["name"])
        assert len(linked.json()["external_ids"]) == 2

    @pytest.mark.parametrize(
        ("field", "value", "pointer"),
        [
            ("name", None, "#/name"),
            ("domain", "not a domain", "#/domain"),
            ("relations", ["Own Brand"], "#/relations/0"),
            ("potential", {"total_market": {"amount": "1.234", "currency": "TWD"}}, "#/potential/total_market"),
            (
                "potential",
                {
                    "total_market": {"amount": "1", "currency": "TWD"},
                    "not_serviceable": {"amount": "1", "currency": "USD"},
                },
                "#/potential",
            ),
            ("employees", 3, "#/employees"),
        ],
    )
    async def test_what_does_not_fit_is_named(self, door: Door, field: str, value: object, pointer: str) -> None:
        answer = await door.post(PATH, {"name": "A", field: value})
        assert (answer.status_code, pointers(answer)) == (422, [pointer])

    async def test_an_unknown_rep_is_named(self, door: Door) -> None:
        answer = await door.post(PATH, {"name": "A", "owner_rep_id": str(new_id())})
        assert (answer.status_code, pointers(answer)) == (422, ["#/owner_rep_id"])


class TestList:
    async def test_filters_narrow_the_list(self, door: Door) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        tea = await door.made(PATH, TEA | {"owner_rep_id": rep["id"]})
        await door.made(PATH, {"name": "Another"})
        for params in (
            {"domain": "sunmoontea.example"},
            {"industry": "beverages"},
            {"region": "central"},
            {"tag": "key"},
            {"owner_rep_id": rep["id"]},
            {"source": "import"},
            {"source": "import", "external_id": "A/13"},
            {"external_id": "A/13"},
        ):
            answer = await door.get(PATH, params=params)
            assert [item["id"] for item in answer.json()["items"]] == [tea["id"]], params
        for name in ("domain", "industry", "region", "owner_rep_id"):
            answer = await door.get(PATH, params={name: "null"})
            assert [item["name"] for item in answer.json()["items"]] == ["Another"], name
        assert len((await door.get(PATH, params={"lifecycle_stage": "null"})).json()["items"]) == 2

    async def test_accounts_are_listed_by_name(self, door: Door) -> None:
        for name in ("b", "C", "a"):
            await door.made(PATH, {"name": name})
        listed = (await door.get(PATH, params={"sort": "-name"})).json()["items"]
        assert [item["name"] for item in listed] == ["b", "a", "C"]


class TestUpdate:
    async def test_a_patch_reaches_into_maps_and_amounts(self, door: Door) -> None:
        tea = await door.made(PATH, TEA)
        change = {
            "profile": {"employees": None, "markets": ["JP"]},
            "potential": {"not_serviceable": None},
            "industry": None,
        }
        answer = await door.patch(f"{PATH}/{tea['id']}", change, headers={"If-Match": '"v1"'})
        body = answer.json()
        assert body["profile"] == {"credit_terms": "net 30", "competitors": ["Alishan Leaf"], "markets": ["JP"]}
        assert body["potential"] == {"total_market": TEA["potential"]["total_market"], "not_serviceable": None}
        assert (body["industry"], body["version"]) == (None, 2)

    async def test_an_account_always_has_a_name(self, door: Door) -> None:
        tea = await door.made(PATH, TEA)
        answer = await door.patch(f"{PATH}/{tea['id']}", {"name": None})
        assert (answer.status_code, pointers(answer)) == (422, ["#/name"])

    async def test_a_change_over_another_one_is_refused(self, door: Door) -> None:
        tea = await door.made(PATH, TEA)
        stale = await door.patch(f"{PATH}/{tea['id']}", {"region": "x"}, headers={"If-Match": '"v7"'})
        assert (stale.status_code, stale.json()["current"]) == (412, '"v1"')

    async def test_tags_are_added_and_removed(self, door: Door) -> None:
        tea = await door.made(PATH, TEA)
        answer = await door.post(f"{PATH}/{tea['id']}/tags", {"add": ["big"], "remove": ["key"]})
        assert answer.json()["tags"] == ["big"]


class TestUpsert:
    async def test_an_account_is_created_then_changed_by_the_id_elsewhere(self, door: Door) -> None:
        where = f"{PATH}/external/import/erp%2F7"
        assert (await door.put(where, {"region": "x"})).status_code == 422
        first = await door.put(where, {"name": "Tea"})
        again = await door.put(where, {"industry": "tea", "external_ids": [{"source": "manual", "id": "m7"}]})
        assert (first.status_code, again.status_code, again.json()["version"]) == (201, 200, 2)
        assert len(again.json()["external_ids"]) == 2
        same = await door.put(where, {"industry": "tea"})
        assert same.headers["Kith-Unchanged"] == "true"

    async def test_the_id_of_another_account_is_refused(self, door: Door) -> None:
        tea = await door.made(PATH, TEA)
        await door.made(PATH, {"name": "B", "external_ids": [{"source": "import", "id": "B"}]})
        answer = await door.put(f"{PATH}/external/import/B", {"external_ids": TEA["external_ids"]})
        assert (answer.status_code, answer.json()["existing_id"]) == (409, tea["id"])


class TestBatch:
    async def test_each_item_is_judged_on_its_own(self, door: Door) -> None:
        items = [TEA, TEA, {"industry": "x"}, {"name": "B"}]
        body = (await door.post(f"{PATH}/batch", {"items": items})).json()
        assert [item["status"] for item in body["items"]] == [201, 409, 422, 201]
        assert body["items"][1]["id"] == body["items"][0]["id"]


class TestLookupAndDelete:
    async def test_an_account_is_found_by_its_id_elsewhere_until_it_is_deleted(self, door: Door) -> None:
        tea = await door.made(PATH, TEA)
        asked = {"external_id": TEA["external_ids"][0]}
        assert [item["id"] for item in (await door.post(f"{PATH}/lookup", asked)).json()["items"]] == [tea["id"]]
        assert (await door.delete(f"{PATH}/{tea['id']}")).status_code == 204
        assert (await door.post(f"{PATH}/lookup", asked)).json()["items"] == []
        assert (await door.get(f"{PATH}/{tea['id']}")).status_code == 404
        assert len((await door.get(PATH, params={"deleted": "true"})).json()["items"]) == 1

    async def test_a_rep_who_sees_only_his_own_does_not_see_others(self, door: Door) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        ann = door.who("admin", rep_id=UUID(rep["id"]), visibility="own")
        tea = await door.made(PATH, TEA)
        assert (await ann.get(f"{PATH}/{tea['id']}")).status_code == 404
        assert (await ann.get(PATH)).json()["items"] == []
        asked = {"external_id": TEA["external_ids"][0]}
        assert (await ann.post(f"{PATH}/lookup", asked)).json()["items"] == []
