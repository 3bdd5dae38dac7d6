"""Scores over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from services.kit.ids import new_id
from services.scoring.evaluation.rules import KINDS
from tests.callers import Caller
from tests.scoring.api import Api
from tests.scoring.evaluation.test_incremental import WITHOUT_SURVEYS, tell_example
from tests.scoring.example import AS_OF, id_of
from tests.scoring.stage import Stage

C11 = f"/v1/customers/{id_of('C11')}/scores"
READS = [C11, f"{C11}/history", "/v1/scores"]


@pytest.fixture
async def shop(stage: Stage) -> Stage:
    """The worked example, scored."""
    await tell_example(stage, 1000)
    return stage


def points(score: dict[str, Any]) -> dict[str, float]:
    """Return the points of a score by reason."""
    return {reason["code"]: reason["points"] for reason in score["reasons"]}


@pytest.mark.parametrize("path", READS)
class TestEveryRead:
    async def test_needs_an_identity(self, api: Api, path: str) -> None:
        assert (await api.anonymous("GET", path)).status_code == 401

    async def test_needs_its_scope(self, api: Api, path: str) -> None:
        answer = await api.with_scopes("people:read").call("GET", path)
        assert (answer.status_code, answer.json()["scope"]) == (403, "scores:read")

    async def test_refuses_unknown_parameters(self, api: Api, path: str) -> None:
        assert (await api.call("GET", path, params={"colour": "red"})).status_code == 400


class TestReadCustomerScores:
    async def test_a_customer_of_another_workspace_is_not_there(self, shop: Stage, api: Api) -> None:
        for path in (C11, f"{C11}/history"):
            foreign = await api.elsewhere().call("GET", path)
            never = await api.call("GET", path.replace(str(id_of("C11")), str(new_id())))
            assert foreign.status_code == never.status_code == 404
            assert foreign.json()["type"] == never.json()["type"]

    async def test_every_kind_is_there_with_its_reasons(self, shop: Stage, api: Api) -> None:
        found = await api.get(C11)
        assert set(found["scores"]) == set(KINDS)
        assert found["customer"] == {"id": str(id_of("C11")), "type": "person", "display_name": None}
        tier = found["scores"]["value_tier"]
        assert (tier["value"], tier["points"], points(tier)) == (
            "silver",
            19.6,
            {"net_revenue": 9.6, "top_30_revenue": 10.0},
        )
        assert tier["as_of"] == "2026-11-22T04:00:00Z"
        assert tier["policy"]["version"] == 1
        assert tier["policy"]["id"]
        assert tier["confidence"] == {"n": 2, "customers": 11}
        assert tier["missing"] == []
        assert tier["detail"]["net_revenue"] == {"amount": "8650.00", "currency": "TWD"}
        for score in found["scores"].values():
            assert sum(points(score).values()) == pytest.approx(score["points"])

    async def test_what_would_change_the_tier(self, shop: Stage, api: Api) -> None:
        ahead = (await api.get(C11))["scores"]["value_tier"]["next"]
        assert ahead["label"] == "gold"
        assert ahead["needs"] == "NT$350.00 more net revenue by Nov 22, 2026"
        step = ahead["up"]["steps"][0]
        assert (step["measure"], step["have"], step["need"], step["by"]) == (
            "net_revenue",
            "8650.00",
            "9000.00",
            "2026-11-22",
        )
        assert ahead["at_risk_of"] == "bronze"
        assert ahead["down"]["label"] == "bronze"
        assert ahead["down"]["threat"]["at"] > "2026-11-22"
        assert ahead["if"] == ahead["down"]["threat"]["text"]

    async def test_what_would_change_class_and_churn(self, shop: Stage, api: Api) -> None:
        scores = (await api.get(C11))["scores"]
        assert scores["customer_class"]["next"]["at_risk_of"] == "lapsed"
        # 165 days silent at a gap of 69: more than 3 gaps from day 208 on.
        assert scores["customer_class"]["next"]["down"]["threat"]["at"] == "2027-01-04"
        assert scores["churn_risk"]["next"]["label"] == "none"
        assert scores["churn_risk"]["next"]["at_risk_of"] == "warn"
        assert scores["rfm"]["next"] is None
        assert scores["rfm"]["detail"] == {"r": 2, "f": 2, "m": 3}

    async def test_texts_are_in_the_readers_language(self, shop: Stage, api: Api) -> None:
        answer = await api.call("GET", C11, headers={"Accept-Language": "zh-TW"})
        tier = answer.json()["scores"]["value_tier"]
        assert "近一年淨營收" in {reason["code"]: reason["text"] for reason in tier["reasons"]}["net_revenue"]
        assert tier["reasons"][1]["params"]["full"] == {"amount": "9000.00", "currency": "TWD"}

    async def test_somebody_without_an_order_has_no_score_and_is_told_why(self, shop: Stage, api: Api) -> None:
        newcomer = new_id()
        await shop.tell(shop.customer(newcomer))
        scores = (await api.get(f"/v1/customers/{newcomer}/scores"))["scores"]
        assert {(one["value"], one["points"], tuple(one["missing"])) for one in scores.values()} == {
            (None, None, ("counting order",))
        }

    async def test_the_buyer_of_an_account_is_scored_as_the_account(self, shop: Stage, api: Api) -> None:
        scores = (await api.get(f"/v1/customers/{id_of('E14')}/scores"))["scores"]
        assert {(one["value"], one["points"], one["scored_as"]) for one in scores.values()} == {
            (None, None, str(id_of("A13")))
        }

    async def test_a_joined_customer_answers_with_who_stayed(self, shop: Stage, api: Api) -> None:
        await shop.tell(shop.customer(id_of("C06"), merged_into=id_of("C11")))
        found = await api.get(f"/v1/customers/{id_of('C06')}/scores")
        assert found["customer_id"] == str(id_of("C11"))

    async def test_a_deleted_customer_is_not_there(self, shop: Stage, api: Api) -> None:
        await shop.tell(shop.customer(id_of("C11"), deleted=True))
        assert (await api.call("GET", C11)).status_code == 404

    async def test_a_key_of_a_rep_sees_only_that_reps_customers(self, shop: Stage, api: Api) -> None:
        rep = new_id()
        own = Caller(workspace_id=shop.workspace_id, rep_id=rep, visibility="own")
        assert (await api.by(own).call("GET", C11)).status_code == 404
        assert (await api.by(own).get("/v1/scores"))["items"] == []
        await shop.tell(shop.customer(id_of("C11"), owner_rep_id=rep))
        assert (await api.by(own).get(C11))["customer_id"] == str(id_of("C11"))
        assert len((await api.by(own).get("/v1/scores"))["items"]) == 1

    async def test_who_is_not_to_be_pursued_is_unscored_with_that_reason(self, shop: Stage, api: Api) -> None:
        await shop.tell(shop.customer(id_of("C11"), do_not_pursue=True))
        tier = (await api.get(C11))["scores"]["value_tier"]
        assert (tier["value"], tier["points"], points(tier)) == (None, None, {"do_not_pursue": 0.0})
        assert tier["previous_value"] == "silver"


class TestAsOf:
    async def test_facts_are_taken_as_they_were_known_to_be_then(self, shop: Stage, api: Api) -> None:
        # The refund of C09's order was on the 20th of September.
        path = f"/v1/customers/{id_of('C09')}/scores"
        before = await api.get(path, params={"as_of": "2026-09-15T04:00:00Z"})
        after = await api.get(path, params={"as_of": "2026-09-21T04:00:00Z"})
        assert before["scores"]["value_tier"]["detail"]["net_revenue"]["amount"] == "9200.00"
        assert after["scores"]["value_tier"]["detail"]["net_revenue"]["amount"] == "700.00"
        assert before["as_of"] == "2026-09-15T04:00:00Z"

    async def test_the_present_and_the_same_time_given_agree(self, shop: Stage, api: Api) -> None:
        await shop.sweep()
        published = await api.get(C11)
        given = await api.get(C11, params={"as_of": AS_OF.isoformat()})
        for kind in KINDS:
            for name in ("value", "points", "reasons", "next", "detail"):
                assert published["scores"][kind][name] == given["scores"][kind][name]

    async def test_a_time_before_the_first_order_knows_nothing(self, shop: Stage, api: Api) -> None:
        found = await api.get(C11, params={"as_of": "2020-01-01T00:00:00Z"})
        assert found["scores"]["value_tier"]["missing"] == ["counting order"]

    @pytest.mark.parametrize(
        "as_of", ["2026-11-22T04:00:00", "yesterday", "1200-01-01T00:00:00Z", "9000-01-01T00:00:00Z"]
    )
    async def test_a_time_that_is_none_or_too_far_is_refused(self, shop: Stage, api: Api, as_of: str) -> None:
        answer = await api.call("GET", C11, params={"as_of": as_of})
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, "as_of")


class TestHistory:
    async def test_it_tells_every_change_with_its_reasons(self, shop: Stage, api: Api) -> None:
        shop.clock.advance(timedelta(hours=1))
        await shop.tell(shop.bought(id_of("C06"), "2026-11-21", 20_000))
        found = await api.get(f"/v1/customers/{id_of('C06')}/scores/history", params={"kind": "value_tier"})
        last, first = found["items"][0], found["items"][-1]
        assert (last["value"], last["cause"], last["as_of"]) == ("diamond", "fact", "2026-11-22T05:00:00Z")
        assert last["previous_value"] in {"bronze", "silver", "gold"}
        assert "big_order" in points(last)
        assert first["previous_value"] is None
        assert sum(points(last).values()) == last["points"]

    async def test_it_can_be_paged(self, shop: Stage, api: Api) -> None:
        shop.clock.advance(timedelta(hours=1))
        await shop.tell(shop.bought(id_of("C06"), "2026-11-21", 20_000))
        path = f"/v1/customers/{id_of('C06')}/scores/history"
        whole = (await api.get(path))["items"]
        page = await api.get(path, params={"limit": 1})
        rest = await api.get(path, params={"limit": 200, "cursor": page["next_cursor"]})
        assert page["items"] + rest["items"] == whole
        assert len(whole) > 4


class TestListScores:
    async def test_by_tier_the_best_first(self, shop: Stage, api: Api) -> None:
        await shop.sweep()
        found = await api.get("/v1/scores", params={"kind": "value_tier", "value": "gold", "sort": "-points"})
        assert [(one["customer_id"], one["points"]) for one in found["items"]] == [
            *sorted(((str(id_of("C02")), 70.0), (str(id_of("C03")), 70.0))),
            (str(id_of("C04")), 59.3),
            (str(id_of("C05")), 51.6),
        ]
        assert found["items"][0]["value"] == "gold"
        assert found["items"][0]["customer"]["type"] == "person"

    @pytest.mark.parametrize("kind", KINDS)
    async def test_each_is_whole_as_in_the_scores_of_its_customer(self, shop: Stage, api: Api, kind: str) -> None:
        await shop.sweep()
        found = await api.get("/v1/scores", params={"kind": kind})
        assert len(found["items"]) >= 12
        for one in found["items"]:
            whole = (await api.get(f"/v1/customers/{one['customer_id']}/scores"))["scores"][kind]
            assert one == whole
            assert sum(points(one).values()) == pytest.approx(one["points"] or 0)
        assert any(one["next"] for one in found["items"]) or kind == "rfm"

    async def test_members_are_those_of_the_contract(self, shop: Stage, api: Api) -> None:
        await shop.sweep()
        found = await api.get("/v1/scores", params={"customer_id": str(id_of("C02"))})
        one = found["items"][0]
        assert {name: one[name] for name in ("customer_id", "kind", "value", "number", "money", "points", "as_of")} == {
            "customer_id": str(id_of("C02")),
            "kind": "value_tier",
            "value": "gold",
            "number": None,
            "money": None,
            "points": 70.0,
            "as_of": "2026-11-22T04:00:00Z",
        }
        assert (one["policy"]["version"], one["confidence"]["n"], one["missing"], one["scored_as"]) == (1, 7, [], None)
        reason = one["reasons"][0]
        assert (reason["code"], reason["points"]) == ("top_decile_revenue", 50.0)
        assert reason["evidence"] == {"net_revenue": {"amount": "9000.00", "currency": "TWD"}}
        ahead = one["next"]
        assert (ahead["label"], ahead["up"]["label"]) == ("diamond", "diamond")
        step = ahead["up"]["steps"][0]
        assert (step["measure"], step["have"], step["need"]) == ("net_revenue", "9000.00", "14400.00")
        assert ahead["needs"] == step["text"]
        assert (ahead["at_risk_of"], ahead["if"]) == (ahead["down"]["label"], ahead["down"]["threat"]["text"])

    async def test_texts_are_in_the_readers_language(self, shop: Stage, api: Api) -> None:
        for language, words in (("zh-TW", "近一年淨營收"), ("zh-CN", "近一年净营收"), ("ja", "直近1年")):
            params = {"customer_id": str(id_of("C11"))}
            answer = await api.call("GET", "/v1/scores", params=params, headers={"Accept-Language": language})
            assert (
                words
                in answer.json()["items"][0]["reasons"][1]["text"] + answer.json()["items"][0]["reasons"][0]["text"]
            )

    async def test_what_drifts_is_that_of_the_last_look_without_having_been_written(
        self, shop: Stage, api: Api
    ) -> None:
        await shop.next_midnight()
        before = await shop.rows("SELECT body FROM scores WHERE customer_id = $1 ORDER BY kind", id_of("C12"))
        await shop.next_midnight()
        after = await shop.rows("SELECT body FROM scores WHERE customer_id = $1 ORDER BY kind", id_of("C12"))
        assert before == after
        found = await api.get("/v1/scores", params={"kind": "churn_risk", "customer_id": str(id_of("C12"))})
        one = found["items"][0]
        # C12 bought last on 2024-05-01, and two midnights have passed.
        assert (one["as_of"], one["reasons"][0]["params"]["silence"]) == ("2026-11-23T16:00:00Z", 937)
        assert one == (await api.get(f"/v1/customers/{id_of('C12')}/scores"))["scores"]["churn_risk"]

    async def test_pages_hold_everybody_once(self, shop: Stage, api: Api) -> None:
        seen, cursor = [], None
        while True:
            params = {"limit": 4, "kind": "churn_risk"} | ({"cursor": cursor} if cursor else {})
            page = await api.get("/v1/scores", params=params)
            seen += [one["customer_id"] for one in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert sorted(seen) == sorted(str(id_of(one.name)) for one in WITHOUT_SURVEYS)

    async def test_accounts_alone_and_single_customers(self, shop: Stage, api: Api) -> None:
        accounts = await api.get("/v1/scores", params={"customer_type": "account", "count": "exact"})
        assert [one["customer_id"] for one in accounts["items"]] == [str(id_of("A13"))]
        assert accounts["count"] == {"value": 1, "kind": "exact"}
        some = await api.get("/v1/scores", params={"ids": [str(id_of("C01")), str(id_of("C02"))]})
        assert len(some["items"]) == 2

    @pytest.mark.parametrize("query", [{"kind": "luck"}, {"sort": "value"}, {"limit": 0}, {"cursor": "nonsense"}])
    async def test_a_wrong_parameter_is_named(self, shop: Stage, api: Api, query: dict[str, Any]) -> None:
        answer = await api.call("GET", "/v1/scores", params=query)
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, next(iter(query)))

    async def test_at_a_time_without_an_evaluation_one_is_needed(self, shop: Stage, api: Api) -> None:
        answer = await api.call("GET", "/v1/scores", params={"as_of": "2026-09-15T04:00:00Z"})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "evaluation-needed")


class TestRecompute:
    async def test_needs_the_scope_to_write(self, api: Api) -> None:
        answer = await api.with_scopes("scores:read").call("POST", "/v1/scores/recompute", json={})
        assert (answer.status_code, answer.json()["scope"]) == (403, "scores:write")

    async def test_it_is_a_job_that_records_cutoffs(self, shop: Stage, api: Api) -> None:
        answer = await api.call("POST", "/v1/scores/recompute", json={})
        job = answer.json()
        assert (answer.status_code, job["status"], job["kind"]) == (202, "queued", "scores.recompute")
        assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
        await shop.work()
        done = await api.get(answer.headers["location"])
        assert (done["status"], done["progress"], done["done"]) == ("succeeded", 1.0, 13)
        sets = await shop.rows("SELECT population, family, dated FROM cutoffs ORDER BY population, family")
        assert [(one["population"], one["family"], one["dated"]) for one in sets] == [
            ("account", "daily", False),
            ("account", "tiers", False),
            ("person", "daily", False),
            ("person", "tiers", False),
        ]

    async def test_for_a_past_time_present_scores_stay_and_that_time_can_be_listed(self, shop: Stage, api: Api) -> None:
        await shop.sweep()
        present = await shop.everything()
        as_of = "2026-09-15T04:00:00Z"
        answer = await api.call("POST", "/v1/scores/recompute", json={"as_of": as_of})
        assert answer.status_code == 202
        await shop.work()
        assert await shop.everything() == present
        found = await api.get("/v1/scores", params={"as_of": as_of})
        single = await api.get(f"/v1/customers/{id_of('C09')}/scores", params={"as_of": as_of})
        listed = {one["customer_id"]: one["points"] for one in found["items"]}
        assert listed[str(id_of("C09"))] == single["scores"]["value_tier"]["points"]
        assert {one["as_of"] for one in found["items"]} == {as_of}
        whole = next(one for one in found["items"] if one["customer_id"] == str(id_of("C09")))
        mine = single["scores"]["value_tier"]
        assert (whole["reasons"], whole["next"]) == (mine["reasons"], mine["next"])

    async def test_only_the_kinds_that_are_named_move(self, shop: Stage, api: Api) -> None:
        await shop.work()
        await shop.forget_scores()
        await api.call("POST", "/v1/scores/recompute", json={"kinds": ["rfm"]})
        await shop.work()
        assert {kind for kinds in (await shop.scores()).values() for kind in kinds} == {"rfm"}
        assert {one["family"] for one in await shop.rows("SELECT family FROM cutoffs")} == {"daily"}

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"kinds": ["luck"]}, "#/kinds/0"),
            ({"as_of": "2026-01-01T00:00:00"}, "#/as_of"),
            ({"as_of": "1200-01-01T00:00:00Z"}, "#/as_of"),
            ({"colour": 1}, "#/colour"),
        ],
    )
    async def test_a_wrong_field_is_named(self, api: Api, body: dict[str, Any], pointer: str) -> None:
        answer = await api.call("POST", "/v1/scores/recompute", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)

    async def test_the_same_request_twice_is_one_job(self, api: Api) -> None:
        key = {"Idempotency-Key": str(new_id())}
        first = await api.call("POST", "/v1/scores/recompute", json={}, headers=key)
        second = await api.call("POST", "/v1/scores/recompute", json={}, headers=key)
        assert first.json()["id"] == second.json()["id"]
        assert second.headers["idempotency-replayed"] == "true"


class TestAtTheEdges:
    async def test_before_the_settings_have_come_nothing_is_known(self, stage: Stage, api: Api) -> None:
        early = Stage(stage.database, stage.clock, new_id())
        somebody = new_id()
        await early.tell(early.customer(somebody))
        caller = Caller(workspace_id=early.workspace_id)
        found = await api.by(caller).get(f"/v1/customers/{somebody}/scores")
        assert found["scores"]["rfm"]["missing"] == ["workspace settings"]

    async def test_a_chain_of_joined_customers_ends_at_who_stayed(self, shop: Stage, api: Api) -> None:
        await shop.tell(
            shop.customer(id_of("C06"), merged_into=id_of("C07")), shop.customer(id_of("C07"), merged_into=id_of("C11"))
        )
        found = await api.get(f"/v1/customers/{id_of('C06')}/scores/history")
        assert {one["customer_id"] for one in found["items"]} == {str(id_of("C11"))}
        assert {one["customer"]["id"] for one in found["items"]} == {str(id_of("C11"))}

    async def test_customers_that_point_at_one_another_are_not_there(self, shop: Stage, api: Api) -> None:
        await shop.tell(
            shop.customer(id_of("C06"), merged_into=id_of("C07")), shop.customer(id_of("C07"), merged_into=id_of("C06"))
        )
        assert (await api.call("GET", f"/v1/customers/{id_of('C06')}/scores")).status_code == 404

    async def test_scores_without_a_value_can_be_listed(self, shop: Stage, api: Api) -> None:
        found = await api.get("/v1/scores", params={"kind": "rfm", "value": ["null", "lost"]})
        assert {one["value"] for one in found["items"]} <= {None, "lost"}
        assert str(id_of("C07")) in {one["customer_id"] for one in found["items"]}

    async def test_lists_by_the_time_of_the_last_change(self, shop: Stage, api: Api) -> None:
        later = {"changed_after": "2026-11-22T04:30:00Z", "sort": "-changed_at"}
        assert (await api.get("/v1/scores", params=later))["items"] == []
        earlier = {"changed_before": "2026-11-22T04:30:00Z", "sort": "changed_at", "customer_id": str(id_of("C01"))}
        assert len((await api.get("/v1/scores", params=earlier))["items"]) == 1
        span = {"as_of_after": "2026-11-22T04:30:00Z"}
        assert (await api.get(f"{C11}/history", params=span))["items"] == []

    async def test_at_a_given_time_there_is_no_order_by_change(self, shop: Stage, api: Api) -> None:
        answer = await api.call("GET", "/v1/scores", params={"as_of": AS_OF.isoformat(), "sort": "changed_at"})
        assert answer.status_code == 400
