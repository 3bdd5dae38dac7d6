"""What becomes of keys by being used: when it was last, and a hash under the present secret key.

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
REHASHED = """
UPDATE api_keys k SET secret_hash = u.hash
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS u (workspace_id, id, hash)
WHERE k.workspace_id = u.workspace_id AND k.id = u.id
"""


class Usage:
    """The uses of one replica since the last flush."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._used: dict[tuple[UUID, UUID], datetime] = {}
        self._hashes: dict[tuple[UUID, UUID], bytes] = {}

    def note(self, holder: Holder) -> None:
        """Remember that a key was used just now."""
        key = (holder.identity.workspace_id, holder.key_id)
        self._used[key] = self._clock.now()
        if holder.newer_hash is not None:
            self._hashes[key] = holder.newer_hash

    async def run(self) -> None:
        """Write now and then, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what has gathered; what cannot be written now is kept for the next time."""
        used, self._used = self._used, {}
        hashes, self._hashes = self._hashes, {}
        try:
            await self._write(USED, used)
            await self._write(REHASHED, hashes)
        except BaseException:
            self._used = used | self._used
            self._hashes = hashes | self._hashes
            raise

    async def _write(
        self, sql: str, values: "dict[tuple[UUID, UUID], datetime] | dict[tuple[UUID, UUID], bytes]"
    ) -> None:
        if not values:
            return
        rows = sorted((workspace, key, value) for (workspace, key), value in values.items())  # one order: no deadlock
        async with self._database.worker() as session:
            await session.execute(sql, *(list(column) for column in zip(*rows, strict=True)))
