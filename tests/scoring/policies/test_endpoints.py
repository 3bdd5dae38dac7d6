"""Scoring policies over HTTP."""

from services.kit.ids import new_id
from tests.scoring.api import Api
from tests.scoring.stage import Stage


class TestPolicies:
    async def test_need_identity_and_scope(self, api: Api) -> None:
        for path in ("/v1/scoring-policies", f"/v1/scoring-policies/{new_id()}"):
            assert (await api.anonymous("GET", path)).status_code == 401
            answer = await api.with_scopes("scores:read").call("GET", path)
            assert (answer.status_code, answer.json()["scope"]) == (403, "policies:read")

    async def test_a_new_workspace_has_version_1(self, api: Api) -> None:
        found = await api.get("/v1/scoring-policies")
        assert [(one["version"], one["status"]) for one in found["items"]] == [(1, "active")]

    async def test_every_parameter_of_a_version_can_be_read(self, api: Api) -> None:
        policy = (await api.get("/v1/scoring-policies"))["items"][0]
        answer = await api.call("GET", f"/v1/scoring-policies/{policy['id']}")
        rules = answer.json()["rules"]
        assert answer.headers["etag"] == '"v1"'
        assert (rules["year_days"], rules["small_base"], rules["tie_policy"]) == (365, 200, "inclusive")
        assert (rules["tier"]["keep_percent"], rules["rhythm"]["default_gap"]) == (80, 60)

    async def test_a_foreign_one_is_not_there(self, api: Api, stage: Stage) -> None:
        policy = (await api.get("/v1/scoring-policies"))["items"][0]
        foreign = await api.elsewhere().call("GET", f"/v1/scoring-policies/{policy['id']}")
        never = await api.call("GET", f"/v1/scoring-policies/{new_id()}")
        assert foreign.status_code == never.status_code == 404

    async def test_statuses_can_be_chosen(self, api: Api) -> None:
        assert (await api.get("/v1/scoring-policies", params={"status": "draft"}))["items"] == []
