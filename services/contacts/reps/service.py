"""What can be done with reps: create, read, change, list."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.contacts.reps.errors import RepEmailTaken
from services.contacts.reps.repository import RepsRepository
from services.contacts.reps.schemas import RepCreate, RepUpdate
from services.contracts.contacts import RepChanged
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds.outbox import publish
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.problems import NotFound, invalid_body
from services.kit.versions import check_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

NEVER_EMPTY = ("display_name", "active")


class Reps:
    """The verbs on reps."""

    def __init__(self, rows: RepsRepository, clock: Clock) -> None:
        self.rows = rows
        self._clock = clock

    async def create(self, session: Session, body: RepCreate) -> "asyncpg.Record":
        """Create a rep; RepEmailTaken where another one has the address."""
        row = await self.rows.insert(session, new_id(), body.model_dump(), self._clock.now())
        if row is None:
            raise await self._taken(session, str(body.email))
        await publish(session, [event_of(row)])
        return row

    async def read(self, session: Session, rep_id: UUID) -> "asyncpg.Record":
        """Return a rep."""
        row = await self.rows.read(session, rep_id)
        if row is None:
            raise NotFound
        return row

    async def change(
        self, session: Session, rep_id: UUID, body: RepUpdate, wanted: frozenset[int] | None
    ) -> "asyncpg.Record":
        """Apply a merge patch."""
        row = await self.rows.read(session, rep_id, lock=True)
        if row is None:
            raise NotFound
        check_version(row["version"], wanted)
        changes = {name: value for name, value in body.changes().items() if row[name] != value}
        for name in NEVER_EMPTY:
            if name in changes and changes[name] is None:
                raise invalid_body(f"#/{name}", "A rep always has one.", "required")
        if not changes:
            return row
        if changes.get("email") and await self.rows.with_email(session, changes["email"]):
            raise await self._taken(session, changes["email"])
        after = await self.rows.update(session, rep_id, changes, self._clock.now())
        if after is None:
            raise NotFound
        await publish(session, [event_of(after)])
        return after

    async def _taken(self, session: Session, email: str) -> RepEmailTaken:
        existing = await self.rows.with_email(session, email)
        return RepEmailTaken(existing_id=str(existing) if existing else None, matched_on="email")


async def languages(session: Session, caller: Identity) -> list[str | None]:
    """Return the languages that the caller's rep and the workspace prefer."""
    return await RepsRepository().languages(session, caller.rep_id)


def event_of(row: "Mapping[str, Any] | asyncpg.Record") -> RepChanged:
    """Return what the other services are told about a rep."""
    return RepChanged(
        rep_id=row["id"],
        version=row["version"],
        active=row["active"],
        time_zone=row["time_zone"],
        locale=row["locale"],
    )
