"""How a customer reads: the row as clients see it, without what the key may not read."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.campaigns.customers.rules import CARE, ORDERS, SCORES, TALKS
from services.campaigns.customers.schemas import CustomerRead, CustomerSummary, ScoreBrief
from services.kit.identity import Identity
from services.kit.money import Money
from services.kit.web.schemas import Ref

if TYPE_CHECKING:
    import asyncpg

GUARDED = {
    ORDERS: ("net_revenue", "orders_count", "last_order_at", "first_order_at", "purchase_days"),
    SCORES: ("overdue_ratio",),
    TALKS: ("last_contact_at",),
    CARE: ("next_reminder_at", "open_reminders"),
}
"""What is null without a scope."""


def summary(row: "asyncpg.Record", caller: Identity) -> CustomerSummary:
    """Return a customer in short."""
    return CustomerSummary.model_validate(shown(row, caller))


def whole(row: "asyncpg.Record", caller: Identity) -> CustomerRead:
    """Return all that the audience knows of a customer."""
    return CustomerRead.model_validate(shown(row, caller))


def shown(row: "asyncpg.Record", caller: Identity) -> dict[str, Any]:
    """Return a row's values as clients see them."""
    hidden = {name for scope, names in GUARDED.items() if not caller.may(scope) for name in names}
    values = dict(row) | {
        "owner_rep": rep(row["owner_rep_id"]),
        "designated_rep": rep(row["designated_rep_id"]),
        "scores": scores(row) if caller.may(SCORES) else {},
        "net_revenue": revenue(row),
        "open_cases": None,
    }
    return values | dict.fromkeys(hidden)


def rep(rep_id: UUID | None) -> Ref | None:
    """Return a reference to a rep, whose name is filled on the way out."""
    return Ref(id=rep_id, type="rep", display_name=None) if rep_id else None


def scores(row: "asyncpg.Record") -> dict[str, ScoreBrief]:
    """Return every score in short."""
    return {
        kind: ScoreBrief(value=score["value"], points=None if score["points"] is None else float(score["points"]))
        for kind, score in row["scores"].items()
    }


def revenue(row: "asyncpg.Record") -> Money | None:
    """Return the year's net revenue, None while the customer is not scored."""
    if row["net_revenue_minor"] is None or row["currency"] is None:
        return None
    return Money.of_minor(row["net_revenue_minor"], row["currency"])
