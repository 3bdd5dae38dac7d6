"""How a row of `accounts` looks to a caller."""

from typing import Any

from services.contacts.accounts.schemas import AccountRead, AccountSummary
from services.contacts.people.views import Row, designation_of, rep_ref
from services.kit.money import Money


def summary_of(row: Row) -> AccountSummary:
    """Return an account as it stands in lists."""
    return AccountSummary.model_validate(summary_values(row))


def account_of(row: Row) -> AccountRead:
    """Return an account in full."""
    more = {"designation": designation_of(row), "potential": potential_of(row)}
    return AccountRead.model_validate(summary_values(row) | more)


def summary_values(row: Row) -> dict[str, Any]:
    """Return a row with what is made of several columns."""
    owner = rep_ref(row["owner_rep_id"], row["owner_name"])
    return {**dict(row), "type": "account", "display_name": row["name"], "owner_rep": owner}


def potential_of(row: Row) -> dict[str, Money | None]:
    """Return the market potential as money."""
    currency = row["potential_currency"]
    return {
        name: Money.of_minor(row[f"{name}_minor"], currency) if row[f"{name}_minor"] is not None else None
        for name in ("total_market", "not_serviceable")
    }
