"""`/v1/reminders`: those set by hand, what reads embed, and the language of texts."""

import pytest

from services.kit.ids import new_id
from tests.callers import Caller
from tests.campaigns.api import Api, Json
from tests.campaigns.stage import Stage


class TestInclude:
    async def test_the_customer_is_embedded_in_short_where_the_key_may_read_it(self, api: Api, stage: Stage) -> None:
        who = await stage.customer(owner_rep_id=await stage.rep())
        await stage.buys(who, tier="gold")
        listed = (await api.get("/v1/customers"))["items"][0]
        page = await api.get("/v1/reminders", include="customer_summary")
        assert [one["customer_summary"] for one in page["items"]] == [listed, listed]
        one = await api.get(f"/v1/reminders/{page['items'][0]['id']}", include="customer_summary")
        assert one["customer_summary"] == listed
        assert (await api.get("/v1/reminders"))["items"][0]["customer_summary"] is None
        blind = api.with_scopes("reminders:read")
        assert (await blind.get("/v1/reminders", include="customer_summary"))["items"][0]["customer_summary"] is None


class TestLanguages:
    async def test_texts_come_as_asked_for_else_as_rep_or_workspace_prefer(self, api: Api, stage: Stage) -> None:
        who = await stage.customer()
        body = {"customer_id": str(who), "subject": "x", "due_at": "2026-12-01T17:00:00+08:00"}
        assert (await api.call("POST", "/v1/reminders", json=body)).status_code == 201
        await stage.settings(locale="ja-JP")
        plain = api
        rep = await stage.rep(locale="zh-TW")
        bound = api.by(Caller(workspace_id=stage.workspace_id, rep_id=rep))

        async def said(who: Api, **headers: str) -> str:
            answer = await who.call("GET", "/v1/reminders", headers=headers)
            return str(answer.json()["items"][0]["suggestion"]["text"])

        assert await said(plain) == "予定どおりに進めてください。"
        assert await said(bound) == "按照計畫進行。"
        assert await said(bound, **{"Accept-Language": "fr, zh-CN;q=0.8, en;q=0.2"}) == "按照计划进行。"
        assert await said(bound, **{"Accept-Language": "fr, *;q=0.5"}) == "按照計畫進行。"
        assert await said(plain, **{"Accept-Language": "en-GB"}) == "As planned."


class TestCreateReminder:
    async def test_a_reminder_set_by_hand_says_what_to_do_and_belongs_to_the_customers_rep(
        self, api: Api, stage: Stage
    ) -> None:
        rep = await stage.rep()
        who = await stage.customer(owner_rep_id=rep)
        body = {"customer_id": str(who), "subject": "Ask about the {kettle}", "due_at": "2026-12-01T17:00:00+08:00"}
        answer = await api.call("POST", "/v1/reminders", json=body)
        made = answer.json()
        assert (answer.status_code, answer.headers["Location"]) == (201, f"/v1/reminders/{made['id']}")
        assert (made["rule"], made["rep_id"], made["status"]) == ("manual", str(rep), "open")
        assert (made["reason"]["text"], made["facts"]["subject"]) == (body["subject"], body["subject"])
        assert made["suggestion"]["text"] == "As planned."
        assert made["contact_at"] >= made["due_at"]
        assert (await api.get(f"/v1/customers/{who}"))["open_reminders"] == 1
        assert (await api.get("/v1/reminders", rule="manual", channel="call"))["items"] == [made]

    async def test_care_leaves_reminders_set_by_hand_alone(self, api: Api, stage: Stage) -> None:
        who = await stage.customer()
        for subject in ("one", "two"):
            body = {"customer_id": str(who), "subject": subject, "due_at": "2026-12-01T17:00:00+08:00"}
            assert (await api.call("POST", "/v1/reminders", json=body)).status_code == 201
        await stage.buys(who)
        open_ones = (await api.get("/v1/reminders", rule="manual", status="open"))["items"]
        assert {one["reason"]["text"] for one in open_ones} == {"one", "two"}

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"customer_id": str(new_id())}, "#/customer_id"),
            ({"rep_id": str(new_id())}, "#/rep_id"),
            ({"rep_id": "me"}, "#/rep_id"),
            ({"due_at": "9999-12-31T23:59:59Z"}, "#/due_at"),
            ({"due_at": "2026-10-01T00:00:00Z"}, "#/due_at"),
            ({"expires_at": "2026-11-30T00:00:00Z"}, "#/expires_at"),
            ({"due_at": "2026-12-01T17:00:00"}, "#/due_at"),
            ({"subject": ""}, "#/subject"),
        ],
    )
    async def test_what_does_not_fit_is_named(self, api: Api, stage: Stage, change: Json, pointer: str) -> None:
        body = {"customer_id": str(await stage.customer()), "subject": "x", "due_at": "2026-12-01T17:00:00+08:00"}
        answer = await api.call("POST", "/v1/reminders", json=body | change)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)

    async def test_a_customer_whom_the_key_does_not_see_does_not_exist(self, api: Api, stage: Stage) -> None:
        body = {"customer_id": str(await stage.customer()), "subject": "x", "due_at": "2026-12-01T17:00:00+08:00"}
        own = Caller(workspace_id=stage.workspace_id, rep_id=await stage.rep(), visibility="own")
        answer = await api.by(own).call("POST", "/v1/reminders", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_customer")

    async def test_a_batch_judges_each_on_its_own(self, api: Api, stage: Stage) -> None:
        good = {"customer_id": str(await stage.customer()), "subject": "x", "due_at": "2026-12-01T17:00:00+08:00"}
        items = [good, good | {"due_at": "soon"}, good | {"customer_id": str(new_id())}, good]
        answer = await api.call("POST", "/v1/reminders/batch", json={"items": items})
        body = answer.json()
        assert (answer.status_code, [one["status"] for one in body["items"]]) == (207, [201, 422, 422, 201])
        assert body["items"][1]["problem"]["errors"][0]["pointer"] == "#/due_at"
        assert (body["succeeded"], body["failed"]) == (2, 2)
        whole = await api.call("POST", "/v1/reminders/batch?atomic=true", json={"items": items})
        assert whole.status_code == 422
        assert len((await api.get("/v1/reminders"))["items"]) == 2
