"""Counting calls whose signature did not fit: shown in the source's health, written down now and then."""

import asyncio
from collections import Counter
from uuid import UUID

from services.contacts.sources.intake_rows import IntakeRows
from services.kit.clock import Clock
from services.kit.database import Database

PAUSE_SECONDS = 2.0


class Rejections:
    """Gathers rejected calls per source; nothing of them is kept, since anybody can make them."""

    def __init__(self, database: Database, rows: IntakeRows, clock: Clock) -> None:
        self.rows = rows
        self._database = database
        self._clock = clock
        self._counts: Counter[tuple[UUID, UUID]] = Counter()

    def note(self, workspace_id: UUID, source_id: UUID) -> None:
        """Count one."""
        self._counts[workspace_id, source_id] += 1

    async def write(self) -> None:
        """Add what was counted to the sources."""
        counts, self._counts = self._counts, Counter()
        if counts:
            async with self._database.worker() as session:
                await self.rows.add_rejections(session, counts, self._clock.now())

    async def run(self) -> None:
        """Write every other second, for ever."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            await self.write()
