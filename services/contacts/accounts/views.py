"""How a row of `accounts` looks to a caller."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from services.contacts.accounts.schemas import AccountPage, AccountRead
from services.contacts.people.views import NOTHING, Row, designation_of, rep_ref
from services.contacts.vocabulary import ActivityRead
from services.kit.money import Money
from services.kit.web.schemas import Count


def page_of(
    rows: Iterable[Row],
    next_cursor: str | None,
    count: Count | None,
    activity: Mapping[UUID, ActivityRead] = NOTHING,
) -> AccountPage:
    """Return a page of accounts."""
    items = [summary_values(row, activity) for row in rows]
    return AccountPage.model_validate({"items": items, "next_cursor": next_cursor, "count": count})


def account_of(row: Row, activity: Mapping[UUID, ActivityRead] = NOTHING) -> AccountRead:
    """Return an account in full."""
    more = {"designation": designation_of(row), "potential": potential_of(row)}
    return AccountRead.model_validate(summary_values(row, activity) | more)


def summary_values(row: Row, activity: Mapping[UUID, ActivityRead]) -> dict[str, Any]:
    """Return a row with what is made of several columns."""
    owner = rep_ref(row["owner_rep_id"], row["owner_name"])
    return {
        **dict(row),
        "type": "account",
        "display_name": row["name"],
        "owner_rep": owner,
        "activity": activity.get(row["id"]),
    }


def potential_of(row: Row) -> dict[str, Money | None]:
    """Return the market potential as money."""
    currency = row["potential_currency"]
    return {
        name: Money.of_minor(row[f"{name}_minor"], currency) if row[f"{name}_minor"] is not None else None
        for name in ("total_market", "not_serviceable")
    }
