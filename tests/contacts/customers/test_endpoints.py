"""What other services ask about customers."""

from uuid import UUID

from services.kit.ids import new_id
from tests.contacts.conftest import Door


class TestNames:
    async def test_each_kind_of_reference_is_named(self, door: Door) -> None:
        person = await door.made("/v1/people", {"given_name": "Ann"})
        account = await door.made("/v1/accounts", {"name": "Tea"})
        rep = await door.made("/v1/reps", {"display_name": "Bea"})
        source = await door.made("/v1/sources", {"platform": "generic", "name": "Till", "key": "till"})
        total = {"amount": "5.00", "currency": "TWD"}
        orders = [
            await door.made("/v1/orders", {"customer_id": person["id"], "total": total, "external_id": "7"} | more)
            for more in ({"number": "#1001"}, {"source": "till"})
        ]
        ids = [person["id"], account["id"], rep["id"], source["id"], str(new_id()), *(one["id"] for one in orders)]
        answer = await door.who("internal").post("/internal/names", {"ids": ids})
        found = {item["id"]: item for item in answer.json()["items"]}
        assert found == {
            person["id"]: {"id": person["id"], "type": "person", "display_name": "Ann"},
            account["id"]: {"id": account["id"], "type": "account", "display_name": "Tea"},
            rep["id"]: {"id": rep["id"], "type": "rep", "display_name": "Bea"},
            source["id"]: {"id": source["id"], "type": "source", "display_name": "Till", "key": "till"},
            orders[0]["id"]: {"id": orders[0]["id"], "type": "order", "display_name": "#1001"},
            orders[1]["id"]: {"id": orders[1]["id"], "type": "order", "display_name": "7"},
        }

    async def test_another_workspace_learns_no_name(self, door: Door) -> None:
        person = await door.made("/v1/people", {"given_name": "Ann"})
        stranger = door.elsewhere().who("internal")
        assert (await stranger.post("/internal/names", {"ids": [person["id"]]})).json() == {"items": []}


class TestAudience:
    async def test_people_and_accounts_are_described_for_their_care(self, door: Door) -> None:
        hours = [{"days": ["mon"], "from": "09:00", "to": "12:00"}]
        person = await door.made(
            "/v1/people",
            {"given_name": "Ann", "time_zone": "Asia/Tokyo", "preferred_channel": "call", "contact_hours": hours},
        )
        account = await door.made("/v1/accounts", {"name": "Tea", "tags": ["key"], "do_not_contact": True})
        gone = await door.made("/v1/people", {"given_name": "Gone"})
        await door.delete(f"/v1/people/{gone['id']}")
        ids = [person["id"], account["id"], gone["id"], str(new_id())]
        answer = await door.who("internal").post("/internal/audience", {"ids": ids})
        found = {item["id"]: item for item in answer.json()["items"]}
        assert set(found) == {person["id"], account["id"], gone["id"]}
        assert found[person["id"]]["contact_hours"] == hours
        assert (found[person["id"]]["time_zone"], found[person["id"]]["preferred_channel"]) == ("Asia/Tokyo", "call")
        assert (found[account["id"]]["type"], found[account["id"]]["do_not_contact"]) == ("account", True)
        assert (found[gone["id"]]["deleted"], found[gone["id"]]["version"]) == (True, 2)


class TestCustomer:
    async def test_a_customer_of_either_kind_is_shown_in_full(self, door: Door) -> None:
        person = await door.made("/v1/people", {"emails": [{"address": "ann@example.com"}], "given_name": "Ann"})
        account = await door.made("/v1/accounts", {"name": "Tea"})
        seer = door.who("internal", "people:read_contact")
        assert (await seer.get(f"/internal/customers/{person['id']}")).json() == {
            "id": person["id"],
            "type": "person",
            "customer": person,
        }
        assert (await seer.get(f"/internal/customers/{account['id']}")).json()["customer"] == account
        blind = (await door.who("internal").get(f"/internal/customers/{person['id']}")).json()
        assert blind["customer"]["emails"] == []

    async def test_one_who_was_joined_answers_with_who_stays(self, door: Door) -> None:
        stays = await door.made("/v1/people", {"given_name": "Ann"})
        loser = await door.made("/v1/people", {"given_name": "A."})
        await door.kith.as_admin("UPDATE contacts.people SET merged_into = $1 WHERE id = $2", stays["id"], loser["id"])
        answer = await door.who("internal").get(f"/internal/customers/{loser['id']}")
        assert answer.json()["id"] == stays["id"]

    async def test_one_who_is_not_there_is_not_found(self, door: Door) -> None:
        asked = door.who("internal")
        person = await door.made("/v1/people", {"given_name": "Ann"})
        await door.delete(f"/v1/people/{person['id']}")
        for customer_id in (person["id"], str(new_id())):
            assert (await asked.get(f"/internal/customers/{customer_id}")).status_code == 404

    async def test_a_rep_who_sees_only_his_own_does_not_see_others(self, door: Door) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Bea"})
        person = await door.made("/v1/people", {"given_name": "Ann"})
        bea = door.who("internal", rep_id=UUID(rep["id"]), visibility="own")
        assert (await bea.get(f"/internal/customers/{person['id']}")).status_code == 404
