"""Wiring of sources: the verbs for requests, and the way in for the calls of shops."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from starlette.routing import Route

from services.contacts.orders.intake import OrderIntake
from services.contacts.sources.applier import DELIVERIES, RUSH, Applier
from services.contacts.sources.committer import Committer, Incoming
from services.contacts.sources.directory import PURPOSE, Directory
from services.contacts.sources.intake_rows import IntakeRows
from services.contacts.sources.rejections import Rejections
from services.contacts.sources.repository import SourcesRepository
from services.contacts.sources.service import Sources
from services.contacts.sources.webhook import WebhookDoor
from services.kit.handles import Handles
from services.kit.problems import NotFound
from services.kit.wakeups import Wakeups
from services.kit.web.app import Kit
from services.kit.worker import Worker

ALONE = 4
"""Fewer calls than this in one commit came by themselves, not together with many others."""
RUSH_SECONDS = 0.05
RUSH_ROWS = 32
"""So many calls within that time are a rush: hundreds a second. A handful that come at once are none."""


class News:
    """Tells appliers of what was stored: at once, but of many together now and then, and whether they are a rush."""

    def __init__(self, wakeups: Wakeups) -> None:
        self._wakeups = wakeups
        self._untold = 0

    def stored(self, count: int) -> None:
        """Take note of a commit of so many deliveries."""
        if count < ALONE and not self._untold:
            self._wakeups.tell(DELIVERIES)
            return
        if not self._untold:
            asyncio.get_running_loop().call_later(RUSH_SECONDS, self._tell)
        self._untold += count

    def _tell(self) -> None:
        if self._untold >= RUSH_ROWS:
            self._wakeups.tell(RUSH)
        self._untold = 0
        self._wakeups.tell(DELIVERIES)


@dataclass(frozen=True, slots=True)
class WayIn:
    """What takes the calls of shops in one process."""

    directory: Directory
    committer: Committer
    rejections: Rejections
    door: WebhookDoor

    @property
    def routes(self) -> list[Route]:
        """Routes to mount before all others."""
        return [self.door.route]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take calls while the context is open; on leaving, everything that came is stored."""
        counting = asyncio.create_task(self.rejections.run(), name="rejections")
        try:
            async with self.committer.running():
                yield
        finally:
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)


def way_in(kit: Kit) -> WayIn:
    """Return the way in of a process, not running yet."""
    rows, database, handles = IntakeRows(), kit.database, Handles(kit.vault)

    async def load(source_id: UUID) -> dict[str, Any] | None:
        try:
            found = await handles.find(database, PURPOSE, str(source_id), kit.clock.now())
        except NotFound:
            return None
        return await rows.read_caller(database.worker_pool, found.workspace_id, source_id)

    async def store(batch: Sequence[Incoming]) -> dict[UUID, UUID]:
        return await rows.store(database.worker_pool, batch)

    directory = Directory(load, kit.vault)

    committer = Committer(store, News(database.wakeups).stored)
    rejections = Rejections(database, rows, kit.clock)
    return WayIn(directory, committer, rejections, WebhookDoor(directory, committer, rejections, kit.clock))


def add_loops(worker: Worker, kit: Kit, intake: OrderIntake) -> None:
    """Let a worker work out what stored deliveries say."""
    worker.add("deliveries", Applier(kit.database, IntakeRows(), intake, kit.clock).run)


async def sources(request: Request) -> Sources:
    """Return the verbs on sources."""
    kit: Kit = request.app.state.kit
    found: WayIn | None = getattr(request.app.state, "way_in", None)
    forget = found.directory.forget if found else lambda _: None
    return Sources(SourcesRepository(), kit.vault, kit.clock, forget, lambda: kit.database.wakeups.tell(DELIVERIES))


SourcesDep = Annotated[Sources, Depends(sources)]
