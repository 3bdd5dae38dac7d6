"""Every change through the API is written down with it: who, when, by which operation, before and after."""

import asyncio
from typing import Any
from uuid import UUID

from services.kit.ids import new_id
from tests.contacts.conftest import Door
from tests.contacts.people.samples import MING, PATH, made

AUDIT = "/v1/audit"


async def entries(door: Door, **params: str | int | list[str]) -> list[dict[str, Any]]:
    answer = await door.get(AUDIT, params={"sort": "occurred_at", **params})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


class TestList:
    async def test_needs_the_scope(self, door: Door) -> None:
        assert (await door.who("people:read").get(AUDIT)).status_code == 403

    async def test_shows_nothing_of_another_workspace(self, door: Door) -> None:
        await made(door)
        assert await entries(door.elsewhere()) == []

    async def test_refuses_bad_parameters(self, door: Door) -> None:
        for params in ({"actor": "x"}, {"actor_id": "me"}, {"occurred_after": "2026-11-22T08:00:00"}, {"sort": "id"}):
            assert (await door.get(AUDIT, params=params)).status_code == 400, params

    async def test_pages_without_a_gap(self, door: Door) -> None:
        ids = [(await made(door))["id"] for _ in range(5)]
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await door.get(AUDIT, params={"limit": 2, **cursor})).json()
            found += [entry["object_id"] for entry in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert found == ids[::-1]

    async def test_filters_by_who_what_and_when(self, door: Door) -> None:
        first, second = await made(door), await made(door)
        await door.patch(f"{PATH}/{first['id']}", {"given_name": "A"})
        [changed] = await entries(door, operation="update_person")
        assert await entries(door, object_id=second["id"], object_type="person") != []
        assert await entries(door, object_id=second["id"], object_type="order") == []
        assert len(await entries(door, actor_id=str(door.caller.identity.actor_id))) == 3
        assert await entries(door, actor_id=str(new_id())) == []
        assert await entries(door, occurred_after=changed["occurred_at"]) == []
        assert len(await entries(door, occurred_before=changed["occurred_at"])) == 2

    async def test_tells_nothing_of_what_the_caller_may_not_read(self, door: Door) -> None:
        await made(door)
        assert await entries(door.who("audit:read", "reps:read")) == []
        assert len(await entries(door.who("audit:read", "people:read"))) == 1

    async def test_leaves_contact_values_out_for_those_who_may_not_see_them(self, door: Door) -> None:
        person = await door.made(PATH, MING)
        await door.patch(f"{PATH}/{person['id']}", {"emails": [], "given_name": "B"})
        hidden = await entries(door.who("audit:read", "people:read"))
        assert "example" not in str(hidden)
        assert "912" not in str(hidden)
        assert (hidden[1]["before"]["given_name"], hidden[1]["after"]["given_name"]) == ("小明", "B")
        whole = await entries(door)
        assert whole[1]["before"]["emails"][0]["address"] == "ming@example.com"

    async def test_shows_to_a_key_with_own_customers_what_its_rep_did(self, door: Door) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        ann = door.who("admin", rep_id=UUID(rep["id"]), visibility="own")
        await made(door)
        mine = await made(ann, owner_rep_id="me")
        assert [entry["object_id"] for entry in await entries(ann)] == [mine["id"]]


class TestEntry:
    async def test_of_a_created_person_says_who_and_what(self, door: Door) -> None:
        answer = await door.post(PATH, MING, headers={"X-Request-Id": "request-0815"})
        [entry] = await entries(door)
        actor = str(door.caller.identity.actor_id)
        assert entry["actor"] == {"id": actor, "kind": "key"}
        assert entry["key"] == {"id": actor, "type": "api_key", "display_name": None}
        assert (entry["operation"], entry["request_id"], entry["service"]) == ("create_person", "request-0815", None)
        assert entry["object"] == {"id": answer.json()["id"], "type": "person", "display_name": None}
        assert entry["before"] is None
        assert entry["after"]["tags"] == ["tea", "vip"]
        assert "phonetic_name" not in entry["after"]

    async def test_of_a_change_holds_the_changed_fields_only(self, door: Door) -> None:
        person = await made(door, given_name="A", lifecycle_stage="lead")
        await door.patch(f"{PATH}/{person['id']}", {"given_name": "A", "lifecycle_stage": "customer"})
        [entry] = await entries(door, operation="update_person")
        assert (entry["before"], entry["after"]) == ({"lifecycle_stage": "lead"}, {"lifecycle_stage": "customer"})

    async def test_is_not_written_where_nothing_changes_or_the_request_fails(self, door: Door) -> None:
        person = await made(door, given_name="A")
        await door.patch(f"{PATH}/{person['id']}", {"given_name": "A"})
        await door.patch(f"{PATH}/{person['id']}", {"nonsense": 1})
        await door.patch(f"{PATH}/{person['id']}", {"given_name": "B"}, headers={"If-Match": '"v9"'})
        assert len(await entries(door)) == 1

    async def test_is_written_once_for_a_repeated_request(self, door: Door) -> None:
        for _ in range(2):
            await door.post(PATH, MING, headers={"Idempotency-Key": "once"})
        assert len(await entries(door)) == 1

    async def test_is_written_for_each_item_of_a_batch(self, door: Door) -> None:
        items = [{"display_name": f"P{number}"} for number in range(20)]
        await door.post(f"{PATH}/batch", {"items": items})
        found = await entries(door)
        assert {entry["operation"] for entry in found} == {"create_people_batch"}
        assert {entry["after"]["display_name"] for entry in found} == {item["display_name"] for item in items}

    async def test_of_a_secret_says_that_it_was_set_and_not_which(self, door: Door) -> None:
        source = await door.made("/v1/sources", {"platform": "shopify", "name": "Shop", "secret": "shh" * 9})
        [secret] = await entries(door, object_type="source_secret")
        assert secret["after"]["sealed"] == "(secret)"
        assert secret["after"]["source_id"] == source["id"]

    async def test_names_a_service_that_acts_for_somebody(self, door: Door, customer: UUID) -> None:
        await door.post(
            "/v1/interactions",
            {
                "customer_id": str(customer),
                "function": "care",
                "channel": "call",
                "direction": "outbound",
                "occurred_at": "2026-11-20T08:00:00Z",
            },
        )
        [entry] = await entries(door, object_type="interaction")
        assert (entry["service"], entry["after"]["customer_id"]) == (None, str(customer))

    async def test_is_written_for_a_download(self, door: Door) -> None:
        rows = b"external_id,placed_at,total,currency\n,,,\n"
        job = await door.post("/v1/imports", files={"file": ("o.csv", rows)}, data={"kind": "orders", "format": "csv"})
        assert job.status_code == 202, job.text
        await door.get(f"/v1/imports/{job.json()['id']}/errors")
        [reading] = await entries(door, operation="read_import_errors")
        assert (reading["object_id"], reading["before"], reading["after"]) == (job.json()["id"], None, None)


async def test_concurrent_changes_are_all_written(door: Door) -> None:
    person = await made(door)
    answers = await asyncio.gather(
        *(door.post(f"{PATH}/{person['id']}/tags", {"add": [f"t{number}"]}) for number in range(12))
    )
    assert {answer.status_code for answer in answers} == {200}
    found = await entries(door, operation="change_person_tags")
    assert sorted(len(entry["after"]["tags"]) for entry in found) == list(range(1, 13))
