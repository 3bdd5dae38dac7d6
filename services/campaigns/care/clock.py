"""The clock of care: looks again and again for what time alone has made due."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.campaigns.care.service import Care
from services.kit.database import Database, Session

log = structlog.get_logger(__name__)

CHUNK = 500
"""Customers or reminders in one transaction, so that nobody waits long for a row."""

Step = Callable[[Session, int], Awaitable[int]]


class CareClock:
    """Works off everything that is due, in short transactions. Any number of processes may run one."""

    def __init__(self, database: Database, care: Care, seconds: float, chunk: int = CHUNK) -> None:
        self._database = database
        self._steps: tuple[Step, ...] = (care.sweep, care.look_by_the_clock)
        self._seconds = seconds
        self._chunk = chunk

    async def run(self) -> None:
        """Work off what is due, then sleep; until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(self._seconds)

    async def round(self) -> int:
        """Work off everything that is due now; return how much it was."""
        done = 0
        for step in self._steps:
            while count := await self._chunk_of(step):
                done += count
                if count < self._chunk:
                    break
        if done:
            log.info("care_round", done=done)
        return done

    async def _chunk_of(self, step: Step) -> int:
        async with self._database.worker() as session:
            return await step(session, self._chunk)
