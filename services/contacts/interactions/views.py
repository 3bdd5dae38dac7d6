"""How a row of `interactions` looks to a caller."""

from typing import TYPE_CHECKING, Any, TypeAlias

from services.contacts.interactions.schemas import InteractionPage, InteractionRead
from services.kit.money import Money
from services.kit.web.lists import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

Row: TypeAlias = "Mapping[str, Any] | asyncpg.Record"


def page_of(rows: Rows) -> InteractionPage:
    """Return a page of interactions."""
    items = [with_refs(row) for row in rows.items]
    return InteractionPage.model_validate({"items": items, "next_cursor": rows.next_cursor, "count": rows.count})


def interaction_of(row: Row) -> InteractionRead:
    """Return an interaction in full."""
    cost = Money.of_minor(row["cost_minor"], row["cost_currency"]) if row["cost_currency"] else None
    return InteractionRead.model_validate(with_refs(row) | {"cost": cost})


def with_refs(row: Row) -> dict[str, Any]:
    """Return a row with references to its customer and rep."""
    rep_id = row["rep_id"]
    customer = {"id": row["customer_id"], "type": row["customer_type"], "display_name": row["customer_name"]}
    rep = {"id": rep_id, "type": "rep", "display_name": row["rep_name"]} if rep_id else None
    return {**dict(row), "customer": customer, "rep": rep}
