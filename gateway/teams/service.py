"""What can be done with teams; every change reaches the identities of keys at once."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from gateway.keys.errors import ScopeNotHeld
from gateway.teams import repository
from gateway.teams.schemas import MAX_REPS, TeamCreate, TeamRepsCommand, TeamUpdate
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.problems import NotFound, invalid_body
from services.kit.versions import check_version

if TYPE_CHECKING:
    import asyncpg

Versions = frozenset[int] | None


class Teams:
    """The verbs on teams."""

    def __init__(self, clock: Clock, announce: Callable[[Session], None]) -> None:
        """Take the clock, and what lets every replica forget whom keys stand for once the change is durable."""
        self._clock = clock
        self._announce = announce

    async def create(self, session: Session, caller: Identity, body: TeamCreate) -> "asyncpg.Record":
        """Add a team."""
        check_sight(caller)
        row = await repository.insert(session, new_id(), body.name, distinct(body.rep_ids), self._clock.now())
        self._announce(session)
        return found(row)

    async def read(self, session: Session, team_id: UUID) -> "asyncpg.Record":
        """Return a team."""
        return found(await repository.read(session, team_id))

    async def change(
        self, session: Session, caller: Identity, team_id: UUID, body: TeamUpdate, wanted: Versions
    ) -> "tuple[asyncpg.Record, bool]":
        """Apply a merge patch; returns the team and whether anything changed."""
        row = await self._lock(session, caller, team_id, wanted)
        sent = body.changes()
        if "name" in sent and body.name is None:
            raise invalid_body("#/name", "A team always has a name.", "required")
        return await self._put(session, row, body.name or row["name"], sent.get("rep_ids", row["rep_ids"]) or [])

    async def change_reps(
        self, session: Session, caller: Identity, team_id: UUID, command: TeamRepsCommand, wanted: Versions
    ) -> "tuple[asyncpg.Record, bool]":
        """Add and remove reps; returns the team and whether anything changed."""
        row = await self._lock(session, caller, team_id, wanted)
        reps = [rep for rep in distinct([*row["rep_ids"], *command.add]) if rep not in command.remove]
        if len(reps) > MAX_REPS:
            raise invalid_body("#/add", f"A team has at most {MAX_REPS} reps.", "too_long")
        return await self._put(session, row, row["name"], reps)

    async def delete(self, session: Session, caller: Identity, team_id: UUID, wanted: Versions) -> None:
        """Delete a team; its reps see their own customers, and those of their other teams."""
        await self._lock(session, caller, team_id, wanted)
        await repository.delete(session, team_id)
        self._announce(session)

    async def _lock(self, session: Session, caller: Identity, team_id: UUID, wanted: Versions) -> "asyncpg.Record":
        check_sight(caller)
        row = found(await repository.read(session, team_id, lock=True))
        check_version(row["version"], wanted)
        return row

    async def _put(
        self, session: Session, row: "asyncpg.Record", name: str, rep_ids: Sequence[UUID]
    ) -> "tuple[asyncpg.Record, bool]":
        reps = distinct(rep_ids)
        if (name, reps) == (row["name"], row["rep_ids"]):
            return row, False
        after = await repository.update(session, row["id"], name, reps, self._clock.now())
        self._announce(session)
        return found(after), True


def check_sight(caller: Identity) -> None:
    """Raise ScopeNotHeld where somebody who does not see all customers would decide who sees whose."""
    if not caller.sees_all:
        raise ScopeNotHeld("workspace:write", f"You see {caller.visibility}, so you cannot decide who sees whose.")


def distinct(rep_ids: Sequence[UUID]) -> list[UUID]:
    """Return each rep once, in a fixed order."""
    return sorted(set(rep_ids))


def found(row: "asyncpg.Record | None") -> "asyncpg.Record":
    """Return the team, NotFound where there is none."""
    if row is None:
        raise NotFound
    return row
