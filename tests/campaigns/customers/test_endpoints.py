"""`/v1/customers`."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.campaigns.customers.rules import FIELDS, OPS
from services.kit.ids import new_id
from tests.callers import Caller
from tests.campaigns.api import Api, Json
from tests.campaigns.customers.test_rules import VALUES, one
from tests.campaigns.stage import Stage

DAY = timedelta(days=1)
SORTS = (
    "created_at",
    "display_name",
    "value_tier_points",
    "net_revenue",
    "last_order_at",
    "last_contact_at",
    "next_reminder_at",
)


@pytest.fixture
async def shop(stage: Stage) -> dict[str, str]:
    """A shop's customers by name."""
    rep = await stage.rep()
    ids: dict[str, UUID] = {}
    ids["Ann"] = await stage.customer(display_name="Ann", tags=["vip", "tea"], owner_rep_id=rep, region="TW")
    await stage.scored(
        ids["Ann"], tier="diamond", points="90", net_revenue_minor=900_00, last_order_at=stage.now - 5 * DAY
    )
    await stage.interaction(ids["Ann"], occurred_at=stage.now - 2 * DAY)
    stage.clock.advance(timedelta(seconds=1))
    ids["Bob"] = await stage.customer(display_name="Bob", tags=["tea"], lifecycle_stage="customer")
    await stage.buys(ids["Bob"], tier="bronze", points="1.5", net_revenue_minor=100_00)
    stage.clock.advance(timedelta(seconds=1))
    ids["Cho"] = await stage.customer(display_name="Cho", region="JP", do_not_contact=True)
    stage.clock.advance(timedelta(seconds=1))
    ids["Acme"] = await stage.customer(display_name="Acme", customer_type="account")
    return {str(customer_id): name for name, customer_id in ids.items()} | {"rep": str(rep)}


def names(page: Json, shop: dict[str, str]) -> list[str]:
    """Return who is on a page."""
    return [shop[one["id"]] for one in page["items"]]


class TestListCustomers:
    async def test_nobody_is_answered_without_a_key(self, api: Api) -> None:
        assert (await api.anonymous("GET", "/v1/customers")).status_code == 401

    async def test_the_scope_is_needed(self, api: Api) -> None:
        assert (await api.with_scopes("reminders:read").call("GET", "/v1/customers")).status_code == 403

    async def test_another_workspace_sees_nobody(self, api: Api, shop: dict[str, str]) -> None:
        assert (await api.elsewhere().get("/v1/customers"))["items"] == []

    async def test_people_and_accounts_stand_in_one_list(self, api: Api, shop: dict[str, str]) -> None:
        page = await api.get("/v1/customers", count="exact")
        assert names(page, shop) == ["Ann", "Bob", "Cho", "Acme"]
        assert page["count"]["value"] == 4

    async def test_a_customer_is_shown_with_scores_money_and_care(
        self, api: Api, stage: Stage, shop: dict[str, str]
    ) -> None:
        [bob] = (await api.get("/v1/customers", has_open_reminder="true"))["items"]
        assert bob["display_name"] == "Bob"
        assert bob["scores"]["value_tier"] == {"value": "bronze", "points": 1.5}
        assert bob["net_revenue"] == {"amount": "100.00", "currency": "TWD"}
        assert bob["orders_count"] == 1
        assert bob["open_reminders"] == 2
        assert bob["next_reminder_at"] is not None
        assert bob["last_contact_at"] is None

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({"type": "account"}, {"Acme"}),
            ({"tag": "tea"}, {"Ann", "Bob"}),
            ({"tag": ["vip", "none"]}, {"Ann"}),
            ({"owner_rep_id": "null"}, {"Bob", "Cho", "Acme"}),
            ({"lifecycle_stage": "customer"}, {"Bob"}),
            ({"lifecycle_stage": "null"}, {"Ann", "Cho", "Acme"}),
            ({"region": ["TW", "JP"]}, {"Ann", "Cho"}),
            ({"value_tier": "diamond"}, {"Ann"}),
            ({"value_tier": ["bronze", "null"]}, {"Bob", "Cho", "Acme"}),
            ({"value_tier": "null"}, {"Cho", "Acme"}),
            ({"customer_class": "one_time"}, {"Ann", "Bob"}),
            ({"rfm": "new"}, {"Ann", "Bob"}),
            ({"churn_risk": "none"}, {"Ann", "Bob"}),
            ({"has_open_reminder": "false"}, {"Ann", "Cho", "Acme"}),
            ({"last_order_before": "2026-11-20T00:00:00Z"}, {"Ann"}),
            ({"last_order_after": "2026-11-20T00:00:00Z"}, {"Bob"}),
            ({"last_contact_after": "2026-11-20T00:00:00Z"}, {"Ann"}),
            ({"last_contact_before": "2026-11-20T00:00:00Z"}, set()),
            ({"deleted": "true"}, set()),
        ],
    )
    async def test_it_filters(
        self, api: Api, shop: dict[str, str], params: dict[str, Any], expected: set[str] | None
    ) -> None:
        answer = await api.call("GET", "/v1/customers", params=params)
        if expected is None:
            assert answer.status_code == 400
        else:
            assert set(names(answer.json(), shop)) == expected

    async def test_it_filters_by_id_and_by_rep(self, api: Api, shop: dict[str, str]) -> None:
        ann = next(one for one, name in shop.items() if name == "Ann")
        assert names(await api.get("/v1/customers", ids=ann), shop) == ["Ann"]
        assert names(await api.get("/v1/customers", owner_rep_id=shop["rep"]), shop) == ["Ann"]
        assert len((await api.get("/v1/customers", owner_rep_id=[shop["rep"], "null"]))["items"]) == 4

    async def test_deleted_ones_are_listed_on_demand_only(self, api: Api, stage: Stage, shop: dict[str, str]) -> None:
        gone = await stage.customer(display_name="Gone")
        await stage.customer(gone, deleted=True)
        assert str(gone) not in {one["id"] for one in (await api.get("/v1/customers"))["items"]}
        assert [one["id"] for one in (await api.get("/v1/customers", deleted="true"))["items"]] == [str(gone)]

    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            ("-value_tier_points", ["Ann", "Bob"]),
            ("value_tier_points", ["Bob", "Ann"]),
            ("-net_revenue", ["Ann", "Bob"]),
            ("-last_order_at", ["Bob", "Ann"]),
            ("last_contact_at", ["Ann"]),
            ("next_reminder_at", ["Bob"]),
            ("display_name", ["Acme", "Ann", "Bob", "Cho"]),
            ("-created_at", ["Acme", "Cho", "Bob", "Ann"]),
        ],
    )
    async def test_it_sorts_and_customers_without_a_value_come_last(
        self, api: Api, shop: dict[str, str], sort: str, expected: list[str]
    ) -> None:
        found = names(await api.get("/v1/customers", sort=sort), shop)
        assert len(found) == 4
        assert found[: len(expected)] == expected

    @pytest.mark.parametrize("sort", [*SORTS, *(f"-{name}" for name in SORTS)])
    async def test_pages_hold_each_customer_once(self, api: Api, shop: dict[str, str], sort: str) -> None:
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await api.get("/v1/customers", sort=sort, limit=1, **cursor)
            seen += names(page, shop)
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(seen) == ["Acme", "Ann", "Bob", "Cho"]

    async def test_a_cursor_of_another_filter_is_refused(self, api: Api, shop: dict[str, str]) -> None:
        page = await api.get("/v1/customers", limit=1, tag="tea")
        answer = await api.call("GET", "/v1/customers", params={"cursor": page["next_cursor"]})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["name"] == "cursor"

    async def test_without_a_scope_its_fields_do_not_exist(self, api: Api, shop: dict[str, str]) -> None:
        narrow = api.with_scopes("people:read")
        page = await narrow.get("/v1/customers", count="exact")
        assert set(names(page, shop)) == {"Ann", "Bob", "Cho"}
        assert page["count"]["value"] == 3
        for item in page["items"]:
            assert item["scores"] == {}
            hidden = ("net_revenue", "orders_count", "last_order_at", "last_contact_at", "next_reminder_at")
            assert {item[name] for name in hidden} == {None}

    @pytest.mark.parametrize(
        ("params", "scope"),
        [
            ({"value_tier": "gold"}, "scores:read"),
            ({"sort": "-value_tier_points"}, "scores:read"),
            ({"sort": "net_revenue"}, "orders:read"),
            ({"last_order_after": "2026-11-20T00:00:00Z"}, "orders:read"),
            ({"last_contact_before": "2026-11-20T00:00:00Z"}, "interactions:read"),
            ({"has_open_reminder": "true"}, "reminders:read"),
            ({"sort": "next_reminder_at"}, "reminders:read"),
        ],
    )
    async def test_nobody_filters_or_sorts_by_what_he_may_not_read(
        self, api: Api, params: dict[str, str], scope: str
    ) -> None:
        answer = await api.with_scopes("people:read").call("GET", "/v1/customers", params=params)
        assert (answer.status_code, answer.json()["scope"]) == (403, scope)

    async def test_who_sees_only_his_own_sees_nobody_elses(self, api: Api, stage: Stage, shop: dict[str, str]) -> None:
        own = Caller(workspace_id=stage.workspace_id, rep_id=UUID(shop["rep"]), visibility="own")
        assert names(await api.by(own).get("/v1/customers"), shop) == ["Ann"]
        nobody = Caller(workspace_id=stage.workspace_id, visibility="own")
        assert (await api.by(nobody).get("/v1/customers"))["items"] == []


class TestQueryCustomers:
    async def test_nobody_is_answered_without_a_key(self, api: Api) -> None:
        assert (await api.anonymous("POST", "/v1/customers/query")).status_code == 401

    async def test_the_scope_is_needed(self, api: Api) -> None:
        answer = await api.with_scopes("reminders:read").call("POST", "/v1/customers/query", json={})
        assert answer.status_code == 403

    async def test_another_workspace_sees_nobody(self, api: Api, shop: dict[str, str]) -> None:
        assert (await api.elsewhere().post("/v1/customers/query", {}))["items"] == []

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (one("scores.value_tier", "in", ["gold", "diamond"]), {"Ann"}),
            (one("scores.value_tier", "not_in", ["diamond"]), {"Bob", "Cho", "Acme"}),
            (one("scores.value_tier", "ne", "diamond"), {"Bob", "Cho", "Acme"}),
            ({"none": [one("scores.value_tier", "eq", "diamond")]}, {"Bob", "Cho", "Acme"}),
            (one("scores.value_tier", "is_null", value=True), {"Cho", "Acme"}),
            (one("scores.value_tier", "is_null", value=False), {"Ann", "Bob"}),
            (one("scores.value_tier.points", "gte", 50), {"Ann"}),
            (one("scores.rfm.points", "between", [7, 8]), {"Ann", "Bob"}),
            (one("tags", "has_any", ["vip", "x"]), {"Ann"}),
            (one("tags", "has_all", ["vip", "tea"]), {"Ann"}),
            (one("tags", "has_none", ["vip"]), {"Bob", "Cho", "Acme"}),
            (one("net_revenue", "gte", {"amount": "900.00", "currency": "TWD"}), {"Ann"}),
            (one("net_revenue", "gte", {"amount": "1.00", "currency": "USD"}), set()),
            (
                one(
                    "net_revenue",
                    "between",
                    [{"amount": "1", "currency": "TWD"}, {"amount": "200", "currency": "TWD"}],
                ),
                {"Bob"},
            ),
            (one("last_order_at", "within", "P3D"), {"Bob"}),
            (one("last_order_at", "older_than", "P3D"), {"Ann"}),
            (one("last_order_at", "lt", "2026-11-20T00:00:00Z"), {"Ann"}),
            (one("do_not_contact", "eq", value=True), {"Cho"}),
            (one("orders_count", "eq", 0), {"Cho", "Acme"}),
            ({"all": [one("tags", "has_any", ["tea"]), {"any": [one("region", "eq", "TW")]}]}, {"Ann"}),
            ({"any": [one("region", "eq", "JP"), one("type", "eq", "account")]}, {"Cho", "Acme"}),
            ({"none": [one("region", "eq", "JP"), one("region", "eq", "TW")]}, {"Bob", "Acme"}),
        ],
    )
    async def test_it_finds_who_fits_the_tree(
        self, api: Api, shop: dict[str, str], rule: Json, expected: set[str]
    ) -> None:
        assert set(names(await api.post("/v1/customers/query", {"rule": rule}), shop)) == expected

    async def test_me_is_the_rep_of_the_key(self, api: Api, stage: Stage, shop: dict[str, str]) -> None:
        mine = api.by(Caller(workspace_id=stage.workspace_id, rep_id=UUID(shop["rep"])))
        rule = {"rule": one("owner_rep_id", "in", ["me"])}
        assert names(await mine.post("/v1/customers/query", rule), shop) == ["Ann"]
        assert (await api.call("POST", "/v1/customers/query", json=rule)).status_code == 422

    async def test_pages_count_and_sort_as_in_the_list(self, api: Api, shop: dict[str, str]) -> None:
        body: Json = {"rule": one("type", "eq", "person"), "sort": "-display_name", "limit": 2, "count": "exact"}
        first = await api.post("/v1/customers/query", body)
        assert (names(first, shop), first["count"]["value"]) == (["Cho", "Bob"], 3)
        second = await api.post("/v1/customers/query", body | {"cursor": first["next_cursor"]})
        assert (names(second, shop), second["next_cursor"]) == (["Ann"], None)

    async def test_a_cursor_of_another_tree_is_refused(self, api: Api, shop: dict[str, str]) -> None:
        first = await api.post("/v1/customers/query", {"rule": one("type", "eq", "person"), "limit": 1})
        body = {"rule": one("type", "eq", "account"), "cursor": first["next_cursor"]}
        assert (await api.call("POST", "/v1/customers/query", json=body)).status_code == 400

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"rule": one("shoe_size", "eq", 1)}, "#/rule/field"),
            ({"rule": {"all": [one("type", "eq", "person"), one("type", "like", "x")]}}, "#/rule/all/1/op"),
            ({"rule": {"all": [one("type", "eq", "dog")]}}, "#/rule/all/0/value"),
            ({"rule": {"all": []}}, "#/rule/all"),
            ({"rule": {}}, "#/rule"),
            ({"rule": {"all": [one("type", "eq", "person")], "any": [one("type", "eq", "person")]}}, "#/rule"),
            ({"rule": {"field": "type", "op": "eq"}}, "#/rule"),
            ({"rule": {"all": [one("type", "eq", "person")], "op": "eq"}}, "#/rule"),
            ({"rule": {"not": []}}, "#/rule/not"),
            ({"sort": "shoe_size"}, "#/sort"),
            ({"limit": 0}, "#/limit"),
            ({"extra": 1}, "#/extra"),
        ],
    )
    async def test_what_does_not_fit_is_named(self, api: Api, body: Json, pointer: str) -> None:
        answer = await api.call("POST", "/v1/customers/query", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer

    async def test_nobody_asks_about_what_he_may_not_read(self, api: Api) -> None:
        narrow = api.by(Caller(["people:read"], workspace_id=api.caller.workspace_id, rep_id=new_id()))
        for name, field in FIELDS.items():
            body = {"rule": one(name, min(OPS[field.kind]), self.value(name))}
            answer = await narrow.call("POST", "/v1/customers/query", json=body)
            expected = 200 if field.scope == "people:read" else 403
            assert answer.status_code == expected, name

    async def test_every_field_answers_to_each_of_its_operators(self, api: Api, stage: Stage) -> None:
        caller = api.by(Caller(workspace_id=stage.workspace_id, rep_id=new_id()))
        for name, field in FIELDS.items():
            for op in sorted(OPS[field.kind]):
                await caller.post("/v1/customers/query", {"rule": one(name, op, self.value(name, op))})

    def value(self, name: str, op: str | None = None) -> object:
        """Return a value that fits a field's operator (its first one, unless told)."""
        field = FIELDS[name]
        op = op or min(OPS[field.kind])
        single = field.choices[0] if field.choices else VALUES[field.kind]
        if op in {"in", "not_in", "has_any", "has_all", "has_none"}:
            return [single]
        special = {"between": [single, single], "is_null": False, "within": "P1D", "older_than": "P1D"}
        return special.get(op, single)


class TestReadCustomer:
    async def test_nobody_is_answered_without_a_key(self, api: Api) -> None:
        assert (await api.anonymous("GET", f"/v1/customers/{new_id()}")).status_code == 401

    async def test_the_scope_is_needed(self, api: Api) -> None:
        assert (await api.with_scopes("reminders:read").call("GET", f"/v1/customers/{new_id()}")).status_code == 403

    async def test_a_foreign_one_is_not_there(self, api: Api, shop: dict[str, str]) -> None:
        for customer_id in shop:
            if customer_id != "rep":
                assert (await api.elsewhere().call("GET", f"/v1/customers/{customer_id}")).status_code == 404

    async def test_it_shows_what_care_knows(self, api: Api, shop: dict[str, str]) -> None:
        ann = next(one for one, name in shop.items() if name == "Ann")
        body = await api.get(f"/v1/customers/{ann}")
        assert (body["display_name"], body["type"], body["tags"]) == ("Ann", "person", ["vip", "tea"])
        assert body["owner_rep"] == {"id": shop["rep"], "type": "rep", "display_name": None}
        assert body["scores"]["value_tier"] == {"value": "diamond", "points": 90.0}
        assert body["overdue_ratio"] == 0.5
        assert body["last_contact_at"] is not None

    async def test_deleted_colleagues_and_accounts_out_of_reach_are_not_there(
        self, api: Api, stage: Stage, shop: dict[str, str]
    ) -> None:
        by_name = {name: one for one, name in shop.items()}
        own = Caller(workspace_id=stage.workspace_id, rep_id=UUID(shop["rep"]), visibility="own")
        assert (await api.by(own).call("GET", f"/v1/customers/{by_name['Bob']}")).status_code == 404
        narrow = api.with_scopes("people:read")
        assert (await narrow.call("GET", f"/v1/customers/{by_name['Acme']}")).status_code == 404
        await stage.customer(UUID(by_name["Cho"]), deleted=True)
        assert (await api.call("GET", f"/v1/customers/{by_name['Cho']}")).status_code == 404
