"""Keeping the store of files tidy."""

from datetime import timedelta

from services.contacts.imports.repository import ImportsRepository
from services.contacts.sources.rules import first_id_at
from services.kit.clock import Clock
from services.kit.database import Database

KEPT = timedelta(days=1)
"""How long an upload may take, and a failed import be resumed with its file still there."""


class ImportHouse:
    """Forgets files that nobody will read any more."""

    def __init__(self, database: Database, rows: ImportsRepository, clock: Clock) -> None:
        self._database = database
        self._rows = rows
        self._clock = clock

    async def tidy(self) -> None:
        """Forget files a day after their import ended, or was never completed; imports together with their jobs."""
        before = first_id_at(self._clock.now() - KEPT)
        async with self._database.worker() as session:
            await self._rows.drop_orphans(session, before)
            await self._rows.drop_forgotten(session, before)
