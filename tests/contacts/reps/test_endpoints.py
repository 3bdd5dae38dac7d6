"""Reps over HTTP."""

from services.kit.ids import new_id
from tests.contacts.conftest import Door, pointers

PATH = "/v1/reps"


class TestCreate:
    async def test_a_rep_is_created_and_told_of(self, door: Door) -> None:
        answer = await door.post(
            PATH, {"display_name": "林雅婷", "email": "Yating@Example.com", "time_zone": "Asia/Taipei"}
        )
        body = answer.json()
        assert answer.status_code == 201
        assert answer.headers["ETag"] == '"v1"'
        assert answer.headers["Location"] == f"/v1/reps/{body['id']}"
        assert (body["email"], body["active"], body["type"], body["version"]) == ("yating@example.com", True, "rep", 1)
        [event] = await door.events("rep.changed")
        assert (event["rep_id"], event["active"], event["time_zone"]) == (body["id"], True, "Asia/Taipei")

    async def test_an_address_belongs_to_one_rep(self, door: Door) -> None:
        first = await door.made(PATH, {"display_name": "Ann", "email": "ann@example.com"})
        answer = await door.post(PATH, {"display_name": "Anna", "email": "ANN@example.com"})
        assert answer.status_code == 409
        assert (answer.json()["existing_id"], answer.json()["matched_on"]) == (first["id"], "email")
        assert answer.json()["type"].endswith("/problems/rep-email-taken")

    async def test_what_does_not_fit_is_named(self, door: Door) -> None:
        answer = await door.post(PATH, {"display_name": "", "time_zone": "Mars/Base", "wings": 2})
        assert answer.status_code == 422
        assert sorted(pointers(answer)) == ["#/display_name", "#/time_zone", "#/wings"]

    async def test_a_repetition_with_the_same_key_is_one_rep(self, door: Door) -> None:
        key = {"Idempotency-Key": "once-and-only-once"}
        first = await door.post(PATH, {"display_name": "Ann"}, headers=key)
        again = await door.post(PATH, {"display_name": "Ann"}, headers=key)
        assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len((await door.get(PATH)).json()["items"]) == 1


class TestRead:
    async def test_a_rep_is_read_with_its_version(self, door: Door) -> None:
        rep = await door.made(PATH, {"display_name": "Ann"})
        answer = await door.get(f"{PATH}/{rep['id']}")
        assert answer.json() == rep
        assert answer.headers["ETag"] == '"v1"'

    async def test_one_that_never_was_is_not_found(self, door: Door) -> None:
        assert (await door.get(f"{PATH}/{new_id()}")).status_code == 404


class TestList:
    async def test_reps_are_listed_by_name_and_filtered_by_presence(self, door: Door) -> None:
        for name, active in (("Cho", True), ("Ann", True), ("Bea", False)):
            await door.made(PATH, {"display_name": name, "active": active})
        listed = (await door.get(PATH)).json()["items"]
        assert [rep["display_name"] for rep in listed] == ["Ann", "Bea", "Cho"]
        here = (await door.get(PATH, params={"active": "true"})).json()["items"]
        assert [rep["display_name"] for rep in here] == ["Ann", "Cho"]

    async def test_pages_follow_one_another(self, door: Door) -> None:
        for name in "CAB":
            await door.made(PATH, {"display_name": name})
        first = (await door.get(PATH, params={"limit": 2, "count": "exact"})).json()
        rest = (await door.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [rep["display_name"] for rep in first["items"] + rest["items"]] == ["A", "B", "C"]
        assert (first["count"], rest["next_cursor"]) == ({"value": 3, "kind": "exact"}, None)


class TestUpdate:
    async def test_a_patch_changes_what_was_sent(self, door: Door) -> None:
        rep = await door.made(PATH, {"display_name": "Ann", "email": "ann@example.com"})
        answer = await door.patch(f"{PATH}/{rep['id']}", {"active": False, "email": None}, headers={"If-Match": '"v1"'})
        body = answer.json()
        assert (body["active"], body["email"], body["display_name"], body["version"]) == (False, None, "Ann", 2)
        assert [event["active"] for event in await door.events("rep.changed")] == [True, False]

    async def test_a_change_over_another_one_is_refused(self, door: Door) -> None:
        rep = await door.made(PATH, {"display_name": "Ann"})
        await door.patch(f"{PATH}/{rep['id']}", {"active": False})
        late = await door.patch(f"{PATH}/{rep['id']}", {"display_name": "Anna"}, headers={"If-Match": 'W/"v1"'})
        assert (late.status_code, late.json()["current"]) == (412, '"v2"')

    async def test_a_name_cannot_be_taken_away(self, door: Door) -> None:
        rep = await door.made(PATH, {"display_name": "Ann"})
        answer = await door.patch(f"{PATH}/{rep['id']}", {"display_name": None})
        assert (answer.status_code, pointers(answer)) == (422, ["#/display_name"])

    async def test_the_address_of_another_rep_is_refused(self, door: Door) -> None:
        await door.made(PATH, {"display_name": "Ann", "email": "ann@example.com"})
        bea = await door.made(PATH, {"display_name": "Bea"})
        assert (await door.patch(f"{PATH}/{bea['id']}", {"email": "ann@example.com"})).status_code == 409

    async def test_a_patch_that_changes_nothing_publishes_nothing(self, door: Door) -> None:
        rep = await door.made(PATH, {"display_name": "Ann"})
        answer = await door.patch(f"{PATH}/{rep['id']}", {"display_name": "Ann"})
        assert answer.json()["version"] == 1
        assert len(await door.events("rep.changed")) == 1
