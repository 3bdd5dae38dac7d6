"""Read your writes across services: a write says where its events stand, a later read waits until they have arrived.

A write answers `Kith-Position: contacts:4711`, the sequence number of its last event. A read elsewhere with
`Kith-After: contacts:4711` waits a moment until the answering service has applied that event, else answers with
`Kith-Stale: true`. Of its own writes a service is never stale.
"""

import asyncio
import re
import time
from dataclasses import dataclass

from services.kit.client import Peers, system_identity
from services.kit.database import CONNECTION_SECONDS, Database
from services.kit.feeds.events import Place
from services.kit.feeds.feed import STATE
from services.kit.feeds.protocol import POSITION_PATH, SCOPE
from services.kit.problems import BadRequest, ErrorItem, Problem
from services.kit.wakeups import EVENTS, wait_for

POSITION_HEADER = "Kith-Position"
AFTER_HEADER = "Kith-After"
STALE_HEADER = "Kith-Stale"
PATIENCE_SECONDS = 2.0
LOOK_SECONDS = 0.02
FORM = re.compile(r"([a-z]{1,32}):([0-9]{1,18})")
MAX_POSITIONS = 8

WAITING = "SELECT EXISTS (SELECT 1 FROM outbox WHERE seq = $1)"
REACHED = "SELECT bool_and(epoch = $2 AND position >= $3) FROM cursors WHERE follower LIKE '%-from-' || $1"


@dataclass(frozen=True, slots=True)
class Mark:
    """The place of a write: its service and the sequence number of its last event."""

    service: str
    number: int


def marks_of(header: str) -> list[Mark]:
    """Return the marks in a Kith-After header; BadRequest for anything else."""
    found = [FORM.fullmatch(part.strip()) for part in header.split(",")]
    if not all(found) or len(found) > MAX_POSITIONS:
        message = "Send what Kith-Position answered, for example contacts:4711; several separated by commas."
        raise BadRequest(message, errors=[ErrorItem("header", message, name=AFTER_HEADER)])
    return [Mark(match[1], int(match[2])) for match in found if match]


async def numbered(database: Database, number: int) -> Place:
    """Return a place of our feed at or behind the event with this sequence number, once it has been numbered."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        wake = database.wakeups.next(EVENTS)
        async with database.worker_pool.acquire(timeout=CONNECTION_SECONDS) as connection:
            waiting = await connection.fetchval(WAITING, number)
            state = await connection.fetchrow(STATE)
        left = deadline - time.monotonic()
        if state and (not waiting or left <= 0):
            # Where time ran out, one past the head is a place that nobody has reached.
            return Place(state["epoch"], state["head"] + (1 if waiting else 0))
        await wait_for(wake, max(LOOK_SECONDS, min(left, 0.25)))


class Positions:
    """Waits, on behalf of reads in one service, for the writes of others to arrive."""

    def __init__(self, service: str, database: Database, peers: Peers, *, follows_itself: bool = False) -> None:
        self._database = database
        self._peers = peers
        self._identity = system_identity(service)
        self._service = service
        self._fresh = None if follows_itself else service
        """Of its own writes a service is never stale, but for one that follows its own feed into something else."""

    async def wait(self, header: str) -> bool:
        """Wait up to two seconds; tell whether everything has arrived."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        marks = [mark for mark in marks_of(header) if mark.service != self._fresh]
        return all(await asyncio.gather(*(self._arrived(mark, deadline) for mark in marks)))

    async def _arrived(self, mark: Mark, deadline: float) -> bool:
        if not await self._follows(mark.service):
            return True
        place = await self._place(mark)
        while place:
            async with self._database.worker_pool.acquire(timeout=CONNECTION_SECONDS) as connection:
                if await connection.fetchval(REACHED, mark.service, place.epoch, place.position):
                    return True
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return False

    async def _follows(self, producer: str) -> bool:
        async with self._database.worker_pool.acquire(timeout=CONNECTION_SECONDS) as connection:
            known = await connection.fetchval(REACHED, producer, "", 0)
        return known is not None

    async def _place(self, mark: Mark) -> Place | None:
        """Ask the writer's service where its event stands; None where it cannot be asked."""
        if mark.service == self._service:
            return await numbered(self._database, mark.number)
        try:
            response = await self._peers.client(mark.service).get(
                POSITION_PATH,
                identity=self._identity,
                scopes=frozenset({SCOPE}),
                params={"number": mark.number},
                seconds=PATIENCE_SECONDS + 1,
            )
        except (Problem, KeyError):
            return None
        return Place.parse(response.json()["place"])
