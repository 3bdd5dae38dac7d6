"""What all orders of a customer add up to."""

from typing import Any

from services.kit.ids import new_id
from tests.contacts.conftest import Door


def order(customer_id: str, number: int, amount: str, **more: object) -> dict[str, Any]:
    body = {
        "customer_id": customer_id,
        "external_id": f"o-{number}",
        "placed_at": f"2026-11-{number:02}T04:00:00Z",
        "total": {"amount": amount, "currency": "TWD"},
    }
    return body | more


class TestOrderTotals:
    async def test_add_up_what_counts_by_currency(self, door: Door) -> None:
        person = (await door.made("/v1/people", {"given_name": "Ann"}))["id"]
        for body in (
            order(person, 1, "100.00"),
            order(person, 2, "50.50"),
            order(person, 3, "9.99", total={"amount": "9.99", "currency": "EUR"}),
            order(person, 4, "1.00", status="draft"),
            order(person, 5, "1.00", test=True),
        ):
            await door.made("/v1/orders", body)
        totals = (await door.who("internal").get(f"/internal/customers/{person}/order-totals")).json()
        assert totals["count"] == 3
        assert totals["net"] == [{"amount": "150.50", "currency": "TWD"}, {"amount": "9.99", "currency": "EUR"}]
        assert totals["refunded"] == [{"amount": "0.00", "currency": "TWD"}, {"amount": "0.00", "currency": "EUR"}]
        assert totals["first_placed_at"].startswith("2026-11-01")
        assert totals["last_placed_at"].startswith("2026-11-03")

    async def test_of_a_customer_without_orders_are_nothing(self, door: Door) -> None:
        person = (await door.made("/v1/people", {"given_name": "Ann"}))["id"]
        totals = (await door.who("internal").get(f"/internal/customers/{person}/order-totals")).json()
        assert totals == {"count": 0, "net": [], "refunded": [], "first_placed_at": None, "last_placed_at": None}

    async def test_another_workspace_or_rep_does_not_find_them(self, door: Door) -> None:
        person = (await door.made("/v1/people", {"given_name": "Ann"}))["id"]
        await door.made("/v1/orders", order(person, 1, "100.00"))
        path = f"/internal/customers/{person}/order-totals"
        for stranger in (door.elsewhere().who("internal"), door.who("internal", rep_id=new_id(), visibility="own")):
            assert (await stranger.get(path)).status_code == 404
