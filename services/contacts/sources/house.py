"""Forgetting the calls of shops: they hold personal data, and what they said is long worked out."""

from datetime import timedelta

from services.contacts.sources.intake_rows import IntakeRows
from services.contacts.sources.rules import first_id_at
from services.kit.clock import Clock
from services.kit.database import Database

AT_ONCE = 1000


class DeliveryHouse:
    """Keeps the store of deliveries as small as it may be."""

    def __init__(
        self, database: Database, rows: IntakeRows, clock: Clock, kept_days: int, at_once: int = AT_ONCE
    ) -> None:
        self._database = database
        self._rows = rows
        self._clock = clock
        self._kept = timedelta(days=kept_days)
        self._at_once = at_once

    async def tidy(self) -> None:
        """Forget what is older than it may be, in short transactions."""
        before = first_id_at(self._clock.now() - self._kept)
        forgotten = self._at_once
        while forgotten == self._at_once:
            async with self._database.worker() as session:
                forgotten = await self._rows.forget(session, before, self._at_once)
