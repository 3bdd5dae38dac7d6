"""What can be done with teams; every change reaches the identities of keys at once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from gateway.door.names import Ref
from gateway.keys.errors import ScopeNotHeld
from gateway.teams import repository
from gateway.teams.schemas import MAX_REPS, TeamCreate, TeamRepsCommand, TeamUpdate
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.problems import ErrorItem, Invalid, NotFound, invalid_body
from services.kit.versions import check_version

if TYPE_CHECKING:
    import asyncpg

Versions = frozenset[int] | None
Names = Callable[[Identity, list[str]], Awaitable[Mapping[str, Ref]]]
"""Asks the owner of names what ids stand for; what the caller cannot see is left out."""


class Teams:
    """The verbs on teams."""

    def __init__(self, clock: Clock, announce: Callable[[Session], None], names: Names) -> None:
        """Take the clock, what lets every replica forget whom keys stand for once a change is durable, and names."""
        self._clock = clock
        self._announce = announce
        self._names = names

    async def known(self, caller: Identity, ids: Sequence[UUID]) -> frozenset[UUID]:
        """Return which ids are reps of the caller's workspace. Asks another service: before a transaction begins."""
        found = await self._names(caller, [str(rep) for rep in ids]) if ids else {}
        return frozenset(UUID(ref["id"]) for ref in found.values() if ref["type"] == "rep")

    async def create(
        self, session: Session, caller: Identity, body: TeamCreate, known: frozenset[UUID]
    ) -> "asyncpg.Record":
        """Add a team of known reps."""
        check_sight(caller)
        check_reps(body.rep_ids, known, "#/rep_ids")
        row = await repository.insert(session, new_id(), body.name, distinct(body.rep_ids), self._clock.now())
        self._announce(session)
        return found(row)

    async def read(self, session: Session, team_id: UUID) -> "asyncpg.Record":
        """Return a team."""
        return found(await repository.read(session, team_id))

    async def change(
        self,
        session: Session,
        caller: Identity,
        team_id: UUID,
        body: TeamUpdate,
        known: frozenset[UUID],
        wanted: Versions,
    ) -> "tuple[asyncpg.Record, bool]":
        """Apply a merge patch; returns the team and whether anything changed."""
        row = await self._lock(session, caller, team_id, wanted)
        check_reps(body.rep_ids or [], known, "#/rep_ids")
        sent = body.changes()
        if "name" in sent and body.name is None:
            raise invalid_body("#/name", "A team always has a name.", "required")
        return await self._put(session, row, body.name or row["name"], sent.get("rep_ids", row["rep_ids"]) or [])

    async def change_reps(
        self,
        session: Session,
        caller: Identity,
        team_id: UUID,
        command: TeamRepsCommand,
        known: frozenset[UUID],
        wanted: Versions,
    ) -> "tuple[asyncpg.Record, bool]":
        """Add and remove reps; returns the team and whether anything changed."""
        row = await self._lock(session, caller, team_id, wanted)
        check_reps(command.add, known, "#/add")
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


def check_reps(rep_ids: Sequence[UUID], known: frozenset[UUID], pointer: str) -> None:
    """Raise Invalid where ids are of no rep here, and name each by its place."""
    message = "There is no such rep."
    errors = [
        ErrorItem("body", message, "unknown_rep", pointer=f"{pointer}/{place}")
        for place, rep in enumerate(rep_ids)
        if rep not in known
    ]
    if errors:
        raise Invalid(message, errors=errors)


def distinct(rep_ids: Sequence[UUID]) -> list[UUID]:
    """Return each rep once, in a fixed order."""
    return sorted(set(rep_ids))


def found(row: "asyncpg.Record | None") -> "asyncpg.Record":
    """Return the team, NotFound where there is none."""
    if row is None:
        raise NotFound
    return row
