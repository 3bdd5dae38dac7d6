"""Reading the journal: what a caller may see behind a position, waiting for it where nothing is there yet."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from gateway.door.calls import Calls
from gateway.events import repository
from gateway.events.errors import PositionExpired
from gateway.events.rules import START, Position, PositionSeal
from gateway.events.shapes import KINDS
from services.kit.database import Database
from services.kit.identity import Identity
from services.kit.problems import bad_parameter
from services.kit.secrets import Vault
from services.kit.wakeups import wait_for

if TYPE_CHECKING:
    import asyncpg

LATEST = "latest"
OWNER = "contacts"
NAMES = "/internal/names"
WINDOW = 20_000
"""Positions that one statement looks through for events that a caller may see."""
WINDOWS = 20
POLL_SECONDS = 5.0


def topic(workspace_id: UUID) -> str:
    """Return the wake-up of a workspace's journal: who waits for one is not woken by others."""
    return f"journal.{workspace_id}"


@dataclass(frozen=True, slots=True)
class Found:
    """Events, and the position behind all that was looked at."""

    rows: "list[asyncpg.Record]"
    place: Position


class Journal:
    """What happened, for callers who pull."""

    def __init__(self, database: Database, vault: Vault, calls: Calls) -> None:
        self._database = database
        self._vault = vault
        self._calls = calls

    async def seal(self, caller: Identity) -> PositionSeal:
        """Return what turns places of the caller's journal into texts."""
        epoch = await repository.epoch(self._database)
        return PositionSeal(self._vault.keyed_hash("journal", ""), epoch, str(caller.workspace_id))

    async def place(self, caller: Identity, seal: PositionSeal, after: str | None) -> Position:
        """Return the place that a caller wants to go on from; PositionExpired where events behind it are gone."""
        if after is None:
            return START
        if after == LATEST:
            async with self._database.read(caller.workspace_id) as session:
                return await repository.head(session)
        try:
            place = seal.open(after)
        except ValueError as error:
            raise bad_parameter("after", "It is no position of this journal.") from error
        async with self._database.read(caller.workspace_id) as session:
            head = await repository.head(session)
            first = await repository.first_after(session, place or START)
        if place is not None and place.number < head.number and (first is None or first.number > place.number + 1):
            place = None
        if place is None or place.number > head.number:
            begin = Position(first.number - 1, first.second) if first else head
            raise PositionExpired(oldest=seal.seal(begin))
        return place

    async def wait(self, caller: Identity, place: Position, types: list[str], limit: int, seconds: float) -> Found:
        """Return events behind a place, waiting for the first one; no connection is held meanwhile."""
        deadline = time.monotonic() + seconds
        wakeups = self._database.wakeups
        while True:
            wake = wakeups.next(topic(caller.workspace_id))
            found = await self._read(caller, place, types, limit)
            left = deadline - time.monotonic()
            if found.rows or left <= 0 or wakeups.closing:
                return found
            place = found.place
            await wait_for(wake, min(left, POLL_SECONDS))

    async def _read(self, caller: Identity, place: Position, types: list[str], limit: int) -> Found:
        for _ in range(WINDOWS):
            async with self._database.read(caller.workspace_id) as session:
                head = await repository.head(session)
                last = min(head.number, place.number + WINDOW)
                rows = await repository.read(session, place, last, types, limit)
            if len(rows) == limit:
                end = repository.place_of(rows[-1]["position"], rows[-1]["recorded_at"])
            else:
                end = head if last == head.number else Position(last, place.second)
            seen = await self._seen(caller, rows)
            if seen or end.number >= head.number:
                return Found(seen, end)
            place = end
        return Found([], place)

    async def _seen(self, caller: Identity, rows: "list[asyncpg.Record]") -> "list[asyncpg.Record]":
        """Return the events of customers whom the caller sees; their owner, contacts, knows who that is now."""
        customers = {str(row["customer_id"]) for row in rows if row["customer_id"]}
        if caller.sees_all or not customers:
            return rows
        answer = await self._calls.post(OWNER, NAMES, caller, {"internal"}, {"ids": sorted(customers)})
        known = {one["id"] for one in answer["items"]}
        return [row for row in rows if row["customer_id"] is None or str(row["customer_id"]) in known]


def readable(caller: Identity, wanted: list[str]) -> list[str]:
    """Return the types that a caller may read, of those that he wants (none named: all)."""
    return [
        name
        for name, kind in KINDS.items()
        if (kind.scope is None or caller.may(kind.scope)) and (not wanted or name in wanted)
    ]
