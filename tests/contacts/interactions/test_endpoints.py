"""Interactions over HTTP."""

from typing import Any
from uuid import UUID

import pytest

from services.kit.ids import new_id
from tests.contacts.conftest import Door, pointers

PATH = "/v1/interactions"


def call(customer_id: UUID | str, **more: object) -> dict[str, Any]:
    """Return a call to a customer."""
    values = {
        "function": "care",
        "channel": "call",
        "direction": "outbound",
        "occurred_at": "2026-11-20T10:00:00+08:00",
    }
    return {"customer_id": str(customer_id), **values, **more}


class TestCreate:
    async def test_a_call_is_recorded_and_told_of(self, door: Door, customer: UUID) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        answer = await door.post(
            PATH,
            call(
                customer,
                rep_id=rep["id"],
                purpose="Thank for the order",
                outcome="reached",
                sentiment=0.5,
                cost={"amount": "120.50", "currency": "TWD"},
                participants=[{"side": "theirs", "name": "王小明"}],
            ),
        )
        body = answer.json()
        assert (answer.status_code, answer.headers["Location"]) == (201, f"/v1/interactions/{body['id']}")
        assert body["customer"] == {"id": str(customer), "type": "person", "display_name": "王小明"}
        assert body["rep"]["display_name"] == "Ann"
        assert body["cost"] == {"amount": "120.50", "currency": "TWD"}
        assert body["occurred_at"] == "2026-11-20T02:00:00Z"
        assert body["participants"] == [
            {"side": "theirs", "name": "王小明", "person_id": None, "person": None, "rep_id": None, "rep": None}
        ]
        [event] = await door.events("interaction.changed")
        assert (event["customer_type"], event["outcome"], event["deleted"]) == ("person", "reached", False)

    async def test_those_who_took_part_are_named_as_far_as_the_reader_sees_them(
        self, door: Door, customer: UUID
    ) -> None:
        ann, bea = [(await door.made("/v1/reps", {"display_name": name}))["id"] for name in ("Ann", "Bea")]
        hidden = (await door.made("/v1/people", {"given_name": "Hidden"}))["id"]
        await door.patch(f"/v1/people/{customer}", {"owner_rep_id": ann})
        present = [
            {"side": "ours", "rep_id": bea},
            {"side": "theirs", "person_id": str(customer)},
            {"side": "theirs", "person_id": hidden},
        ]
        made = await door.made(PATH, call(customer, participants=present))
        path = f"{PATH}/{made['id']}"
        changed = (await door.patch(path, {"purpose": "Tea"})).json()
        for body in (made, changed, (await door.get(path)).json()):
            told = body["participants"]
            assert [one["person"] and one["person"]["display_name"] for one in told] == [None, "王小明", "Hidden"]
            assert told[0]["rep"] == {"id": bea, "type": "rep", "display_name": "Bea"}
        own = (await door.who("admin", rep_id=UUID(ann), visibility="own").get(path)).json()["participants"]
        assert [one["person"] and one["person"]["display_name"] for one in own] == [None, "王小明", None]
        assert own[2]["person"]["id"] == hidden

    async def test_the_rep_of_the_key_acted_unless_somebody_else_is_named(self, door: Door, customer: UUID) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        ann = door.who("admin", rep_id=UUID(rep["id"]))
        assert (await ann.made(PATH, call(customer)))["rep_id"] == rep["id"]
        assert (await ann.made(PATH, call(customer, rep_id="me")))["rep_id"] == rep["id"]
        assert (await ann.made(PATH, call(customer, rep_id=None)))["rep_id"] is None
        answer = await door.post(PATH, call(customer, rep_id="me"))
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "no-rep-bound")

    async def test_the_time_is_now_unless_given(self, door: Door, customer: UUID) -> None:
        body = call(customer)
        del body["occurred_at"]
        assert (await door.made(PATH, body))["occurred_at"] == "2026-11-22T08:00:00Z"

    async def test_a_customer_who_was_joined_into_another_means_the_other(self, door: Door, customer: UUID) -> None:
        loser = new_id()
        await door.kith.as_admin(
            "INSERT INTO contacts.people (workspace_id, id, merged_into) VALUES ($1, $2, $3)",
            door.caller.workspace_id,
            loser,
            customer,
        )
        assert (await door.made(PATH, call(loser)))["customer_id"] == str(customer)

    @pytest.mark.parametrize("field", ["customer_id", "rep_id"])
    async def test_whom_it_names_must_be_there(self, door: Door, customer: UUID, field: str) -> None:
        answer = await door.post(PATH, call(customer) | {field: str(new_id())})
        assert (answer.status_code, pointers(answer)) == (422, [f"#/{field}"])

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("function", "gossip"),
            ("channel", "owl"),
            ("sentiment", 1.5),
            ("occurred_at", "2026-11-20T10:00:00"),
            ("cost", {"amount": "1.505", "currency": "TWD"}),
            ("purpose", "x" * 256),
            ("summary", "nul \u0000"),
            ("mood", "good"),
        ],
    )
    async def test_what_does_not_fit_is_named(self, door: Door, customer: UUID, field: str, value: object) -> None:
        answer = await door.post(PATH, call(customer) | {field: value})
        assert (answer.status_code, pointers(answer)) == (422, [f"#/{field}"])


class TestBatch:
    async def test_each_item_is_judged_on_its_own(self, door: Door, customer: UUID) -> None:
        items = [call(customer), call(new_id()), {"customer_id": str(customer)}, call(customer, channel="visit")]
        answer = await door.post(f"{PATH}/batch?effects=scores", {"items": items})
        body = answer.json()
        assert (answer.status_code, body["succeeded"], body["failed"]) == (207, 2, 2)
        assert [item["status"] for item in body["items"]] == [201, 422, 422, 201]
        assert body["items"][1]["problem"]["errors"][0]["pointer"] == "#/customer_id"
        assert {event["effects"] for event in await door.events("interaction.changed")} == {"scores"}

    async def test_an_atomic_batch_takes_all_or_none(self, door: Door, customer: UUID) -> None:
        answer = await door.post(f"{PATH}/batch?atomic=true", {"items": [call(customer), call(new_id())]})
        assert answer.status_code == 422
        assert [item["index"] for item in answer.json()["items"]] == [1]
        assert (await door.get(PATH)).json()["items"] == []
        assert await door.events("interaction.changed") == []

    async def test_more_than_a_thousand_items_are_refused(self, door: Door, customer: UUID) -> None:
        answer = await door.post(f"{PATH}/batch", {"items": [call(customer)] * 1001})
        assert (answer.status_code, pointers(answer)) == (422, ["#/items"])


class TestList:
    async def test_filters_narrow_the_list(self, door: Door, customer: UUID) -> None:
        await door.made(PATH, call(customer, summary="one", occurred_at="2026-11-01T00:00:00Z"))
        await door.made(PATH, call(customer, summary="two", channel="visit", occurred_at="2026-11-02T00:00:00Z"))
        three = call(customer, summary="three", function="service", occurred_at="2026-11-03T00:00:00Z")
        await door.made(PATH, three | {"outcome": "reached"})

        async def found(**params: str | list[str]) -> list[str]:
            answer = await door.get(PATH, params=params)
            assert answer.status_code == 200, answer.text
            return [item["summary"] for item in answer.json()["items"]]

        assert await found() == ["three", "two", "one"]
        assert await found(sort="occurred_at") == ["one", "two", "three"]
        assert await found(channel="visit") == ["two"]
        assert await found(channel=["visit", "call"], function="care") == ["two", "one"]
        assert await found(occurred_after="2026-11-01T00:00:00Z", occurred_before="2026-11-03T00:00:00Z") == ["two"]
        assert await found(customer_id=str(new_id())) == []
        assert await found(rep_id="null") == ["three", "two", "one"]
        assert await found(outcome="null") == ["two", "one"]
        assert await found(outcome=["null", "reached"]) == ["three", "two", "one"]

    async def test_pages_neither_skip_nor_repeat(self, door: Door, customer: UUID) -> None:
        for _ in range(5):
            await door.made(PATH, call(customer))
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await door.get(PATH, params={"limit": "2", **cursor})).json()
            seen += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len(seen) == len(set(seen)) == 5

    async def test_a_rep_who_sees_only_his_own_customers_sees_only_their_interactions(
        self, door: Door, customer: UUID
    ) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        made = await door.made(PATH, call(customer))
        ann = door.who("admin", rep_id=UUID(rep["id"]), visibility="own")
        assert (await ann.get(PATH)).json()["items"] == []
        assert (await ann.get(f"{PATH}/{made['id']}")).status_code == 404
        assert (await ann.post(PATH, call(customer))).status_code == 422
        await door.kith.as_admin("UPDATE contacts.people SET owner_rep_id = $1", rep["id"])
        assert len((await ann.get(PATH)).json()["items"]) == 1


class TestUpdate:
    async def test_a_patch_changes_what_was_sent(self, door: Door, customer: UUID) -> None:
        made = await door.made(PATH, call(customer, purpose="Ask", cost={"amount": "5.00", "currency": "TWD"}))
        answer = await door.patch(f"{PATH}/{made['id']}", {"purpose": None, "cost": None, "outcome": "done"})
        body = answer.json()
        assert (body["purpose"], body["cost"], body["outcome"], body["version"]) == (None, None, "done", 2)
        assert answer.headers["ETag"] == '"v2"'
        assert [event["version"] for event in await door.events("interaction.changed")] == [1, 2]

    async def test_a_change_over_another_one_is_refused(self, door: Door, customer: UUID) -> None:
        made = await door.made(PATH, call(customer))
        stale = await door.patch(f"{PATH}/{made['id']}", {"outcome": "done"}, headers={"If-Match": '"v9"'})
        assert (stale.status_code, stale.json()["current"]) == (412, '"v1"')

    async def test_the_customer_stays(self, door: Door, customer: UUID) -> None:
        made = await door.made(PATH, call(customer))
        answer = await door.patch(f"{PATH}/{made['id']}", {"customer_id": str(customer)})
        assert (answer.status_code, pointers(answer)) == (422, ["#/customer_id"])

    async def test_the_function_cannot_be_taken_away(self, door: Door, customer: UUID) -> None:
        made = await door.made(PATH, call(customer))
        answer = await door.patch(f"{PATH}/{made['id']}", {"function": None})
        assert (answer.status_code, pointers(answer)) == (422, ["#/function"])


class TestDelete:
    async def test_a_deleted_one_is_gone_but_listed_as_such(self, door: Door, customer: UUID) -> None:
        made = await door.made(PATH, call(customer))
        assert (await door.delete(f"{PATH}/{made['id']}")).status_code == 204
        assert (await door.get(f"{PATH}/{made['id']}")).status_code == 404
        assert (await door.get(PATH)).json()["items"] == []
        [listed] = (await door.get(PATH, params={"deleted": "true"})).json()["items"]
        assert listed["deleted_at"] is not None
        assert [event["deleted"] for event in await door.events("interaction.changed")] == [False, True]
