"""People over HTTP: upsert, batch, deletion, verbs, lookup."""

from services.kit.ids import new_id
from tests.contacts.conftest import Door, pointers
from tests.contacts.people.samples import MING, PATH, made


class TestUpsert:
    async def test_a_person_is_created_then_changed_by_the_id_elsewhere(self, door: Door) -> None:
        first = await door.put(f"{PATH}/external/import/team%2F7", {"given_name": "Ann"})
        assert (first.status_code, first.json()["external_ids"]) == (201, [{"source": "import", "id": "team/7"}])
        again = await door.put(f"{PATH}/external/import/team/7", {"family_name": "Lee"})
        assert (again.status_code, again.json()["display_name"]) == (200, "Ann Lee")
        same = await door.put(f"{PATH}/external/import/team/7", {"family_name": "Lee"})
        assert (same.headers["Kith-Unchanged"], same.json()["version"]) == ("true", 2)
        assert len(await door.events("customer.changed")) == 2

    async def test_a_known_address_makes_it_the_same_person(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        answer = await door.put(f"{PATH}/external/manual/77", {"emails": [{"address": "ming@example.com"}]})
        assert (answer.status_code, answer.json()["id"]) == (200, ming["id"])
        assert {"source": "manual", "id": "77"} in answer.json()["external_ids"]

    async def test_two_people_of_whom_a_system_says_that_they_are_one_become_one(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        other = await made(door, external_ids=[{"source": "manual", "id": "77"}], tags=["other"])
        call = {"customer_id": other["id"], "function": "care", "channel": "call"}
        await door.made("/v1/interactions", call)
        order = {"customer_id": other["id"], "total": {"amount": "5.00", "currency": "TWD"}}
        await door.made("/v1/orders", order)
        known = {"emails": [{"address": "ming@example.com"}], "region": "north"}
        answer = await door.put(f"{PATH}/external/manual/77", known)
        body = answer.json()
        assert (answer.status_code, body["id"], body["region"]) == (200, ming["id"], "north")
        assert {"source": "manual", "id": "77"} in body["external_ids"]
        assert (await door.get(f"{PATH}/{other['id']}")).json()["id"] == ming["id"]
        for path in ("/v1/interactions", "/v1/orders"):
            [item] = (await door.get(path)).json()["items"]
            assert item["customer_id"] == ming["id"]
        assert {event["merged_into"] for event in await door.events("customer.changed")} == {None, ming["id"]}

    async def test_an_unknown_source_is_not_found(self, door: Door) -> None:
        assert (await door.put(f"{PATH}/external/moon-base/1", {"given_name": "Ann"})).status_code == 404

    async def test_ids_and_filters_mean_the_same_however_letters_are_put_together(self, door: Door) -> None:
        composed, decomposed = "Zo\u00e9/\u6771", "Zoe\u0301/\u6771"
        body = {"given_name": decomposed, "region": decomposed, "tags": [decomposed]}
        made = await door.put(f"{PATH}/external/import/{decomposed}", body)
        again = await door.put(f"{PATH}/external/import/{composed}", {"given_name": composed})
        assert (made.status_code, again.status_code, again.headers["Kith-Unchanged"]) == (201, 200, "true")
        for spelling in (composed, decomposed):
            for name in ("region", "tag"):
                page = (await door.get(PATH, params={name: spelling})).json()
                assert [item["given_name"] for item in page["items"]] == [composed]
            found = await door.get(PATH, params={"source": "import", "external_id": spelling})
            assert len(found.json()["items"]) == 1

    async def test_an_id_that_is_too_long_is_refused(self, door: Door) -> None:
        answer = await door.put(f"{PATH}/external/import/{'x' * 256}", {"given_name": "Ann"})
        assert (answer.status_code, pointers(answer)) == (400, ["external_id"])


class TestBatch:
    async def test_each_item_is_judged_on_its_own(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        items = [
            {"given_name": "A", "emails": [{"address": "a@example.com"}]},
            {"given_name": "B", "emails": [{"address": "A@example.com"}]},
            {"emails": [{"address": "ming@example.com"}]},
            {"birthday": "never", "given_name": "C"},
            {"given_name": "D", "owner_rep_id": str(new_id())},
        ]
        answer = await door.post(f"{PATH}/batch", {"items": items})
        body = answer.json()
        assert (answer.status_code, [item["status"] for item in body["items"]]) == (207, [201, 409, 409, 422, 422])
        assert body["items"][1]["problem"]["existing_id"] == body["items"][0]["id"]
        assert body["items"][2]["problem"]["existing_id"] == ming["id"]
        assert body["items"][3]["problem"]["errors"][0]["pointer"] == "#/birthday"
        assert (body["succeeded"], body["failed"]) == (1, 4)

    async def test_a_thousand_people_are_created_at_once(self, door: Door) -> None:
        items = [{"given_name": f"P{n}", "emails": [{"address": f"p{n}@example.com"}]} for n in range(1000)]
        answer = await door.post(f"{PATH}/batch?effects=none", {"items": items})
        assert answer.json()["succeeded"] == 1000
        assert {event["effects"] for event in await door.events("customer.changed")} == {"none"}

    async def test_an_atomic_batch_takes_all_or_none(self, door: Door) -> None:
        answer = await door.post(f"{PATH}/batch?atomic=true", {"items": [{"given_name": "A"}, {"tags": []}]})
        assert answer.status_code == 422
        assert (await door.get(PATH)).json()["items"] == []

    async def test_known_people_can_be_linked(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        items = [{"emails": [{"address": "ming@example.com"}]}]
        body = (await door.post(f"{PATH}/batch?on_match=link", {"items": items})).json()
        assert [(item["status"], item["id"]) for item in body["items"]] == [(200, ming["id"])]


class TestDelete:
    async def test_a_deleted_person_is_gone_but_listed_as_such(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        assert (await door.delete(f"{PATH}/{ming['id']}", headers={"If-Match": '"v1"'})).status_code == 204
        assert (await door.get(f"{PATH}/{ming['id']}")).status_code == 404
        assert (await door.get(PATH)).json()["items"] == []
        [listed] = (await door.get(PATH, params={"deleted": "true"})).json()["items"]
        assert (listed["id"], listed["deleted_at"]) == (ming["id"], "2026-11-22T08:00:00Z")
        assert [(event["version"], event["deleted"]) for event in await door.events("customer.changed")] == [
            (1, False),
            (2, True),
        ]

    async def test_whoever_comes_with_its_identifiers_is_somebody_new(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        await door.delete(f"{PATH}/{ming['id']}")
        again = await door.made(PATH, MING)
        assert again["id"] != ming["id"]

    async def test_a_second_deletion_finds_nobody(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        await door.delete(f"{PATH}/{ming['id']}")
        assert (await door.delete(f"{PATH}/{ming['id']}")).status_code == 404


class TestVerbs:
    async def test_tags_are_added_and_removed(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        answer = await door.post(f"{PATH}/{ming['id']}/tags", {"add": ["new"], "remove": ["vip"]})
        assert (answer.status_code, answer.json()["tags"]) == (200, ["tea", "new"])

    async def test_addresses_are_added_and_removed(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        command = {"add": [{"address": "new@example.com", "primary": True}], "remove": ["MING@example.com"]}
        emails = (await door.post(f"{PATH}/{ming['id']}/emails", command)).json()["emails"]
        assert [(entry["address"], entry["primary"]) for entry in emails] == [
            ("ming@work.example", False),
            ("new@example.com", True),
        ]

    async def test_numbers_are_added_and_removed(self, door: Door) -> None:
        await door.settle(default_region="TW")
        ming = await door.made(PATH, MING)
        command = {"add": [{"number": "02 2345 6789"}], "remove": ["0912 345 678"]}
        phones = (await door.post(f"{PATH}/{ming['id']}/phones", command)).json()["phones"]
        assert phones == [{"number": "+886223456789", "primary": True}]

    async def test_postal_addresses_and_handles_are_added_once_and_removed(self, door: Door) -> None:
        ming = await door.made("/v1/people", {"given_name": "Ann"})
        home, line = {"lines": ["1 Tea Road"], "country": "TW"}, {"network": "line", "handle": "ann"}
        for verb, entry, key in (("addresses", home, "country"), ("handles", line, "handle")):
            url = f"{PATH}/{ming['id']}/{verb}"
            kept = (await door.post(url, {"add": [entry, entry]})).json()[verb]
            assert [one[key] for one in kept] == [entry[key]]
            again = await door.post(url, {"add": [entry]})
            assert again.headers["Kith-Unchanged"] == "true"
            assert (await door.post(url, {"remove": [entry]})).json()[verb] == []

    async def test_verbs_keep_arrays_within_their_bounds(self, door: Door) -> None:
        ming = await door.made("/v1/people", {"given_name": "Ann", "tags": [f"t{n}" for n in range(100)]})
        answer = await door.post(f"{PATH}/{ming['id']}/tags", {"add": ["one more"]})
        assert (answer.status_code, pointers(answer)) == (422, ["#/add"])
        handles = [{"network": "line", "handle": f"h{n}"} for n in range(20)]
        await door.post(f"{PATH}/{ming['id']}/handles", {"add": handles})
        more = await door.post(f"{PATH}/{ming['id']}/handles", {"add": [{"network": "line", "handle": "x"}]})
        assert (more.status_code, pointers(more)) == (422, ["#/add"])

    async def test_a_number_to_add_that_is_none_is_named(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        answer = await door.post(f"{PATH}/{ming['id']}/phones", {"add": [{"number": "call me"}]})
        assert (answer.status_code, pointers(answer)) == (422, ["#/add/0/number"])


class TestLookup:
    async def test_people_are_found_by_each_identifier(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        for asked in (
            {"email": "Ming@example.com"},
            {"phone": "+886 912 345 678"},
            {"external_id": {"source": "import", "id": "c/1"}},
        ):
            body = (await door.post(f"{PATH}/lookup", asked)).json()
            assert [item["id"] for item in body["items"]] == [ming["id"]], asked
        assert (await door.post(f"{PATH}/lookup", {"email": "nobody@example.com"})).json()["items"] == []

    async def test_contact_data_needs_the_scope(self, door: Door) -> None:
        reader = door.who("people:read")
        assert (await reader.post(f"{PATH}/lookup", {"email": "a@example.com"})).status_code == 403
        asked = {"external_id": {"source": "import", "id": "1"}}
        assert (await reader.post(f"{PATH}/lookup", asked)).status_code == 200

    async def test_an_empty_question_is_refused(self, door: Door) -> None:
        assert (await door.post(f"{PATH}/lookup", {})).status_code == 422


class TestInclude:
    async def test_activity_is_counted_where_it_is_asked_for(self, door: Door) -> None:
        await door.settle()
        talk = {"function": "care", "channel": "call", "direction": "outbound"}
        total = {"total": {"amount": "5.00", "currency": "TWD"}}
        ming, ann = await door.made(PATH, MING), await door.made(PATH, {"given_name": "Ann"})
        tea = await door.made("/v1/accounts", {"name": "Tea"})
        for one in (ming, tea):
            for day in ("2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z"):
                await door.made("/v1/interactions", talk | {"customer_id": one["id"], "occurred_at": day})
            order = await door.made("/v1/orders", total | {"customer_id": one["id"], "placed_at": day})
            for extra in ({"test": True}, {"status": "draft"}):
                await door.made("/v1/orders", total | extra | {"customer_id": one["id"]})
        full = {
            "orders_count": 1,
            "last_order_at": order["placed_at"],
            "interactions_count": 2,
            "last_interaction_at": "2026-11-21T08:00:00Z",
        }
        none = {"orders_count": 0, "last_order_at": None, "interactions_count": 0, "last_interaction_at": None}
        for path, row, wanted in ((PATH, ming, full), (PATH, ann, none), ("/v1/accounts", tea, full)):
            assert row["activity"] is None
            for url in (f"{path}/{row['id']}?include=activity", f"{path}?include=activity&ids={row['id']}"):
                body = (await door.get(url)).json()
                assert body.get("items", [body])[0]["activity"] == wanted, url
        assert "ETag" not in (await door.get(f"{PATH}/{ming['id']}?include=activity")).headers
        page = (await door.get(f"{PATH}?limit=1")).json()
        assert page["items"][0]["activity"] is None
        more = await door.get(PATH, params={"limit": 1, "cursor": page["next_cursor"], "include": "activity"})
        assert more.json()["items"][0]["activity"] is not None

    async def test_what_the_key_may_not_read_is_null(self, door: Door) -> None:
        ming = await door.made(PATH, MING)
        seen = await door.who("people:read", "interactions:read").get(f"{PATH}/{ming['id']}?include=activity")
        assert (seen.json()["activity"]["orders_count"], seen.json()["activity"]["interactions_count"]) == (None, 0)

    async def test_what_cannot_be_embedded_is_a_400(self, door: Door) -> None:
        answer = await door.get(PATH, params={"include": "secrets"})
        assert (answer.status_code, pointers(answer)) == (400, ["include"])
