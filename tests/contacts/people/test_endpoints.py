"""People over HTTP: create, read, list, change."""

from typing import Any
from uuid import UUID

import pytest

from services.kit.ids import new_id
from tests.contacts.conftest import Door, pointers
from tests.contacts.people.samples import MING, PATH, made


class TestCreate:
    async def test_a_person_is_created_whole_and_told_of(self, door: Door) -> None:
        answer = await door.post(PATH, MING)
        body = answer.json()
        assert answer.status_code == 201
        assert (answer.headers["ETag"], answer.headers["Location"]) == ('"v1"', f"/v1/people/{body['id']}")
        assert body["display_name"] == "王小明"
        assert body["emails"] == [
            {"address": "ming@example.com", "primary": True, "verified": True},
            {"address": "ming@work.example", "primary": False, "verified": True},
        ]
        assert body["phones"] == [{"number": "+886912345678", "primary": True}]
        assert body["contact_hours"] == [{"days": ["mon", "tue"], "from": "09:00", "to": "12:00"}]
        assert (body["tags"], body["custom"]) == (["tea", "vip"], {"shoe_size": 43, "likes_cats": True})
        assert body["external_ids"] == [{"source": "import", "id": "c/1"}]
        assert (await door.get(f"{PATH}/{body['id']}")).json() == body
        [event] = await door.events("customer.changed")
        assert (event["customer_id"], event["version"], event["tags"]) == (body["id"], 1, ["tea", "vip"])
        assert "ming" not in str(event).lower()

    async def test_a_later_read_elsewhere_can_wait_for_the_write(self, door: Door) -> None:
        answer = await door.post(PATH, MING)
        last = await door.kith.as_admin("SELECT max(seq) AS seq FROM contacts.outbox")
        assert answer.headers["Kith-Position"] == f"contacts:{last[0]['seq']}"
        changed = await door.patch(f"{PATH}/{answer.json()['id']}", {"given_name": "B"})
        assert changed.headers["Kith-Position"] == f"contacts:{last[0]['seq'] + 1}"

    async def test_owner_and_designation_carry_names(self, door: Door) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        ann = door.who("admin", rep_id=UUID(rep["id"]))
        asked = {"rep_id": "me", "asked_at": "2026-11-01T08:00:00+08:00"}
        externals = [{"source": "manual", "id": "b"}, {"source": "import", "id": "z"}, {"source": "import", "id": "a"}]
        body = await made(ann, owner_rep_id="me", designation=asked, external_ids=externals)
        assert body["owner_rep"] == {"id": rep["id"], "type": "rep", "display_name": "Ann"}
        assert body["designation"]["rep"]["display_name"] == "Ann"
        assert (await door.get(f"{PATH}/{body['id']}")).json() == body
        [event] = await door.events("customer.changed")
        assert (event["owner_rep_id"], event["designated_rep_id"]) == (rep["id"], rep["id"])

    @pytest.mark.parametrize(
        ("identifier", "matched_on"),
        [
            ({"emails": [{"address": "MING@example.com"}]}, "email"),
            ({"phones": [{"number": "+886912345678"}], "emails": [{"address": "other@example.com"}]}, "phone"),
            ({"external_ids": [{"source": "import", "id": "c/1"}]}, "external_id"),
        ],
    )
    async def test_a_known_identifier_is_refused(self, door: Door, identifier: dict[str, Any], matched_on: str) -> None:
        ming = await door.made(PATH, MING)
        answer = await door.post(PATH, identifier)
        body = answer.json()
        assert (answer.status_code, body["type"].rpartition("/")[2]) == (409, "person-exists")
        assert (body["existing_id"], body["matched_on"]) == (ming["id"], matched_on)
        assert len((await door.get(PATH)).json()["items"]) == 1

    async def test_a_known_identifier_can_be_linked(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        new = {"emails": [{"address": "ming@example.com"}, {"address": "ming@home.example"}], "given_name": "M"}
        answer = await door.post(f"{PATH}?on_match=link", new)
        body = answer.json()
        assert (answer.status_code, body["id"], body["given_name"]) == (200, ming["id"], "小明")
        assert [entry["address"] for entry in body["emails"]][-1] == "ming@home.example"
        assert body["emails"][0]["primary"]
        again = await door.post(f"{PATH}?on_match=link", new)
        assert (again.json()["version"], again.headers["Kith-Unchanged"]) == (2, "true")

    async def test_who_may_not_see_contact_data_learns_nobody_s_id(self, door: Door) -> None:
        await door.made(PATH, MING)
        writer = door.who("people:write", "people:read")
        answer = await writer.post(PATH, {"emails": [{"address": "ming@example.com"}]})
        assert (answer.status_code, answer.json()["existing_id"], answer.json()["matched_on"]) == (409, None, None)

    async def test_numbers_without_country_code_take_the_workspace_s(self, door: Door) -> None:
        await door.settle(default_region="TW")
        body = await made(door, phones=[{"number": "0912 345 678"}])
        assert body["phones"] == [{"number": "+886912345678", "primary": True}]

    async def test_numbers_without_any_country_are_named(self, door: Door) -> None:
        answer = await door.post(PATH, {"phones": [{"number": "+886912345678"}, {"number": "0912 345 678"}]})
        assert (answer.status_code, pointers(answer)) == (422, ["#/phones/1/number"])

    async def test_an_unknown_rep_and_an_unknown_source_are_named(self, door: Door) -> None:
        nobody = await door.post(PATH, {"given_name": "A", "owner_rep_id": str(new_id())})
        assert (nobody.status_code, pointers(nobody)) == (422, ["#/owner_rep_id"])
        nowhere = await door.post(PATH, {"external_ids": [{"source": "moon-base", "id": "1"}]})
        assert (nowhere.status_code, pointers(nowhere)) == (422, ["#/external_ids"])
        assert (await door.get(PATH)).json()["items"] == []

    async def test_nobody_is_nobody(self, door: Door) -> None:
        answer = await door.post(PATH, {"tags": ["tea"], "emails": []})
        assert (answer.status_code, pointers(answer)) == (422, ["#"])

    @pytest.mark.parametrize(
        ("field", "value", "pointer"),
        [
            ("emails", [{"address": "nope"}], "#/emails/0/address"),
            ("emails", [{"address": "a@b.io"}] * 21, "#/emails"),
            ("birthday", "1990-02-30", "#/birthday"),
            ("time_zone", "../../etc/passwd", "#/time_zone"),
            ("contact_hours", [{"days": ["mon"], "from": "12:00", "to": "09:00"}], "#/contact_hours/0"),
            ("tags", ["x" * 65], "#/tags/0"),
            ("custom", {"Bad Key": 1}, "#/custom/Bad Key"),
            ("given_name", "nul \x00", "#/given_name"),
            ("shoe", 43, "#/shoe"),
        ],
    )
    async def test_what_does_not_fit_is_named(self, door: Door, field: str, value: object, pointer: str) -> None:
        answer = await door.post(PATH, {"display_name": "A", field: value})
        assert (answer.status_code, pointers(answer)[0]) == (422, pointer)

    async def test_a_body_that_is_too_large_is_refused(self, door: Door) -> None:
        answer = await door.post(PATH, {"display_name": "A", "custom": {"x": "y" * 2_000_000}})
        assert answer.status_code == 413

    async def test_a_repetition_with_the_same_key_is_one_person(self, door: Door) -> None:
        key = {"Idempotency-Key": "person-1"}
        first = await door.post(PATH, MING, headers=key)
        again = await door.post(PATH, MING, headers=key)
        assert (again.status_code, again.json()) == (201, first.json())
        other = await door.post(PATH, {"given_name": "B"}, headers=key)
        assert other.status_code == 422
        assert len(await door.events("customer.changed")) == 1

    async def test_a_commit_that_fails_is_no_creation(self, door: Door) -> None:
        await door.kith.as_admin(
            "CREATE FUNCTION contacts.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'"
        )
        await door.kith.as_admin(
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON contacts.people DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION contacts.refuse()"
        )
        try:
            answer = await door.post(PATH, MING)
        finally:
            await door.kith.as_admin("DROP FUNCTION contacts.refuse() CASCADE")
        assert answer.status_code == 500
        assert (await door.get(PATH)).json()["items"] == []


class TestRead:
    async def test_contact_data_is_empty_without_the_scope(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        seen = (await door.who("people:read").get(f"{PATH}/{ming['id']}")).json()
        assert (seen["emails"], seen["phones"], seen["addresses"], seen["handles"]) == ([], [], [], [])
        assert seen["display_name"] == "王小明"
        assert "ming" not in str(seen)

    async def test_one_who_was_joined_into_another_answers_with_the_other(self, door: Door) -> None:
        ming, loser = await door.made(PATH, MING), await made(door)
        await door.kith.as_admin("UPDATE contacts.people SET merged_into = $1 WHERE id = $2", ming["id"], loser["id"])
        answer = await door.get(f"{PATH}/{loser['id']}")
        assert (answer.status_code, answer.json()["id"]) == (200, ming["id"])
        assert answer.headers["Content-Location"] == f"/v1/people/{ming['id']}"
        late = await door.patch(f"{PATH}/{loser['id']}", {"given_name": "B"})
        assert (late.status_code, late.json()["existing_id"]) == (409, ming["id"])

    async def test_a_rep_who_sees_only_his_own_does_not_see_others(self, door: Door) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        ann = door.who("admin", rep_id=UUID(rep["id"]), visibility="own")
        other, own = await made(door), await made(door, owner_rep_id=rep["id"])
        assert (await ann.get(f"{PATH}/{own['id']}")).status_code == 200
        assert (await ann.get(f"{PATH}/{other['id']}")).status_code == 404
        assert (await ann.patch(f"{PATH}/{other['id']}", {"given_name": "B"})).status_code == 404
        assert [item["id"] for item in (await ann.get(PATH)).json()["items"]] == [own["id"]]


class TestList:
    async def test_filters_find_by_identifier_tag_owner_and_time(self, door: Door) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        ming = await door.made(PATH, MING | {"owner_rep_id": rep["id"], "region": "north", "lifecycle_stage": "lead"})
        await made(door, tags=["coffee"])

        async def found(**params: str | list[str]) -> list[str]:
            answer = await door.get(PATH, params=params)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        assert len(await found()) == 2
        for params in (
            {"email": "MING@work.example"},
            {"phone": "+886 912345678"},
            {"tag": "vip"},
            {"owner_rep_id": rep["id"]},
            {"source": "import"},
            {"source": "import", "external_id": "c/1"},
            {"external_id": "c/1"},
            {"region": "north"},
            {"lifecycle_stage": "lead"},
            {"ids": ming["id"]},
            {"tag": ["vip", "nothing"], "created_after": "2026-11-22T07:59:59Z"},
        ):
            assert await found(**params) == [ming["id"]], params
        assert await found(tag=["vip", "coffee"]) != []
        assert await found(source="manual", external_id="c/1") == []
        for name, value in (("owner_rep_id", rep["id"]), ("region", "north"), ("lifecycle_stage", "lead")):
            assert len(await found(**{name: "null"})) == 1, name
            assert len(await found(**{name: ["null", value]})) == 2, name
        assert await found(created_after="2026-11-22T08:00:00Z") == []
        assert await found(email="ming@example.com", deleted="true") == []

    async def test_an_address_that_was_replaced_is_not_listed_but_looked_up(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        await door.patch(f"{PATH}/{ming['id']}", {"emails": [{"address": "new@example.com"}]})
        assert (await door.get(PATH, params={"email": "ming@example.com"})).json()["items"] == []
        found = await door.post(f"{PATH}/lookup", {"email": "ming@example.com"})
        assert [item["id"] for item in found.json()["items"]] == [ming["id"]]

    @pytest.mark.parametrize("params", [{"email": "a@example.com"}, {"phone": "+886912345678"}])
    async def test_filters_on_contact_data_need_the_scope(self, door: Door, params: dict[str, str]) -> None:
        answer = await door.who("people:read").get(PATH, params=params)
        assert (answer.status_code, answer.json()["scope"]) == (403, "people:read_contact")

    @pytest.mark.parametrize(
        ("params", "name"),
        [
            ({"email": "nope"}, "email"),
            ({"limit": "201"}, "limit"),
            ({"sort": "shoe_size"}, "sort"),
            ({"updated_after": "2026-11-22"}, "updated_after"),
            ({"cursor": "AAAA"}, "cursor"),
            ({"colour": "red"}, "colour"),
        ],
    )
    async def test_a_bad_parameter_is_named(self, door: Door, params: dict[str, str], name: str) -> None:
        answer = await door.get(PATH, params=params)
        assert (answer.status_code, pointers(answer)) == (400, [name])

    async def test_pages_by_name_put_the_nameless_last(self, door: Door) -> None:
        for name in ("乙", "甲", "b", "A"):
            await made(door, display_name=name)
        await door.made(PATH, {"emails": [{"address": "nameless@example.com"}]})
        seen: list[str | None] = []
        cursor: dict[str, str] = {}
        while cursor is not None:
            page = (await door.get(PATH, params={"sort": "display_name", "limit": 2, **cursor})).json()
            seen += [item["display_name"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert seen == ["A", "b", "乙", "甲", None]

    async def test_a_cursor_fits_only_its_own_list(self, door: Door) -> None:
        for _ in range(2):
            await made(door)
        cursor = (await door.get(PATH, params={"limit": 1})).json()["next_cursor"]
        assert (await door.get(PATH, params={"limit": 1, "cursor": cursor, "tag": "x"})).status_code == 400
        assert (await door.elsewhere().get(PATH, params={"cursor": cursor})).status_code == 400


class TestUpdate:
    async def test_a_patch_replaces_what_was_sent_and_empties_with_null(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        change = {"emails": [{"address": "new@example.com"}], "birthday": None, "custom": {"likes_cats": None, "a": 1}}
        answer = await door.patch(f"{PATH}/{ming['id']}", change, headers={"If-Match": ming["version"] and '"v1"'})
        body = answer.json()
        assert (answer.status_code, answer.headers["ETag"], body["version"]) == (200, '"v2"', 2)
        assert body["emails"] == [{"address": "new@example.com", "primary": True, "verified": True}]
        assert (body["birthday"], body["custom"], body["phones"]) == (None, {"shoe_size": 43, "a": 1}, ming["phones"])
        assert [event["version"] for event in await door.events("customer.changed")] == [1, 2]

    async def test_the_display_name_follows_the_names_until_somebody_sets_it(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        where = f"{PATH}/{ming['id']}"
        assert (await door.patch(where, {"given_name": "大明"})).json()["display_name"] == "王大明"
        assert (await door.patch(where, {"display_name": "Uncle Ming"})).json()["display_name"] == "Uncle Ming"
        assert (await door.patch(where, {"given_name": "小明"})).json()["display_name"] == "Uncle Ming"
        assert (await door.patch(where, {"display_name": None})).json()["display_name"] == "王小明"

    async def test_a_patch_that_changes_nothing_is_no_change(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        answer = await door.patch(f"{PATH}/{ming['id']}", {"given_name": "小明", "tags": ["tea", "vip"]})
        assert (answer.json()["version"], answer.headers["Kith-Unchanged"]) == (1, "true")
        assert len(await door.events("customer.changed")) == 1

    async def test_a_change_over_another_one_is_refused(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        await door.patch(f"{PATH}/{ming['id']}", {"given_name": "B"})
        late = await door.patch(f"{PATH}/{ming['id']}", {"given_name": "C"}, headers={"If-Match": '"v1"'})
        assert (late.status_code, late.json()["current"]) == (412, '"v2"')

    async def test_the_address_of_somebody_else_is_refused(self, door: Door) -> None:
        ming, other = await door.made(PATH, MING), await made(door)
        answer = await door.patch(f"{PATH}/{other['id']}", {"emails": [{"address": "ming@example.com"}]})
        assert (answer.status_code, answer.json()["existing_id"]) == (409, ming["id"])

    async def test_a_family_may_share_a_telephone(self, door: Door) -> None:
        await door.made(PATH, MING)
        mother = await made(door, emails=[{"address": "mother@example.com"}])
        answer = await door.patch(f"{PATH}/{mother['id']}", {"phones": [{"number": "+886912345678"}]})
        assert answer.status_code == 200
        found = await door.post(f"{PATH}/lookup", {"phone": "+886912345678"})
        assert len(found.json()["items"]) == 2

    async def test_an_unknown_rep_is_named(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        answer = await door.patch(f"{PATH}/{ming['id']}", {"owner_rep_id": str(new_id())})
        assert (answer.status_code, pointers(answer)) == (422, ["#/owner_rep_id"])
