"""Which customer an id means, whatever kind it is and whoever it was joined into."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.callers import may_see
from services.contacts.customers.repository import CustomersRepository
from services.contacts.vocabulary import ActivityRead
from services.contracts.contacts import CustomerType
from services.kit.database import Session
from services.kit.identity import Identity

if TYPE_CHECKING:
    import asyncpg

MAX_JOINS = 20
"""Joins in a row that are followed; each keeps the older id, so real chains are short."""

BEHIND = {
    "orders:read": ("orders_count", "last_order_at"),
    "interactions:read": ("interactions_count", "last_interaction_at"),
}
"""What is null without a scope."""


@dataclass(frozen=True, slots=True)
class Known:
    """A customer who is there."""

    id: UUID
    type: CustomerType
    display_name: str | None


class Customers:
    """People and accounts as one id space."""

    def __init__(self, rows: CustomersRepository) -> None:
        self.rows = rows

    async def find(self, session: Session, caller: Identity, ids: Iterable[UUID]) -> dict[UUID, Known]:
        """Return the customers that ids mean; ids of nobody, or of nobody the caller may see, are left out."""
        meant = {asked: asked for asked in ids}
        seen: dict[UUID, asyncpg.Record] = {}
        for _ in range(MAX_JOINS):
            missing = sorted(set(meant.values()) - set(seen))
            rows = await self.rows.find(session, missing) if missing else []
            seen |= {row["id"]: row for row in rows}
            moved = {
                asked: seen[target]["merged_into"]
                for asked, target in meant.items()
                if target in seen and seen[target]["merged_into"]
            }
            if not moved:
                break
            meant |= moved
        return {
            asked: Known(target, seen[target]["type"], seen[target]["display_name"])
            for asked, target in meant.items()
            if target in seen and not seen[target]["deleted_at"] and may_see(caller, dict(seen[target]))
        }

    async def activity(
        self, session: Session, caller: Identity, ids: Sequence[UUID], include: Collection[str]
    ) -> dict[UUID, ActivityRead]:
        """Return what has happened with customers, where it is asked for; what the caller may not read is null."""
        if "activity" not in include:
            return {}
        hidden = [name for scope, names in BEHIND.items() if not caller.may(scope) for name in names]
        rows = await self.rows.activity(session, ids)
        return {row["id"]: ActivityRead.model_validate(dict(row) | dict.fromkeys(hidden)) for row in rows}
