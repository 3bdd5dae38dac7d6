"""Keeping the journal tidy: room for the days to come, and days that are over dropped."""

import asyncio
from datetime import timedelta

import structlog

from gateway.events import repository
from gateway.events.rules import ROOM_DAYS
from services.kit.clock import Clock
from services.kit.database import Database

log = structlog.get_logger(__name__)

EVERY_SECONDS = 3600.0


class JournalHouse:
    """The housekeeping of the journal; any number of processes may do it."""

    def __init__(self, database: Database, clock: Clock, *, retention_days: int) -> None:
        self._database = database
        self._clock = clock
        self._retention = timedelta(days=retention_days)

    async def run(self) -> None:
        """Keep house until cancelled."""
        while True:
            await self.tidy()
            await asyncio.sleep(EVERY_SECONDS)

    async def tidy(self) -> int:
        """Make room and drop what is older than the retention; return how many days went."""
        async with self._database.worker() as session:
            await repository.ensure_partitions(session, ROOM_DAYS)
            dropped = await repository.drop_partitions(session, self._clock.now() - self._retention)
        if dropped:
            log.info("journal_purged", days=dropped)
        return dropped
