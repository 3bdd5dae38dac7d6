"""Which customer an id means, whatever kind it is and whoever it was joined into."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.contacts.callers import may_see
from services.contacts.customers.repository import CustomersRepository
from services.contracts.contacts import CustomerType
from services.kit.database import Session
from services.kit.identity import Identity

if TYPE_CHECKING:
    import asyncpg

MAX_JOINS = 20
"""Joins in a row that are followed; each keeps the older id, so real chains are short."""


@dataclass(frozen=True, slots=True)
class Refs:
    """What some ids name."""

    named: Mapping[UUID, Mapping[str, Any]]

    def to(self, kind: str, row_id: UUID | None) -> dict[str, Any] | None:
        """Return the reference to something of a kind."""
        blank = {"id": row_id, "type": kind, "display_name": None, "key": None}
        return blank | {**self.named.get(row_id, {})} if row_id else None


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

    async def refs(self, session: Session, caller: Identity, ids: Iterable[UUID | None]) -> "Refs":
        """Return references to what ids name; without a name where the caller may not see it."""
        wanted = sorted({one for one in ids if one})
        rows = await self.rows.names(session, caller, wanted) if wanted else []
        return Refs({row["id"]: dict(row) for row in rows})

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
