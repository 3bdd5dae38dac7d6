"""The statements of the way in: finding callers, storing deliveries, claiming them and noting what became of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.contacts.sources.committer import Incoming
from services.contacts.sources.rules import PRIVACY_REQUEST, pack
from services.kit.database import Session, encode_json

if TYPE_CHECKING:
    import asyncpg

    from services.kit.database import Pool

STORE_SECONDS = 10.0
"""A database that takes longer hangs: shops, who have given up by then, are told to come again."""

READ_CALLER = """
SELECT s.workspace_id, s.platform,
    coalesce((
        SELECT json_agg(json_build_object('sealed', encode(k.sealed, 'hex'), 'expires_at', k.expires_at))
        FROM source_secrets k WHERE k.workspace_id = s.workspace_id AND k.source_id = s.id
    ), '[]') AS secrets
FROM sources s WHERE s.workspace_id = $1 AND s.id = $2
"""
STORE = """
INSERT INTO deliveries (id, workspace_id, source_id, topic, status, outcome, processed_at, dedupe_key, event_key,
    headers, body, size)
SELECT id, workspace_id, source_id, topic, CASE WHEN ignored THEN 'ignored' ELSE 'received' END,
    CASE WHEN ignored THEN 'topic_not_read' END, CASE WHEN ignored THEN now() END, dedupe_key, event_key,
    headers::jsonb, body, size
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::boolean[], $6::uuid[], $7::uuid[], $8::text[],
    $9::bytea[], $10::bigint[])
    AS d (id, workspace_id, source_id, topic, ignored, dedupe_key, event_key, headers, body, size)
ON CONFLICT DO NOTHING
RETURNING id
"""
FIND_FIRST = """
SELECT d.asked, coalesce(
    (SELECT f.id FROM deliveries f WHERE f.workspace_id = d.workspace_id AND f.source_id = d.source_id
     AND f.dedupe_key = d.dedupe_key),
    (SELECT f.id FROM deliveries f WHERE f.workspace_id = d.workspace_id AND f.source_id = d.source_id
     AND f.event_key = d.event_key)) AS first
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[])
    AS d (asked, workspace_id, source_id, dedupe_key, event_key)
"""
# So many that their bodies fit into memory, but at least one. What is left over is free again at the commit.
CLAIM = """
WITH claimed AS MATERIALIZED (
    SELECT ctid::text AS place, workspace_id, source_id, id, received_at, topic, headers, body, size, effects
    FROM deliveries WHERE status = 'received' {only} ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
), sized AS (
    SELECT *, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before
    FROM (SELECT *, coalesce(size, octet_length(body)) AS bytes FROM claimed) c
)
SELECT c.*, s.key, s.platform, w.default_region
FROM sized c
JOIN sources s ON s.workspace_id = c.workspace_id AND s.id = c.source_id
LEFT JOIN workspaces w ON w.workspace_id = c.workspace_id
WHERE c.bytes_before < 16777216
ORDER BY c.id
"""
# By the place where the claim has locked the row: as long as nobody has analysed the table, every index that begins
# with the shop looks equally good, and the wrong one goes through all calls of the shop for each row.
FINISH = """
UPDATE deliveries d SET status = f.status, outcome = f.outcome, error = f.error, attempts = d.attempts + 1,
    processed_at = $2, external_id = coalesce(f.external_id, d.external_id), order_id = f.order_id,
    person_id = f.person_id
FROM json_to_recordset($1::json) AS f (place tid, status text, outcome text, error text, external_id text,
    order_id uuid, person_id uuid)
WHERE d.ctid = f.place
"""
UNPARK = """
UPDATE deliveries d SET status = 'received', outcome = NULL
FROM unnest($2::uuid[], $3::text[]) AS o (source_id, external_id)
WHERE d.workspace_id = $1 AND d.source_id = o.source_id AND d.external_id = o.external_id
AND d.status = 'parked' AND d.outcome = 'order_unknown'
"""
# Two transactions may each overlook what the other is writing; and orders also come by other ways than deliveries.
SWEEP = """
UPDATE deliveries d SET status = 'received', outcome = NULL
FROM sources s, orders o
WHERE d.status = 'parked' AND d.outcome = 'order_unknown' AND d.received_at > $1
AND s.workspace_id = d.workspace_id AND s.id = d.source_id
AND o.workspace_id = d.workspace_id AND o.source = s.key AND o.external_id = d.external_id
"""
# What still waits to be worked out stays, and so does a request about personal data until it is carried out.
FORGET = """
DELETE FROM deliveries d USING (
    SELECT o.workspace_id, o.source_id, o.id FROM sources s CROSS JOIN LATERAL (
        SELECT workspace_id, source_id, id FROM deliveries
        WHERE workspace_id = s.workspace_id AND source_id = s.id AND id < $1
        AND status <> 'received' AND outcome IS DISTINCT FROM $3
        ORDER BY id LIMIT $2
    ) o LIMIT $2
) old
WHERE d.workspace_id = old.workspace_id AND d.source_id = old.source_id AND d.id = old.id
"""
ADD_REJECTIONS = """
UPDATE sources s SET rejected = s.rejected + r.count, rejected_at = $4
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS r (workspace_id, id, count)
WHERE s.workspace_id = r.workspace_id AND s.id = r.id
"""


class IntakeRows:
    """The tables of sources, as the way in uses them: with the worker role, every statement naming workspaces."""

    async def read_caller(self, pool: "Pool", workspace_id: UUID, source_id: UUID) -> dict[str, Any] | None:
        """Return workspace, platform and secrets of a source."""
        row = await pool.fetchrow(READ_CALLER, workspace_id, source_id)
        return dict(row) if row else None

    async def store(self, pool: "Pool", batch: Sequence[Incoming]) -> dict[UUID, UUID]:
        """Store deliveries in one durable statement; returns, for those known already, the id of the first one."""
        packed = [pack(one.body) for one in batch]
        async with pool.acquire(timeout=STORE_SECONDS) as connection:
            rows = await connection.fetch(
                STORE,
                [one.id for one in batch],
                [one.workspace_id for one in batch],
                [one.source_id for one in batch],
                [one.topic for one in batch],
                [one.ignored for one in batch],
                [one.dedupe_key for one in batch],
                [one.event_key for one in batch],
                [encode_json(one.headers) for one in batch],
                [body for body, _ in packed],
                [size for _, size in packed],
                timeout=STORE_SECONDS,
            )
            if len(rows) == len(batch):
                return {}
            new = {row["id"] for row in rows}
            known = [one for one in batch if one.id not in new]
            found = await connection.fetch(
                FIND_FIRST,
                [one.id for one in known],
                [one.workspace_id for one in known],
                [one.source_id for one in known],
                [one.dedupe_key for one in known],
                [one.event_key for one in known],
            )
            return {row["asked"]: row["first"] or row["asked"] for row in found}

    async def claim(self, session: Session, limit: int) -> "list[asyncpg.Record]":
        """Return deliveries that wait, oldest first, and keep them from others until this transaction ends."""
        return await session.fetch(CLAIM.format(only=""), limit)

    async def claim_these(self, session: Session, ids: Sequence[UUID]) -> "list[asyncpg.Record]":
        """The same for some of them."""
        return await session.fetch(CLAIM.format(only="AND id = any($2::uuid[])"), len(ids), list(ids))

    async def finish(self, session: Session, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Note what became of deliveries that this transaction has claimed."""
        if rows:
            await session.execute(FINISH, rows, now)

    async def unpark(self, session: Session, workspace_id: UUID, orders: Iterable[tuple[UUID, str]]) -> int:
        """Let deliveries go on that were waiting for these orders (source id, external id)."""
        wanted = list(orders)
        if not wanted:
            return 0
        return await session.execute(UNPARK, workspace_id, [one[0] for one in wanted], [one[1] for one in wanted])

    async def sweep(self, session: Session, since: datetime) -> int:
        """Let deliveries go on whose order has appeared unnoticed."""
        return await session.execute(SWEEP, since)

    async def forget(self, session: Session, before: UUID, limit: int) -> int:
        """Forget deliveries with ids before one, which are sorted by time; returns how many."""
        return await session.execute(FORGET, before, limit, PRIVACY_REQUEST)

    async def add_rejections(self, session: Session, counts: Mapping[tuple[UUID, UUID], int], now: datetime) -> None:
        """Add to the numbers of rejected calls; in one order for everybody."""
        rows = sorted(counts.items())
        await session.execute(
            ADD_REJECTIONS, [key[0] for key, _ in rows], [key[1] for key, _ in rows], [count for _, count in rows], now
        )
