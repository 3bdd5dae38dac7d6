"""Chains audit entries after their commit, so that no writer waits for another (ADR 0010), and forgets them in time."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from services.kit.audit.chain import FACTS, VALUES, Link
from services.kit.clock import Clock
from services.kit.database import Database, Session
from services.kit.worker import Worker

BATCH = 1000
EVERY_SECONDS = 1.0
PURGE_EVERY = 3600

COLUMNS = (
    "workspace_id, id, occurred_at, actor_id, actor_kind, rep_id, service, operation, request_id, object_type,"
    " object_id, before, after, salt"
)
# A statement of its own: the next one then sees all that the last holder of the lock committed.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
WAITING = "SELECT EXISTS (SELECT 1 FROM audit_inbox)"
READ = f"""
SELECT i.seq, i.workspace_id, {FACTS.format("i")} AS facts, {VALUES.format("i")} AS values
FROM audit_inbox i ORDER BY i.seq LIMIT $1
"""
BEGIN = "INSERT INTO audit_chains (workspace_id) SELECT unnest($1::uuid[]) ON CONFLICT (workspace_id) DO NOTHING"
ENDS = "SELECT workspace_id, head, hash FROM audit_chains WHERE workspace_id = any($1::uuid[])"
CHAIN = f"""
WITH links AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[]) AS l (seq, position, digest, hash)
), taken AS (
    DELETE FROM audit_inbox i USING links l WHERE i.seq = l.seq RETURNING i.*, l.position, l.digest, l.hash
)
INSERT INTO audit_entries ({COLUMNS}, position, digest, hash) SELECT {COLUMNS}, position, digest, hash FROM taken
"""
MOVE = """
UPDATE audit_chains c SET head = m.head, hash = m.hash
FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS m (workspace_id, head, hash)
WHERE c.workspace_id = m.workspace_id
"""
# The chain then begins behind the last entry that went: its hash is kept, so that the rest still verifies.
EXPIRED = """
SELECT workspace_id, max(position) AS position FROM (
    SELECT e.workspace_id, e.position FROM audit_chains c
    JOIN LATERAL (
        SELECT workspace_id, position, occurred_at FROM audit_entries
        WHERE workspace_id = c.workspace_id AND position > c.tail ORDER BY position LIMIT $2
    ) e ON true
    WHERE e.occurred_at < $1
) old GROUP BY workspace_id
"""
FORGET = """
WITH horizons AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS h (workspace_id, position)
), cut AS (
    UPDATE audit_chains c SET tail = h.position, tail_hash = e.hash
    FROM horizons h JOIN audit_entries e ON e.workspace_id = h.workspace_id AND e.position = h.position
    WHERE c.workspace_id = h.workspace_id
)
DELETE FROM audit_entries e USING horizons h WHERE e.workspace_id = h.workspace_id AND e.position <= h.position
"""


class Chaining:
    """Keeps the audit of one schema. Any number of processes may: a lock lets one at a time work."""

    def __init__(self, database: Database, clock: Clock, *, retention_days: int) -> None:
        self._database = database
        self._clock = clock
        self._retention = timedelta(days=retention_days)

    async def run(self) -> None:
        """Chain what was written every second, and purge every hour, until cancelled."""
        while True:
            await self.purge()
            for _ in range(PURGE_EVERY):
                while await self.chain() == BATCH:
                    pass
                await asyncio.sleep(EVERY_SECONDS)

    async def chain(self) -> int:
        """Chain one batch in one short transaction; return how many entries, 0 without the lock."""
        if not await self._database.worker_pool.fetchval(WAITING):
            return 0
        async with self._database.worker() as session:
            if not await self._locked(session):
                return 0
            rows = await session.fetch(READ, BATCH)
            ends = await self._ends(session, {row["workspace_id"] for row in rows})
            links: list[tuple[int, int, bytes, bytes]] = []
            for row in rows:
                end = ends[row["workspace_id"]] = ends[row["workspace_id"]].follow(row["facts"], row["values"])
                links.append((row["seq"], end.position, row["values"], end.digest))
            if links:
                await session.execute(CHAIN, *map(list, zip(*links, strict=True)))
                await self._move(session, ends)
        return len(links)

    async def purge(self) -> int:
        """Forget the entries older than the retention; return how many."""
        purged = 0
        while True:
            async with self._database.worker() as session:
                if not await self._locked(session):
                    return purged
                rows = await session.fetch(EXPIRED, self._clock.now() - self._retention, BATCH)
                if not rows:
                    return purged
                workspaces = [row["workspace_id"] for row in rows]
                purged += await session.execute(FORGET, workspaces, [row["position"] for row in rows])

    async def _locked(self, session: Session) -> bool:
        locked: bool = await session.fetchval(LOCK, f"{self._database.schema}.audit")
        return locked

    async def _ends(self, session: Session, workspaces: set[UUID]) -> dict[UUID, Link]:
        await session.execute(BEGIN, list(workspaces))
        rows = await session.fetch(ENDS, list(workspaces))
        return {row["workspace_id"]: Link(row["head"], row["hash"]) for row in rows}

    async def _move(self, session: Session, ends: Mapping[UUID, Link]) -> None:
        await session.execute(
            MOVE, list(ends), [end.position for end in ends.values()], [end.digest for end in ends.values()]
        )


def add_audit(worker: Worker, database: Database, clock: Clock, *, retention_days: int) -> None:
    """Let a process chain and purge the audit of its schema."""
    worker.add("audit", Chaining(database, clock, retention_days=retention_days).run)
