"""`/v1/care-rules`."""

from datetime import timedelta

import pytest

from services.kit.ids import new_id
from tests.campaigns.api import Api, Json
from tests.campaigns.stage import Stage

DAY = timedelta(days=1)


async def rule(api: Api, code: str) -> Json:
    """Return the workspace's rule with this code."""
    return next(one for one in (await api.get("/v1/care-rules"))["items"] if one["code"] == code)


@pytest.fixture
async def seeded(stage: Stage) -> Stage:
    """A workspace whose first customer has been looked at."""
    await stage.customer()
    return stage


class TestListCareRules:
    async def test_nobody_is_answered_without_a_key(self, api: Api) -> None:
        assert (await api.anonymous("GET", "/v1/care-rules")).status_code == 401

    async def test_the_scope_is_needed(self, api: Api) -> None:
        assert (await api.with_scopes("people:read").call("GET", "/v1/care-rules")).status_code == 403

    async def test_another_workspace_has_its_own(self, api: Api, seeded: Stage) -> None:
        assert (await api.elsewhere().get("/v1/care-rules"))["items"] == []

    async def test_every_workspace_begins_with_all_rules_and_their_defaults(self, api: Api, seeded: Stage) -> None:
        items = (await api.get("/v1/care-rules"))["items"]
        assert [one["code"] for one in items] == ["first_order_thanks", "purchase_follow_up", "silence", "tier_rhythm"]
        assert all(one["enabled"] and one["version"] == 1 for one in items)
        assert {one["parameters"]["max_age"] for one in items} == {"P3D"}
        by_code = {one["code"]: one for one in items}
        assert by_code["purchase_follow_up"]["parameters"]["due_after"] == "P14D"
        assert by_code["tier_rhythm"]["parameters"]["intervals"] == {
            "diamond": "P14D",
            "gold": "P30D",
            "silver": "P90D",
            "bronze": None,
        }
        assert by_code["silence"]["parameters"]["levels"] == ["warn", "likely_lost"]
        assert (by_code["silence"]["parameters"]["intervals"], by_code["tier_rhythm"]["parameters"]["levels"]) == (
            {},
            [],
        )
        assert by_code["silence"]["parameters"]["min_purchase_days"] == 2

    async def test_settings_that_the_gateway_tells_first_seed_too(self, api: Api, stage: Stage) -> None:
        assert len((await api.get("/v1/care-rules"))["items"]) == 4

    async def test_they_are_sorted_filtered_and_paged(self, api: Api, seeded: Stage) -> None:
        async def codes(**params: object) -> list[str]:
            return [one["code"] for one in (await api.get("/v1/care-rules", **params))["items"]]

        silence = await rule(api, "silence")
        await api.call("PATCH", f"/v1/care-rules/{silence['id']}", json={"enabled": False})
        assert await codes(sort="-code") == ["tier_rhythm", "silence", "purchase_follow_up", "first_order_thanks"]
        assert (
            await codes(enabled="false") == await codes(code="silence") == await codes(ids=silence["id"]) == ["silence"]
        )
        assert await codes(enabled="true", sort="-code", limit=2) == ["tier_rhythm", "purchase_follow_up"]
        page = await api.get("/v1/care-rules", limit=3, sort="-code", count="exact")
        assert page["count"] == {"value": 4, "kind": "exact"}
        assert await codes(sort="-code", cursor=page["next_cursor"]) == ["first_order_thanks"]
        answer = await api.call("GET", "/v1/care-rules", params={"cursor": page["next_cursor"]})
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, "cursor")

    async def test_titles_speak_the_readers_language(self, api: Api, seeded: Stage) -> None:
        answer = await api.call("GET", "/v1/care-rules", headers={"Accept-Language": "zh-TW"})
        assert "首購致謝" in {one["title"]["text"] for one in answer.json()["items"]}


class TestReadCareRule:
    async def test_nobody_is_answered_without_a_key(self, api: Api) -> None:
        assert (await api.anonymous("GET", f"/v1/care-rules/{new_id()}")).status_code == 401

    async def test_the_scope_is_needed(self, api: Api) -> None:
        assert (await api.with_scopes("people:read").call("GET", f"/v1/care-rules/{new_id()}")).status_code == 403

    async def test_a_foreign_one_is_not_there(self, api: Api, seeded: Stage) -> None:
        found = await rule(api, "silence")
        assert (await api.elsewhere().call("GET", f"/v1/care-rules/{found['id']}")).status_code == 404

    async def test_its_version_is_the_etag(self, api: Api, seeded: Stage) -> None:
        found = await rule(api, "silence")
        answer = await api.call("GET", f"/v1/care-rules/{found['id']}")
        assert answer.headers["etag"] == '"v1"'
        assert answer.json() == found


class TestUpdateCareRule:
    async def test_nobody_is_answered_without_a_key(self, api: Api) -> None:
        assert (await api.anonymous("PATCH", f"/v1/care-rules/{new_id()}")).status_code == 401

    async def test_the_scope_is_needed(self, api: Api) -> None:
        answer = await api.with_scopes("reminders:read").call("PATCH", f"/v1/care-rules/{new_id()}", json={})
        assert answer.status_code == 403

    async def test_a_foreign_one_is_not_there(self, api: Api, seeded: Stage) -> None:
        found = await rule(api, "silence")
        answer = await api.elsewhere().call("PATCH", f"/v1/care-rules/{found['id']}", json={"enabled": False})
        assert answer.status_code == 404

    async def test_a_rule_that_is_off_opens_nothing(self, api: Api, seeded: Stage) -> None:
        found = await rule(api, "first_order_thanks")
        answer = await api.call("PATCH", f"/v1/care-rules/{found['id']}", json={"enabled": False})
        assert (answer.status_code, answer.json()["enabled"], answer.headers["etag"]) == (200, False, '"v2"')
        await seeded.buys(await seeded.customer())
        assert [row["rule"] for row in await seeded.reminders()] == ["purchase_follow_up"]

    async def test_only_the_parameters_that_are_sent_change(self, api: Api, seeded: Stage) -> None:
        found = await rule(api, "tier_rhythm")
        path = f"/v1/care-rules/{found['id']}"
        sent = {"parameters": {"intervals": {"gold": "P21D", "silver": None}}}
        changed = (await api.call("PATCH", path, json=sent)).json()
        assert changed["parameters"]["intervals"] == {
            "diamond": "P14D",
            "gold": "P21D",
            "silver": None,
            "bronze": None,
        }
        assert changed["parameters"]["expires_after"] == found["parameters"]["expires_after"]
        back = (await api.call("PATCH", path, json={"parameters": {"intervals": None}})).json()
        assert back["parameters"] == found["parameters"]

    async def test_a_changed_interval_holds_from_the_next_look_on(self, api: Api, seeded: Stage) -> None:
        who = await seeded.customer()
        await seeded.scored(who, tier="diamond")
        found = await rule(api, "tier_rhythm")
        await api.call("PATCH", f"/v1/care-rules/{found['id']}", json={"parameters": {"intervals": {"diamond": "P7D"}}})
        [job] = await seeded.rows("jobs")
        assert job["kind"] == "care.look_again"

    async def test_nothing_changes_when_nothing_is_different(self, api: Api, seeded: Stage) -> None:
        found = await rule(api, "silence")
        answer = await api.call("PATCH", f"/v1/care-rules/{found['id']}", json={"enabled": True, "parameters": {}})
        assert answer.json() == found
        assert await seeded.rows("jobs") == []

    async def test_a_changed_rule_is_not_overwritten(self, api: Api, seeded: Stage) -> None:
        found = await rule(api, "silence")
        path = f"/v1/care-rules/{found['id']}"
        await api.call("PATCH", path, json={"enabled": False})
        answer = await api.call("PATCH", path, json={"enabled": True}, headers={"If-Match": '"v1"'})
        assert (answer.status_code, answer.json()["current"]) == (412, '"v2"')

    @pytest.mark.parametrize(
        ("code", "body", "pointer"),
        [
            ("silence", {"parameters": {"intervals": {"gold": "P9D"}}}, "#/parameters/intervals"),
            ("tier_rhythm", {"parameters": {"due_after": "P9D"}}, "#/parameters/due_after"),
            ("tier_rhythm", {"parameters": {"intervals": {"gold": "PT1H"}}}, "#/parameters/intervals/gold"),
            ("silence", {"parameters": {"levels": ["gone"]}}, "#/parameters/levels/0"),
            ("silence", {"parameters": {"levels": []}}, "#/parameters/levels"),
            ("silence", {"parameters": {"max_age": 3}}, "#/parameters/max_age"),
            ("silence", {"parameters": {"max_age": "P900D"}}, "#/parameters/max_age"),
            ("silence", {"parameters": {"min_purchase_days": 0}}, "#/parameters/min_purchase_days"),
            ("silence", {"name": "x"}, "#/name"),
        ],
    )
    async def test_what_does_not_fit_is_named(
        self, api: Api, seeded: Stage, code: str, body: Json, pointer: str
    ) -> None:
        found = await rule(api, code)
        answer = await api.call("PATCH", f"/v1/care-rules/{found['id']}", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
