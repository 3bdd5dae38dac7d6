"""When keys were used last.

Gathered in memory and written now and then, so that no request costs a write.
"""

import asyncio
from typing import TYPE_CHECKING

from gateway.door.keyring import Holder
from services.kit.clock import Clock
from services.kit.database import Database

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

FLUSH_SECONDS = 10.0
USED = """
UPDATE api_keys k SET last_used_at = u.at
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS u (workspace_id, id, at)
WHERE k.workspace_id = u.workspace_id AND k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)
"""


class Usage:
    """The uses of one replica since the last flush."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._used: dict[tuple[UUID, UUID], datetime] = {}

    def note(self, holder: Holder) -> None:
        """Remember that a key was used just now."""
        if holder.identity.actor_kind == "key":
            self._used[holder.identity.workspace_id, holder.key_id] = self._clock.now()

    async def run(self) -> None:
        """Write now and then, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what has gathered; what cannot be written now is kept for the next time."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._write(used)
        except BaseException:
            self._used = used | self._used
            raise

    async def _write(self, used: "dict[tuple[UUID, UUID], datetime]") -> None:
        rows = sorted((workspace, key, at) for (workspace, key), at in used.items())  # one order: no deadlock
        async with self._database.worker() as session:
            await session.execute(USED, *(list(column) for column in zip(*rows, strict=True)))
