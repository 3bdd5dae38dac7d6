"""Forgetting kept replies in time: after their hours, and those that hold a secret after ten minutes."""

import asyncio

from services.kit.clock import Clock
from services.kit.database import Database
from services.kit.web.idempotency import purge_replies
from services.kit.worker import Worker

EVERY_SECONDS = 60.0
MANY = 5000


def add_reply_purge(worker: Worker, database: Database, clock: Clock) -> None:
    """Let a process forget the kept replies of its schema; any number of processes may."""
    worker.add("reply-purge", lambda: keep_purging(database, clock))


async def keep_purging(database: Database, clock: Clock, every_seconds: float = EVERY_SECONDS) -> None:
    """Purge until cancelled."""
    while True:
        async with database.worker() as session:
            purged = await purge_replies(session, clock.now(), MANY)
        if purged < MANY:
            await asyncio.sleep(every_seconds)
