"""How a row of `orders` looks to a caller."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from services.contacts.orders.schemas import OrderPage, OrderRead
from services.contacts.written import Row
from services.kit.money import Money, convert
from services.kit.web.lists import Rows

AMOUNTS = ("total", "subtotal", "discount", "tax", "shipping", "refunded", "net")


def page_of(rows: Rows) -> OrderPage:
    """Return a page of orders."""
    items = [shown(dict(row)) for row in rows.items]
    return OrderPage.model_validate({"items": items, "next_cursor": rows.next_cursor, "count": rows.count})


def order_of(row: Row) -> OrderRead:
    """Return an order in full."""
    values = shown(dict(row))
    values["net_reporting"] = in_reporting(row, row["net_minor"])
    values["rep"] = ref(row["rep_id"], "rep", row["rep_name"])
    return OrderRead.model_validate(values)


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with amounts as money and ids with names."""
    currency = row["currency"]
    customer_name = row["account_name"] if row["account_id"] else row["buyer_name"]
    return {
        **row,
        **{name: money(row[f"{name}_minor"], currency) for name in AMOUNTS},
        "type": "order",
        "source": source_ref(row),
        "customer": ref(row["customer_id"], row["customer_type"], customer_name),
        "buyer": ref(row["buyer_id"], "person", row["buyer_name"]),
        "account": ref(row["account_id"], "account", row["account_name"]),
        "total_reporting": in_reporting(row, row["total_minor"]),
        "items": [item(entry, currency) for entry in row["items"]],
        "refunds": [{**entry, "amount": money(entry["amount_minor"], currency)} for entry in row["refunds"]],
    }


def money(minor: int | None, currency: str) -> Money | None:
    """Return minor units as money."""
    return None if minor is None else Money.of_minor(minor, currency)


def item(entry: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return a line with its amounts as money."""
    return {
        **entry,
        "unit_price": money(entry["unit_price_minor"], currency),
        "total": money(entry["total_minor"], currency),
    }


def ref(row_id: object, kind: str, name: str | None) -> dict[str, Any] | None:
    """Return a reference with its name."""
    return {"id": row_id, "type": kind, "display_name": name} if row_id else None


def source_ref(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the reference to the source, which carries its key too."""
    found = ref(row["source_id"], "source", row["source_name"])
    return found and found | {"key": row["source_key"]}


def in_reporting(row: Row, minor: int) -> Money | None:
    """Return an amount in the reporting currency at the rate of the order's local day; None without a rate."""
    into = row["reporting_currency"]
    rate = Decimal(1) if row["currency"] == into else row["rate"]
    if into is None or rate is None:
        return None
    return money(convert(minor, row["currency"], rate, into), into)
