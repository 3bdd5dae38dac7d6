"""Kept replies go in time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.web.purging import add_reply_purge
from services.kit.worker import Worker
from tests.cluster import KithDatabase
from tests.waiting import until

KEEP = """
INSERT INTO contacts.idempotency_keys (workspace_id, actor_id, key, fingerprint, status, body, expires_at, forget_at)
VALUES ($1, $1, $2, '\\x00', 201, '\\x01', $3, $4)
"""


async def test_replies_go_after_their_hours_and_secrets_earlier(
    kith: KithDatabase, database_for: Callable[[str], Awaitable[Database]], workspace_id: UUID, clock: FixedClock
) -> None:
    past, later = clock.now() - timedelta(seconds=1), clock.now() + timedelta(hours=1)
    await kith.as_admin(KEEP, workspace_id, "expired", past, None)
    await kith.as_admin(KEEP, workspace_id, "secret", later, past)
    await kith.as_admin(KEEP, workspace_id, "kept", later, later)

    async def left() -> dict[str, bytes]:
        rows = await kith.as_admin("SELECT key, body FROM contacts.idempotency_keys")
        return {row["key"]: row["body"] for row in rows}

    async def purged() -> bool:
        return await left() == {"secret": b"", "kept": b"\x01"}

    worker = Worker("contacts")
    add_reply_purge(worker, await database_for("contacts"), clock)
    async with worker.running():
        await until(purged)
        await asyncio.sleep(0)
