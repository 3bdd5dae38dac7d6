"""Public handles: unguessable texts in links that need no key; each stands for one object, for one purpose."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import UNREACHABLE, Database, Session
from services.kit.problems import NotFound, Unavailable
from services.kit.secrets import Vault

if TYPE_CHECKING:
    import asyncpg

HANDLE_BYTES = 24
HASH_PURPOSE = "public-handle"

INSERT = """
INSERT INTO public_handles (handle_hash, purpose, workspace_id, object_id, expires_at) VALUES ($1, $2, $3, $4, $5)
"""
REVOKE = """
UPDATE public_handles SET revoked_at = $3
WHERE workspace_id = $1 AND object_id = $2 AND purpose = $4 AND revoked_at IS NULL
"""
FIND = "SELECT workspace_id, object_id, expires_at, revoked_at FROM find_public_handle($1, $2)"


@dataclass(frozen=True, slots=True)
class Found:
    """What a handle stands for. Go on under row security with this workspace, for this purpose only."""

    workspace_id: UUID
    object_id: UUID


class Handles:
    """The handles of one service. Only keyed hashes are stored: whoever reads the table can use none of them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def create(
        self, session: Session, purpose: str, object_id: UUID, *, expires_at: datetime | None = None
    ) -> str:
        """Return a new handle for an object of the session's workspace; it cannot be read again."""
        handle = base64.urlsafe_b64encode(secrets.token_bytes(HANDLE_BYTES)).decode()
        await self.keep(session, purpose, handle, object_id, expires_at=expires_at)
        return handle

    async def keep(
        self, session: Session, purpose: str, handle: str, object_id: UUID, *, expires_at: datetime | None = None
    ) -> None:
        """Keep a handle that somebody else chose, such as the id in a webhook's address."""
        hashed = self._vault.keyed_hash(HASH_PURPOSE, handle)
        await session.execute(INSERT, hashed, purpose, session.tenant, object_id, expires_at)

    async def revoke(self, session: Session, purpose: str, object_id: UUID, now: datetime) -> int:
        """Make all handles of an object useless; return how many."""
        return await session.execute(REVOKE, session.tenant, object_id, now, purpose)

    async def find(self, database: Database, purpose: str, handle: str, now: datetime) -> Found:
        """Return what a handle stands for; NotFound for one unknown, expired, revoked or for another purpose."""
        row = await self._row(database, self._vault.keyed_hash(HASH_PURPOSE, handle), purpose)
        if row is None or row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now):
            raise NotFound
        return Found(row["workspace_id"], row["object_id"])

    async def _row(self, database: Database, hashed: bytes, purpose: str) -> "asyncpg.Record | None":
        try:
            return await database.api_pool.fetchrow(FIND, hashed, purpose)
        except UNREACHABLE as error:
            raise Unavailable(retry_after=1) from error
