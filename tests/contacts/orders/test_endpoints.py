"""Orders over HTTP: one class per operation."""

from typing import Any
from uuid import UUID

import pytest

from services.kit.ids import new_id
from tests.contacts.conftest import Door, pointers

PATH = "/v1/orders"


def money(amount: str, currency: str = "TWD") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


MING = {"emails": [{"address": "ming@example.com"}], "given_name": "小明", "family_name": "王"}
TEA: dict[str, Any] = {
    "customer": MING,
    "source": "import",
    "external_id": "S/1001",
    "number": "#1001",
    "placed_at": "2026-11-20T10:15:00+08:00",
    "updated_at": "2026-11-20T10:16:00+08:00",
    "total": money("1350.00"),
    "subtotal": money("1350.00"),
    "tax": money("64.29"),
    "items": [{"sku": "OOL", "title": "Oolong", "quantity": 3, "unit_price": money("450.00"), "options": {"g": "100"}}],
    "payment": {"kind": "card"},
    "coupons": ["AUTUMN"],
}


class TestCreate:
    async def test_an_order_is_created_with_its_buyer_and_told_of(self, door: Door) -> None:
        answer = await door.post(PATH, TEA)
        body = answer.json()
        assert answer.status_code == 201, body
        assert (answer.headers["ETag"], answer.headers["Location"]) == ('"v1"', f"/v1/orders/{body['id']}")
        assert (body["status"], body["payment_status"], body["payment_kind"]) == ("paid", "paid", "card")
        assert (body["total"], body["net"], body["refunded"]) == (money("1350.00"), money("1350.00"), money("0.00"))
        [item] = body["items"]
        assert (item["quantity"], item["unit_price"], item["total"]) == ("3", money("450.00"), money("1350.00"))
        assert body["placed_at"] == "2026-11-20T02:15:00Z"
        assert body["customer"] == {"id": body["buyer_id"], "type": "person", "display_name": "王小明"}
        assert body["total_reporting"] is None
        [event] = await door.events("order.changed")
        assert (event["customer_id"], event["total_minor"], event["effects"]) == (body["buyer_id"], 135_000, "all")
        person = (await door.get(f"/v1/people/{body['buyer_id']}")).json()
        assert person["emails"][0]["address"] == "ming@example.com"

    async def test_a_known_order_is_refused(self, door: Door) -> None:
        first = await door.made(PATH, TEA)
        answer = await door.post(PATH, TEA | {"total": money("9.00")})
        assert (answer.status_code, answer.json()["existing_id"]) == (409, first["id"])
        assert answer.json()["type"].endswith("/problems/order-exists")

    async def test_only_a_total_is_needed(self, door: Door) -> None:
        body = await door.made(PATH, {"total": money("10.00")})
        assert (body["customer_id"], body["status"], body["placed_at"]) == (None, "paid", "2026-11-22T08:00:00Z")
        assert body["external_id"].startswith("api:")

    async def test_the_account_is_credited_if_there_is_one(self, door: Door) -> None:
        account = await door.made("/v1/accounts", {"name": "Tea", "external_ids": [{"source": "import", "id": "A"}]})
        by_key = await door.made(PATH, TEA | {"account": {"source": "import", "id": "A"}})
        by_id = await door.made(PATH, {"account_id": account["id"], "total": money("1.00")})
        as_customer = await door.made(PATH, {"customer_id": account["id"], "total": money("1.00")})
        for order in (by_key, by_id, as_customer):
            assert order["customer"] == {"id": account["id"], "type": "account", "display_name": "Tea"}
        assert by_key["buyer_id"] is not None
        assert as_customer["buyer_id"] is None

    async def test_an_unknown_account_is_made(self, door: Door) -> None:
        body = await door.made(PATH, TEA | {"account": {"source": "import", "id": "N", "name": "New Co"}})
        assert body["account"]["display_name"] == "New Co"

    async def test_a_known_customer_may_be_named_by_id(self, door: Door, customer: UUID) -> None:
        body = await door.made(PATH, {"customer_id": str(customer), "total": money("1.00")})
        assert body["customer"] == {"id": str(customer), "type": "person", "display_name": "王小明"}

    async def test_amounts_are_shown_in_the_reporting_currency_at_the_rate_of_the_local_day(self, door: Door) -> None:
        await door.settle(reporting_currency="TWD", time_zone="Asia/Taipei")
        for day, rate in (("2026-03-01", "32.00"), ("2026-06-01", "30.50")):
            await door.made("/v1/exchange-rates", {"currency": "USD", "valid_from": day, "rate": rate})
        # 2026-05-31T17:00Z is June already in Taipei.
        june = await door.made(PATH, {"placed_at": "2026-05-31T17:00:00Z", "total": money("98.13", "USD")})
        early = await door.made(PATH, {"placed_at": "2026-02-01T00:00:00Z", "total": money("1.00", "USD")})
        own = await door.made(PATH, {"total": money("5.00")})
        assert june["total_reporting"] == money("2992.96")
        assert early["total_reporting"] is None
        assert own["total_reporting"] == money("5.00")

    async def test_a_rate_that_makes_too_much_of_an_order_is_none(self, door: Door) -> None:
        await door.settle(reporting_currency="TWD", time_zone="Asia/Taipei")
        rate = {"currency": "USD", "valid_from": "2026-01-01", "rate": "999999999999"}
        await door.made("/v1/exchange-rates", rate)
        made = await door.made(PATH, {"total": money("9999999999999.99", "USD")})
        assert (made["total_reporting"], made["net_reporting"]) == (None, None)

    async def test_effects_travel_with_the_event(self, door: Door) -> None:
        await door.post(f"{PATH}?effects=scores", TEA)
        assert [event["effects"] for event in await door.events("order.changed")] == ["scores"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"total": None}, "#/total"),
            ({"total": money("1.999")}, "#/total"),
            ({"total": {"amount": 5, "currency": "TWD"}}, "#/total/amount"),
            ({"total": money("-1.00")}, "#/total/amount"),
            ({"tax": money("1.00", "USD")}, "#/tax/currency"),
            ({"items": [{"title": "x", "unit_price": money("1", "USD")}]}, "#/items/0/unit_price/currency"),
            ({"items": [{"title": "x", "quantity": -1}]}, "#/items/0/quantity"),
            ({"status": "lost"}, "#/status"),
            ({"customer": {"given_name": "A"}}, "#/customer"),
            ({"customer_id": str(new_id())}, "#"),
            ({"customer": None, "customer_id": str(new_id())}, "#/customer_id"),
            ({"account_id": str(new_id())}, "#/account_id"),
            ({"rep_id": str(new_id())}, "#/rep_id"),
            ({"source": "moon"}, "#/source"),
            ({"placed_at": "2026-11-20"}, "#/placed_at"),
            ({"placed_at": "0001-01-01T00:00:00Z"}, "#/placed_at"),
            ({"placed_at": "9999-12-31T23:59:59-12:00"}, "#/placed_at"),
            ({"colour": "red"}, "#/colour"),
        ],
    )
    async def test_what_does_not_fit_is_named(self, door: Door, change: dict[str, Any], pointer: str) -> None:
        answer = await door.post(PATH, TEA | change)
        assert (answer.status_code, pointers(answer)) == (422, [pointer])
        assert await door.events("order.changed") == []

    async def test_a_repetition_with_the_same_key_is_one_order(self, door: Door) -> None:
        key = {"Idempotency-Key": "order-1"}
        first = await door.post(PATH, TEA, headers=key)
        again = await door.post(PATH, TEA, headers=key)
        assert (again.status_code, again.json()) == (201, first.json())


class TestUpsert:
    WHERE = f"{PATH}/external/import/S%2F1001"

    async def test_only_fields_that_are_sent_change(self, door: Door) -> None:
        body = {name: value for name, value in TEA.items() if name not in {"source", "external_id", "updated_at"}}
        first = await door.put(self.WHERE, body)
        again = await door.put(self.WHERE, {"status": "fulfilled", "dispatched_at": "2026-11-21T00:00:00Z"})
        assert (first.status_code, again.status_code) == (201, 200)
        assert (again.json()["status"], again.json()["payment_status"]) == ("fulfilled", "paid")
        assert again.json()["fulfilment_status"] == "fulfilled"
        for name in ("total", "items", "coupons", "buyer_id", "placed_at", "number"):
            assert again.json()[name] == first.json()[name]

    async def test_the_newer_state_wins(self, door: Door) -> None:
        await door.made(PATH, TEA | {"updated_at": "2026-11-20T12:00:00Z"})
        older = await door.put(self.WHERE, {"status": "pending", "updated_at": "2026-11-20T11:00:00Z"})
        assert (older.status_code, older.json()["status"]) == (200, "paid")
        assert (older.headers["Kith-Unchanged"], older.json()["version"]) == ("true", 1)
        newer = await door.put(self.WHERE, {"status": "cancelled", "updated_at": "2026-11-20T13:00:00Z"})
        assert (newer.json()["status"], newer.json()["cancelled_at"]) == ("cancelled", "2026-11-20T13:00:00Z")

    async def test_the_same_again_changes_nothing(self, door: Door) -> None:
        body = {name: value for name, value in TEA.items() if name not in {"source", "external_id"}}
        undated = {name: value for name, value in body.items() if name != "updated_at"}
        for again in (body, body, undated, undated):
            answer = await door.put(self.WHERE, again)
        assert (answer.headers["Kith-Unchanged"], answer.json()["version"]) == ("true", 1)
        assert len(await door.events("order.changed")) == 1

    async def test_another_buyer_is_a_change(self, door: Door, customer: UUID) -> None:
        await door.made(PATH, TEA)
        answer = await door.put(self.WHERE, {"customer_id": str(customer)})
        assert (answer.json()["buyer_id"], answer.json()["version"]) == (str(customer), 2)
        nobody = await door.put(self.WHERE, {"customer_id": None})
        assert nobody.json()["customer"] is None

    async def test_a_new_order_needs_a_total(self, door: Door) -> None:
        answer = await door.put(self.WHERE, {"status": "paid"})
        assert (answer.status_code, pointers(answer)) == (422, ["#/total"])

    async def test_a_change_over_another_one_is_refused(self, door: Door) -> None:
        await door.made(PATH, TEA)
        stale = await door.put(self.WHERE, {"number": "2"}, headers={"If-Match": '"v4"'})
        assert (stale.status_code, stale.json()["current"]) == (412, '"v1"')

    async def test_an_unknown_source_is_not_found(self, door: Door) -> None:
        assert (await door.put(f"{PATH}/external/moon/1", {"total": money("1")})).status_code == 404

    async def test_a_refund_that_is_no_longer_listed_was_taken_back(self, door: Door) -> None:
        refund = {"id": "r1", "amount": money("50.00"), "processed_at": "2026-11-20T03:00:00Z"}
        first = await door.made(PATH, TEA | {"refunds": [refund]})
        assert (first["status"], first["net"]) == ("partially_refunded", money("1300.00"))
        after = await door.put(self.WHERE, {"refunds": [], "updated_at": "2026-11-21T00:00:00Z"})
        assert (after.json()["status"], after.json()["net"]) == ("paid", money("1350.00"))


class TestBatch:
    async def test_each_item_is_judged_on_its_own(self, door: Door) -> None:
        await door.made(PATH, TEA)
        items = [
            TEA | {"external_id": "2", "customer": {"phones": [{"number": "+886912345678"}]}},
            TEA | {"updated_at": "2026-11-21T00:00:00Z", "status": "fulfilled"},
            TEA | {"external_id": "3", "rep_id": str(new_id())},
            {"external_id": "4"},
        ]
        answer = await door.post(f"{PATH}/batch?effects=none", {"items": items})
        body = answer.json()
        assert [item["status"] for item in body["items"]] == [201, 200, 422, 422]
        assert body["items"][1]["version"] == 2
        assert body["items"][2]["problem"]["errors"][0]["pointer"] == "#/rep_id"
        statuses = {order["external_id"]: order["status"] for order in (await door.get(PATH)).json()["items"]}
        assert statuses == {"S/1001": "fulfilled", "2": "paid"}

    async def test_an_atomic_batch_takes_all_or_none(self, door: Door) -> None:
        answer = await door.post(f"{PATH}/batch?atomic=true", {"items": [TEA, {"external_id": "4"}]})
        assert answer.status_code == 422
        assert (await door.get(PATH)).json()["items"] == []
        assert (await door.get("/v1/people")).json()["items"] == []


class TestRefund:
    async def test_a_refund_lowers_the_order(self, door: Door) -> None:
        order = await door.made(PATH, TEA)
        answer = await door.post(f"{PATH}/{order['id']}/refunds", {"amount": money("350.00"), "reason": "broken"})
        body = answer.json()
        assert (answer.status_code, body["status"], body["payment_status"]) == (
            200,
            "partially_refunded",
            "partially_refunded",
        )
        assert (body["refunded"], body["net"], body["version"]) == (money("350.00"), money("1000.00"), 2)
        assert body["refunds"][0]["reason"] == "broken"

    async def test_a_refund_counts_although_a_complete_list_came_before(self, door: Door) -> None:
        order = await door.made(PATH, TEA | {"refunds": []})
        refund = {"amount": money("1350.00"), "processed_at": "2026-11-20T00:00:00Z"}
        body = (await door.post(f"{PATH}/{order['id']}/refunds", refund)).json()
        assert (body["status"], body["net"]) == ("refunded", money("0.00"))

    async def test_the_same_refund_twice_counts_once(self, door: Door) -> None:
        order = await door.made(PATH, TEA)
        refund = {"id": "r1", "amount": money("50.00"), "processed_at": "2026-11-20T03:00:00Z"}
        for _ in range(2):
            answer = await door.post(f"{PATH}/{order['id']}/refunds", refund)
        assert answer.json()["refunded"] == money("50.00")
        assert answer.headers["Kith-Unchanged"] == "true"

    @pytest.mark.parametrize(
        ("amount", "pointer"), [(money("1.00", "USD"), "#/amount/currency"), (money("-1.00"), "#/amount/amount")]
    )
    async def test_what_is_no_refund_is_named(self, door: Door, amount: dict[str, str], pointer: str) -> None:
        order = await door.made(PATH, TEA)
        answer = await door.post(f"{PATH}/{order['id']}/refunds", {"amount": amount})
        assert (answer.status_code, pointers(answer)) == (422, [pointer])


class TestCancel:
    async def test_a_cancelled_order_is_told_of_once(self, door: Door) -> None:
        order = await door.made(PATH, TEA)
        answer = await door.post(f"{PATH}/{order['id']}/cancel", {"cancelled_at": "2026-11-21T00:00:00Z"})
        body = answer.json()
        assert (answer.status_code, body["status"]) == (200, "cancelled")
        assert (body["cancelled_at"], body["buyer_id"]) == ("2026-11-21T00:00:00Z", order["buyer_id"])
        again = await door.post(f"{PATH}/{order['id']}/cancel", {})
        assert (again.headers["Kith-Unchanged"], again.json()["version"]) == ("true", 2)
        assert [event["status"] for event in await door.events("order.changed")] == ["paid", "cancelled"]

    async def test_a_newer_message_decides_again(self, door: Door) -> None:
        order = await door.made(PATH, TEA)
        await door.post(f"{PATH}/{order['id']}/cancel", {})
        after = await door.put(TestUpsert.WHERE, {"status": "paid", "updated_at": "2026-11-23T00:00:00Z"})
        assert after.json()["status"] == "paid"


class TestRead:
    async def test_an_order_is_read_as_it_was_written(self, door: Door) -> None:
        order = await door.made(PATH, TEA)
        answer = await door.get(f"{PATH}/{order['id']}")
        assert (answer.json(), answer.headers["ETag"]) == (order, '"v1"')

    async def test_a_rep_who_sees_only_his_own_customers_sees_only_their_orders(self, door: Door) -> None:
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        ann = door.who("admin", rep_id=UUID(rep["id"]), visibility="own")
        order = await door.made(PATH, TEA)
        assert (await ann.get(f"{PATH}/{order['id']}")).status_code == 404
        assert (await ann.get(PATH)).json()["items"] == []
        await door.patch(f"/v1/people/{order['buyer_id']}", {"owner_rep_id": rep["id"]})
        assert (await ann.get(f"{PATH}/{order['id']}")).status_code == 200
        assert len((await ann.get(PATH)).json()["items"]) == 1


class TestList:
    async def test_filters_narrow_the_list(self, door: Door) -> None:
        tea = await door.made(PATH, TEA)
        old = await door.made(
            PATH,
            {"total": money("1.00"), "placed_at": "2025-01-01T00:00:00Z", "status": "pending", "test": True},
        )

        async def found(**params: str | list[str]) -> list[str]:
            answer = await door.get(PATH, params=params)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        assert await found() == [tea["id"], old["id"]]
        assert await found(sort="placed_at") == [old["id"], tea["id"]]
        for params in (
            {"source": "import"},
            {"source": "import", "external_id": "S/1001"},
            {"external_id": "S/1001"},
            {"number": "#1001"},
            {"customer_id": tea["buyer_id"]},
            {"buyer_id": tea["buyer_id"]},
            {"status": ["paid", "fulfilled"]},
            {"payment_kind": "card"},
            {"placed_after": "2026-01-01T00:00:00Z"},
            {"test": "false"},
            {"ids": tea["id"]},
        ):
            assert await found(**params) == [tea["id"]], params
        assert await found(account_id=str(new_id())) == []
        for name in ("number", "payment_kind", "customer_id", "buyer_id"):
            assert await found(**{name: "null"}) == [old["id"]], name
        assert await found(account_id="null") == [tea["id"], old["id"]]
        assert await found(customer_id=["null", tea["buyer_id"]]) == [tea["id"], old["id"]]
        assert await found(updated_after="2026-11-22T08:00:00Z") == []

    async def test_deleted_orders_are_listed_only_when_asked_for(self, door: Door) -> None:
        order = await door.made(PATH, TEA | {"status": "deleted"})
        assert (await door.get(PATH)).json()["items"] == []
        for params in ({"deleted": "true"}, {"status": "deleted"}):
            assert [item["id"] for item in (await door.get(PATH, params=params)).json()["items"]] == [order["id"]]

    async def test_pages_neither_skip_nor_repeat(self, door: Door) -> None:
        items = [{"total": money("1.00"), "placed_at": "2026-11-01T00:00:00Z"} for _ in range(7)]
        await door.post(f"{PATH}/batch", {"items": items})
        seen: list[str] = []
        cursor: dict[str, str] = {}
        for _ in range(4):
            page = (await door.get(PATH, params={"limit": "2", **cursor})).json()
            seen += [item["id"] for item in page["items"]]
            cursor = {"cursor": page["next_cursor"] or ""}
        assert (len(seen), len(set(seen)), cursor) == (7, 7, {"cursor": ""})
