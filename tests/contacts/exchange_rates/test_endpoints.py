"""Exchange rates over HTTP."""

import pytest

from services.kit.ids import new_id
from tests.contacts.conftest import Door, pointers

PATH = "/v1/exchange-rates"


class TestCreate:
    async def test_a_rate_is_set_and_told_of(self, door: Door) -> None:
        answer = await door.post(PATH, {"currency": "USD", "valid_from": "2026-06-01", "rate": "30.50"})
        body = answer.json()
        assert (answer.status_code, body["rate"], body["valid_from"]) == (201, "30.50", "2026-06-01")
        [event] = await door.events("exchange_rate.changed")
        assert (event["rate_id"], event["rate"], event["deleted"]) == (body["id"], "30.50", False)

    async def test_the_same_day_again_replaces_the_rate(self, door: Door) -> None:
        first = await door.made(PATH, {"currency": "USD", "valid_from": "2026-06-01", "rate": "30.50"})
        again = await door.post(PATH, {"currency": "USD", "valid_from": "2026-06-01", "rate": "31"})
        assert (again.status_code, again.json()["id"], again.json()["version"]) == (200, first["id"], 2)
        assert [event["rate"] for event in await door.events("exchange_rate.changed")] == ["30.50", "31"]

    async def test_the_same_rate_again_changes_nothing(self, door: Door) -> None:
        rate = {"currency": "USD", "valid_from": "2026-06-01", "rate": "30.5"}
        await door.made(PATH, rate)
        again = await door.post(PATH, rate | {"rate": "30.50"})
        assert (again.status_code, again.headers["Kith-Unchanged"]) == (200, "true")
        assert len(await door.events("exchange_rate.changed")) == 1

    async def test_the_reporting_currency_needs_no_rate(self, door: Door) -> None:
        await door.settle(reporting_currency="TWD")
        answer = await door.post(PATH, {"currency": "TWD", "valid_from": "2026-06-01", "rate": "1"})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "own-currency")

    @pytest.mark.parametrize(
        ("field", "value"),
        [("rate", "0"), ("rate", "-1"), ("rate", "1e3"), ("rate", 30.5), ("currency", "XXQ"), ("valid_from", "June")],
    )
    async def test_what_is_no_rate_is_refused(self, door: Door, field: str, value: object) -> None:
        body = {"currency": "USD", "valid_from": "2026-06-01", "rate": "30.50"} | {field: value}
        answer = await door.post(PATH, body)
        assert (answer.status_code, pointers(answer)) == (422, [f"#/{field}"])


class TestList:
    async def test_rates_are_listed_latest_first_page_by_page(self, door: Door) -> None:
        for month in (1, 3, 2):
            await door.made(PATH, {"currency": "USD", "valid_from": f"2026-0{month}-01", "rate": str(month)})
        await door.made(PATH, {"currency": "JPY", "valid_from": "2026-01-15", "rate": "0.21"})
        first = (await door.get(PATH, params={"limit": 2})).json()
        rest = (await door.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [rate["rate"] for rate in first["items"] + rest["items"]] == ["3", "2", "0.21", "1"]

    async def test_filters_choose_currency_and_span(self, door: Door) -> None:
        for currency, day in (("USD", "2026-01-01"), ("USD", "2026-02-01"), ("JPY", "2026-02-01")):
            await door.made(PATH, {"currency": currency, "valid_from": day, "rate": "2"})
        found = (await door.get(PATH, params={"currency": "USD", "valid_from_after": "2026-01-01"})).json()["items"]
        assert [(rate["currency"], rate["valid_from"]) for rate in found] == [("USD", "2026-02-01")]


class TestDelete:
    async def test_a_deleted_rate_is_gone_and_told_of(self, door: Door) -> None:
        rate = await door.made(PATH, {"currency": "USD", "valid_from": "2026-06-01", "rate": "30.50"})
        assert (await door.delete(f"{PATH}/{rate['id']}")).status_code == 204
        assert (await door.get(f"{PATH}/{rate['id']}")).status_code == 404
        events = await door.events("exchange_rate.changed")
        assert [(event["version"], event["deleted"]) for event in events] == [(1, False), (2, True)]

    async def test_one_that_never_was_is_not_found(self, door: Door) -> None:
        assert (await door.delete(f"{PATH}/{new_id()}")).status_code == 404
