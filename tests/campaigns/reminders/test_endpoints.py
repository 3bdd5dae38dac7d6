"""`/v1/reminders`."""

from datetime import timedelta
from typing import Any

import pytest

from services.kit.ids import new_id
from tests.callers import Caller
from tests.campaigns.api import Api, Json
from tests.campaigns.stage import Stage

DAY = timedelta(days=1)
ACTIONS: dict[str, Json] = {
    "complete": {"outcome": "reached", "summary": "Very happy."},
    "snooze": {"until": "2026-11-25T09:00:00+08:00"},
    "skip": {"reason_code": "not_needed"},
    "reassign": {"rep_id": "me"},
    "reopen": {},
}


async def thanks(stage: Stage, **customer: Any) -> str:  # noqa: ANN401 - fields of an event
    """Open a thank-you for a new customer's first order and return its id."""
    await stage.buys(await stage.customer(**customer))
    return str((await stage.reminders("first_order_thanks"))[-1]["id"])


class TestListReminders:
    async def test_nobody_is_answered_without_a_key(self, api: Api) -> None:
        assert (await api.anonymous("GET", "/v1/reminders")).status_code == 401

    async def test_the_scope_is_needed(self, api: Api) -> None:
        answer = await api.with_scopes("people:read").call("GET", "/v1/reminders")
        assert answer.status_code == 403
        assert answer.json()["scope"] == "reminders:read"

    async def test_another_workspace_sees_nothing(self, api: Api, stage: Stage) -> None:
        await thanks(stage)
        assert (await api.elsewhere().get("/v1/reminders"))["items"] == []

    async def test_the_earliest_due_come_first(self, api: Api, stage: Stage) -> None:
        await thanks(stage)
        page = await api.get("/v1/reminders", count="exact")
        assert [one["rule"] for one in page["items"]] == ["first_order_thanks", "purchase_follow_up"]
        assert page["count"] == {"value": 2, "kind": "exact"}
        assert page["next_cursor"] is None

    async def test_key_customers_come_first_on_demand(self, api: Api, stage: Stage) -> None:
        plain, key = await stage.customer(), await stage.customer()
        await stage.buys(plain, tier="bronze")
        await stage.buys(key, tier="diamond")
        page = await api.get("/v1/reminders", sort="-priority")
        assert [one["customer_id"] for one in page["items"]] == [str(key), str(key), str(plain), str(plain)]

    async def test_it_filters_by_customer_rep_state_rule_and_due_time(self, api: Api, stage: Stage) -> None:
        rep = await stage.rep()
        who = await stage.customer(owner_rep_id=rep)
        await stage.buys(who)
        await thanks(stage)
        soon = (stage.now + 2 * DAY).isoformat()

        async def count(**filters: object) -> int:
            return len((await api.get("/v1/reminders", **filters))["items"])

        assert await count() == 4
        assert await count(customer_id=str(who)) == 2
        assert await count(rep_id=str(rep)) == 2
        assert await count(rep_id="null") == 2
        assert await count(rep_id=[str(rep), "null"]) == 4
        assert await count(status="open") == 4
        assert await count(status=["done", "skipped"]) == 0
        assert await count(rule="first_order_thanks") == 2
        assert await count(due_before=soon) == 2
        assert await count(due_after=soon) == 2
        assert await count(due_after=soon, rule="first_order_thanks") == 0
        first = (await api.get("/v1/reminders"))["items"][0]["id"]
        assert await count(ids=first) == 1

    async def test_me_is_the_rep_of_the_key(self, api: Api, stage: Stage) -> None:
        rep = await stage.rep()
        await stage.buys(await stage.customer(owner_rep_id=rep))
        mine = api.by(Caller(["reminders:read"], workspace_id=stage.workspace_id, rep_id=rep))
        assert len((await mine.get("/v1/reminders", rep_id="me"))["items"]) == 2
        answer = await api.call("GET", "/v1/reminders", params={"rep_id": "me"})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["name"] == "rep_id"

    async def test_who_sees_only_his_own_sees_neither_others_nor_their_number(self, api: Api, stage: Stage) -> None:
        rep, colleague = await stage.rep(), await stage.rep()
        await stage.buys(await stage.customer(owner_rep_id=rep))
        await stage.buys(await stage.customer(owner_rep_id=colleague))
        own = Caller(["reminders:read"], workspace_id=stage.workspace_id, rep_id=rep, visibility="own")
        page = await api.by(own).get("/v1/reminders", count="exact")
        assert {one["rep_id"] for one in page["items"]} == {str(rep)}
        assert page["count"]["value"] == 2

    @pytest.mark.parametrize("sort", ["due_at", "-due_at", "priority", "-priority", "created_at", "-created_at"])
    async def test_pages_hold_each_reminder_once(self, api: Api, stage: Stage, sort: str) -> None:
        for _ in range(4):
            await stage.buys(await stage.customer())
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await api.get("/v1/reminders", sort=sort, limit=3, **cursor)
            seen += [one["id"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len(seen) == len(set(seen)) == 8

    @pytest.mark.parametrize(
        "params",
        [
            {"unknown": "1"},
            {"limit": 0},
            {"limit": 201},
            {"cursor": "nonsense"},
            {"sort": "summary"},
            {"status": "gone"},
            {"due_before": "2026-11-22T08:00:00"},
            {"customer_id": "42"},
        ],
    )
    async def test_a_parameter_that_does_not_fit_is_named(self, api: Api, params: dict[str, str]) -> None:
        answer = await api.call("GET", "/v1/reminders", params=params)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["name"] in params


class TestReadReminder:
    async def test_nobody_is_answered_without_a_key(self, api: Api) -> None:
        assert (await api.anonymous("GET", f"/v1/reminders/{new_id()}")).status_code == 401

    async def test_the_scope_is_needed(self, api: Api) -> None:
        answer = await api.with_scopes("reminders:write").call("GET", f"/v1/reminders/{new_id()}")
        assert answer.status_code == 403

    async def test_a_foreign_one_is_like_one_that_never_was(self, api: Api, stage: Stage) -> None:
        foreign = await api.elsewhere().call("GET", f"/v1/reminders/{await thanks(stage)}")
        unknown = await api.elsewhere().call("GET", f"/v1/reminders/{new_id()}")
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.json()["detail"] == unknown.json()["detail"]

    async def test_it_says_whom_why_by_when_how_and_at_what_hour(self, api: Api, stage: Stage) -> None:
        rep = await stage.rep()
        who = await stage.customer(display_name="林小雨", owner_rep_id=rep, preferred_channel="chat")
        order = await stage.buys(who, tier="bronze")
        [row] = await stage.reminders("first_order_thanks")
        answer = await api.call("GET", f"/v1/reminders/{row['id']}")
        body = answer.json()
        assert answer.headers["etag"] == '"v1"'
        assert body["customer"] == {"id": str(who), "type": "person", "display_name": "林小雨"}
        assert body["rep"] == {"id": str(rep), "type": "rep", "display_name": None}
        assert body["reason"] == {
            "code": "first_order_thanks",
            "params": {"placed_on": {"date": "2026-11-22"}},
            "text": "First order, placed on Nov 22, 2026: say thank you.",
        }
        assert body["facts"] == {"placed_at": stage.now.isoformat(), "order_id": str(order)}
        assert body["suggestion"]["code"] == "suggest_note"
        assert body["suggestion"]["text"] == "Write a few personal words by chat."
        assert (body["channel"], body["function"], body["status"]) == ("chat", "care", "open")
        assert body["contact_at"] == "2026-11-23T02:00:00Z"

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("zh-TW", "2026年11月22日 第一次下單：請表達感謝。"),
            ("zh-CN", "2026年11月22日 第一次下单：请表达感谢。"),
            ("ja", "2026/11/22 に初めてのご注文。お礼を伝えましょう。"),
            ("xx", "First order, placed on Nov 22, 2026: say thank you."),
        ],
    )
    async def test_it_speaks_the_readers_language(self, api: Api, stage: Stage, language: str, text: str) -> None:
        path = f"/v1/reminders/{await thanks(stage)}"
        answer = await api.call("GET", path, headers={"Accept-Language": language})
        assert answer.json()["reason"]["text"] == text

    async def test_a_day_is_the_customers_own(self, api: Api, stage: Stage) -> None:
        path = f"/v1/reminders/{await thanks(stage, time_zone='Pacific/Kiritimati')}"
        assert (await api.get(path))["reason"]["params"] == {"placed_on": {"date": "2026-11-22"}}
        stage.clock.advance(timedelta(hours=3))
        later = f"/v1/reminders/{await thanks(stage, time_zone='Pacific/Kiritimati')}"
        assert (await api.get(later))["reason"]["params"] == {"placed_on": {"date": "2026-11-23"}}

    async def test_what_fell_together_is_told_too(self, api: Api, stage: Stage) -> None:
        who = await stage.customer(created_at=stage.now - 14 * DAY)
        await stage.scored(
            who, tier="diamond", churn="warn", last_order_at=stage.now - 90 * DAY, purchase_days=4, points="90"
        )
        [row] = await stage.reminders("silence")
        body = await api.get(f"/v1/reminders/{row['id']}")
        assert body["reason"]["text"] == (
            "Used to come back, last order on Aug 24, 2026, now silent beyond their own rhythm: ask how they are."
        )
        assert [also["text"] for also in body["also"]] == [
            "A diamond customer whom nobody has contacted yet: time to be in touch (every 14 days)."
        ]
        [merged] = await stage.reminders("tier_rhythm")
        folded = await api.get(f"/v1/reminders/{merged['id']}")
        assert (folded["status"], folded["merged_into_id"]) == ("merged", str(row["id"]))


@pytest.mark.parametrize("action", list(ACTIONS))
class TestEveryAction:
    async def test_nobody_is_answered_without_a_key(self, api: Api, action: str) -> None:
        assert (await api.anonymous("POST", f"/v1/reminders/{new_id()}/{action}")).status_code == 401

    async def test_the_scope_is_needed(self, api: Api, action: str) -> None:
        path = f"/v1/reminders/{new_id()}/{action}"
        answer = await api.with_scopes("reminders:read").call("POST", path, json=ACTIONS[action])
        assert answer.status_code == 403

    async def test_a_foreign_one_is_not_there(self, api: Api, stage: Stage, action: str) -> None:
        path = f"/v1/reminders/{await thanks(stage)}/{action}"
        rep = await stage.rep()
        stranger = Stage(stage.database, stage.clock, new_id())
        await stranger.rep(rep_id=rep)
        caller = Caller(workspace_id=stranger.workspace_id, rep_id=rep)
        assert (await api.by(caller).call("POST", path, json=ACTIONS[action])).status_code == 404

    async def test_a_colleagues_is_not_there_for_who_sees_only_his_own(
        self, api: Api, stage: Stage, action: str
    ) -> None:
        path = f"/v1/reminders/{await thanks(stage, owner_rep_id=await stage.rep())}/{action}"
        own = Caller(workspace_id=stage.workspace_id, rep_id=await stage.rep(), visibility="own")
        assert (await api.by(own).call("POST", path, json=ACTIONS[action])).status_code == 404

    async def test_a_changed_reminder_is_not_overwritten(self, api: Api, stage: Stage, action: str) -> None:
        path = f"/v1/reminders/{await thanks(stage)}"
        caller = Caller(workspace_id=stage.workspace_id, rep_id=await stage.rep())
        await api.post(f"{path}/snooze", ACTIONS["snooze"])
        answer = await api.by(caller).call(
            "POST", f"{path}/{action}", json=ACTIONS[action], headers={"If-Match": '"v1"'}
        )
        assert answer.status_code == 412
        assert answer.json()["current"] == '"v2"'

    async def test_an_expired_one_stays_as_it_is(self, api: Api, stage: Stage, action: str) -> None:
        path = f"/v1/reminders/{await thanks(stage)}"
        caller = Caller(workspace_id=stage.workspace_id, rep_id=await stage.rep())
        await stage.later(20 * DAY)
        body = {"until": (stage.now + DAY).isoformat()} if action == "snooze" else ACTIONS[action]
        answer = await api.by(caller).call("POST", f"{path}/{action}", json=body)
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("/problems/reminder-not-in-that-state")
        assert answer.json()["reminder_status"] == "expired"

    async def test_an_unknown_field_is_refused(self, api: Api, action: str) -> None:
        answer = await api.call("POST", f"/v1/reminders/{new_id()}/{action}", json={**ACTIONS[action], "extra": 1})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "#/extra"


class TestComplete:
    async def test_it_is_done_and_its_interaction_is_ordered_once(self, api: Api, stage: Stage) -> None:
        reminder = await thanks(stage)
        path = f"/v1/reminders/{reminder}/complete"
        body = await api.post(path, ACTIONS["complete"], Idempotency_Key="one")
        again = await api.post(path, ACTIONS["complete"], Idempotency_Key="one")
        assert body == again
        assert body["status"] == "done"
        assert body["completion"] == {
            "outcome": "reached",
            "summary": "Very happy.",
            "channel": "email",
            "occurred_at": "2026-11-22T08:00:00Z",
            "interaction_id": None,
            "interaction": None,
        }
        [job] = await stage.rows("jobs")
        assert (job["kind"], job["payload"]) == ("interactions.record", {"reminder_id": reminder, "completion": 1})

    async def test_the_customer_has_one_less_that_waits_and_others_are_told(self, api: Api, stage: Stage) -> None:
        who = await stage.customer()
        await stage.buys(who)
        [row] = await stage.reminders("first_order_thanks")
        await api.post(f"/v1/reminders/{row['id']}/complete", ACTIONS["complete"])
        member = await stage.member(who)
        assert (member["open_reminders"], member["next_reminder_at"]) == (1, stage.now + 14 * DAY)
        assert (await stage.published())[-1]["status"] == "done"

    async def test_who_did_it_and_how_is_kept(self, api: Api, stage: Stage) -> None:
        reminder, rep = await thanks(stage), await stage.rep()
        caller = Caller(workspace_id=stage.workspace_id, rep_id=rep)
        body = await api.by(caller).post(
            f"/v1/reminders/{reminder}/complete",
            {"outcome": "done", "channel": "visit", "occurred_at": "2026-11-22T09:00:00+08:00"},
        )
        assert body["rep_id"] == str(rep)
        assert (body["completion"]["channel"], body["completion"]["occurred_at"]) == ("visit", "2026-11-22T01:00:00Z")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"outcome": "reached", "occurred_at": "2026-11-22T09:00:00Z"}, "#/occurred_at"),
            ({"outcome": "sold", "summary": "x"}, "#/outcome"),
            ({"summary": "x"}, "#/outcome"),
            ({"outcome": "done", "channel": "pigeon"}, "#/channel"),
            ({"outcome": "done", "summary": "x" * 10_001}, "#/summary"),
            ({"outcome": "done", "occurred_at": "2026-11-22T07:00:00"}, "#/occurred_at"),
        ],
    )
    async def test_what_does_not_fit_is_named(self, api: Api, stage: Stage, body: Json, pointer: str) -> None:
        answer = await api.call("POST", f"/v1/reminders/{await thanks(stage)}/complete", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert await stage.rows("jobs") == []


class TestSnooze:
    async def test_it_rests_and_opens_again_by_itself(self, api: Api, stage: Stage) -> None:
        path = f"/v1/reminders/{await thanks(stage)}"
        body = await api.post(f"{path}/snooze", ACTIONS["snooze"])
        assert (body["status"], body["snoozed_until"], body["version"]) == ("snoozed", "2026-11-25T01:00:00Z", 2)
        await stage.later(3 * DAY)
        body = await api.get(path)
        assert (body["status"], body["snoozed_until"]) == ("open", None)

    @pytest.mark.parametrize("until", ["2026-11-22T08:00:00Z", "2028-01-01T00:00:00Z"])
    async def test_it_ends_in_the_future_within_a_year(self, api: Api, stage: Stage, until: str) -> None:
        answer = await api.call("POST", f"/v1/reminders/{await thanks(stage)}/snooze", json={"until": until})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "#/until"


class TestSkip:
    async def test_the_reason_is_kept_and_nothing_is_written(self, api: Api, stage: Stage) -> None:
        body = {"reason_code": "customer_declined", "note": "Wants no calls."}
        shown = await api.post(f"/v1/reminders/{await thanks(stage)}/skip", body)
        assert (shown["status"], shown["close_reason"], shown["note"]) == (
            "skipped",
            "customer_declined",
            "Wants no calls.",
        )
        assert shown["completion"] is None
        assert await stage.rows("jobs") == []


class TestReassign:
    async def test_it_stays_with_the_new_rep_whoever_owns_the_customer(self, api: Api, stage: Stage) -> None:
        owner, deputy, heir = await stage.rep(), await stage.rep(), await stage.rep()
        who = await stage.customer(owner_rep_id=owner)
        await stage.buys(who)
        [row] = await stage.reminders("first_order_thanks")
        body = await api.post(f"/v1/reminders/{row['id']}/reassign", {"rep_id": str(deputy)})
        assert (body["rep_id"], body["status"]) == (str(deputy), "open")
        await stage.customer(who, owner_rep_id=heir)
        reps = {row["rule"]: row["rep_id"] for row in await stage.reminders()}
        assert reps == {"first_order_thanks": deputy, "purchase_follow_up": heir}

    async def test_me_is_the_rep_of_the_key(self, api: Api, stage: Stage) -> None:
        rep = await stage.rep()
        mine = api.by(Caller(workspace_id=stage.workspace_id, rep_id=rep))
        body = await mine.post(f"/v1/reminders/{await thanks(stage)}/reassign", {"rep_id": "me"})
        assert body["rep_id"] == str(rep)

    async def test_a_rep_who_left_gets_nothing(self, api: Api, stage: Stage) -> None:
        gone = await stage.rep(active=False)
        answer = await api.call("POST", f"/v1/reminders/{await thanks(stage)}/reassign", json={"rep_id": str(gone)})
        assert answer.status_code == 422
        assert answer.json()["errors"][0] == {
            "in": "body",
            "pointer": "#/rep_id",
            "name": None,
            "code": "unknown_rep",
            "message": "There is no such rep at work.",
        }

    async def test_a_key_without_a_rep_cannot_say_me(self, api: Api, stage: Stage) -> None:
        answer = await api.call("POST", f"/v1/reminders/{await thanks(stage)}/reassign", json={"rep_id": "me"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "#/rep_id"


class TestReopen:
    async def test_a_skip_is_taken_back(self, api: Api, stage: Stage) -> None:
        path = f"/v1/reminders/{await thanks(stage)}"
        await api.post(f"{path}/skip", ACTIONS["skip"])
        body = await api.post(f"{path}/reopen", {})
        assert (body["status"], body["close_reason"], body["closed_at"]) == ("open", None, None)

    async def test_each_completion_orders_an_interaction_of_its_own(self, api: Api, stage: Stage) -> None:
        path = f"/v1/reminders/{await thanks(stage)}"
        await api.post(f"{path}/complete", ACTIONS["complete"])
        await api.post(f"{path}/reopen", {})
        await api.post(f"{path}/complete", {"outcome": "done"})
        completions = sorted(row["payload"]["completion"] for row in await stage.rows("jobs"))
        assert completions == [1, 2]

    async def test_after_a_day_it_is_too_late(self, api: Api, stage: Stage) -> None:
        path = f"/v1/reminders/{await thanks(stage)}"
        await api.post(f"{path}/skip", ACTIONS["skip"])
        stage.clock.advance(DAY + timedelta(seconds=1))
        answer = await api.call("POST", f"{path}/reopen", json={})
        assert answer.status_code == 409
        assert "24 hours" in answer.json()["detail"]
