"""How a row of `interactions` looks to a caller."""

from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from services.contacts.customers.service import Refs
from services.contacts.interactions.schemas import InteractionPage, InteractionRead
from services.kit.money import Money
from services.kit.web.lists import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

Row: TypeAlias = "Mapping[str, Any] | asyncpg.Record"
PARTICIPANTS = ("person", "rep")


def page_of(rows: Rows) -> InteractionPage:
    """Return a page of interactions."""
    items = [with_refs(row) for row in rows.items]
    return InteractionPage.model_validate({"items": items, "next_cursor": rows.next_cursor, "count": rows.count})


def interaction_of(row: Row, refs: Refs) -> InteractionRead:
    """Return an interaction in full; `refs` are those to its participants."""
    cost = Money.of_minor(row["cost_minor"], row["cost_currency"]) if row["cost_currency"] else None
    participants = [
        {**entry, **{kind: refs.to(kind, participant_id(entry, kind)) for kind in PARTICIPANTS}}
        for entry in row["participants"]
    ]
    return InteractionRead.model_validate(with_refs(row) | {"cost": cost, "participants": participants})


def participant_ids(row: Row) -> list[UUID | None]:
    """Return the ids of those who took part."""
    return [participant_id(entry, kind) for entry in row["participants"] for kind in PARTICIPANTS]


def participant_id(entry: "Mapping[str, Any]", kind: str) -> UUID | None:
    """Return whom of ours a participant is."""
    value = entry[f"{kind}_id"]
    return UUID(value) if value else None


def with_refs(row: Row) -> dict[str, Any]:
    """Return a row with references to its customer and rep."""
    rep_id = row["rep_id"]
    customer = {"id": row["customer_id"], "type": row["customer_type"], "display_name": row["customer_name"]}
    rep = {"id": rep_id, "type": "rep", "display_name": row["rep_name"]} if rep_id else None
    return {**dict(row), "customer": customer, "rep": rep}
