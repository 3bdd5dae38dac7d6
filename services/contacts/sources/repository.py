"""Every query of the sources API; what the way in needs stands in `intake_rows`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.contacts.sources.rules import BUILT_IN
from services.kit.database import Session
from services.kit.ids import new_id
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

SECRETS = """coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'id', k.id, 'last4', k.last4, 'created_at', k.created_at, 'expires_at', k.expires_at) ORDER BY k.id)
        FROM source_secrets k
        WHERE k.workspace_id = s.workspace_id AND k.source_id = s.id
    ), '[]')"""
COUNT = """(SELECT count(*) FROM deliveries d
        WHERE d.workspace_id = s.workspace_id AND d.source_id = s.id AND d.status = '{status}')"""
COLUMNS = f"""s.id, s.version, s.created_at, s.updated_at, s.key, s.platform, s.name, s.status,
    s.rejected, s.rejected_at,
    last.received_at AS last_received_at, last.status AS last_status, last.outcome AS last_outcome,
    {SECRETS} AS secrets,
    {COUNT.format(status="failed")} AS failed, {COUNT.format(status="parked")} AS parked"""
SOURCE = """sources s LEFT JOIN LATERAL (
        SELECT d.received_at, d.status, d.outcome FROM deliveries d
        WHERE d.workspace_id = s.workspace_id AND d.source_id = s.id ORDER BY d.id DESC LIMIT 1
    ) AS last ON true"""
SOURCES = Listing(
    columns=COLUMNS,
    source=SOURCE,
    sorts={"created_at": Sort("s.created_at", "timestamptz")},
    id_column="s.id",
)

SUMMARY = """d.id, d.source_id, d.topic, d.external_id, d.status, d.outcome, d.error, d.attempts, d.received_at,
    d.processed_at, d.order_id, d.person_id"""
DELIVERIES = Listing(
    columns=SUMMARY,
    source="deliveries d",
    sorts={"received_at": Sort("d.id", "uuid")},  # ids are made on receipt, and the primary key is in their order
    id_column="d.id",
)

CREATE = """
INSERT INTO sources (workspace_id, id, created_at, updated_at, key, platform, name)
VALUES ($1, $2, $3, $3, $4, $5, $6) ON CONFLICT (workspace_id, key) DO NOTHING RETURNING id
"""
BUILD_IN = """
INSERT INTO sources (workspace_id, id, key, platform, name)
SELECT $1, id, key, 'generic', name FROM unnest($2::uuid[], $3::text[], $4::text[]) AS s (id, key, name)
ON CONFLICT (workspace_id, key) DO NOTHING
"""
RENAME = """
UPDATE sources SET name = $3, version = version + 1, updated_at = $4 WHERE workspace_id = $1 AND id = $2
"""
KEEP = """
INSERT INTO source_secrets (workspace_id, id, source_id, created_at, sealed, last4) VALUES ($1, $2, $3, $4, $5, $6)
"""
END_SECRETS = """
UPDATE source_secrets SET expires_at = least(expires_at, $4)
WHERE workspace_id = $1 AND source_id = $2 AND id <> $3
"""
RETRY = """
UPDATE deliveries SET status = 'received', outcome = NULL, error = NULL, processed_at = NULL
WHERE workspace_id = $1 AND source_id = $2 AND id = $3
"""
REPLAY = """
WITH chosen AS (
    SELECT d.id, d.received_at FROM deliveries d WHERE {where} AND d.status <> 'received' ORDER BY d.id LIMIT {limit}
), queued AS (
    UPDATE deliveries d SET status = 'received', outcome = NULL, error = NULL, processed_at = NULL, effects = {effects}
    FROM chosen c WHERE d.workspace_id = {workspace} AND d.source_id = {source} AND d.id = c.id
)
SELECT count(*) AS queued, max(received_at) AS last FROM chosen
"""


class SourcesRepository:
    """The tables of sources, as requests see them."""

    async def page(self, session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
        """Return a page of sources."""
        return await SOURCES.fetch(session, where, query, bound, sort=sort)

    async def read(self, session: Session, source_id: UUID, *, lock: bool = False) -> dict[str, Any] | None:
        """Return a source with its secrets and how it is doing."""
        sql = f"SELECT {COLUMNS} FROM {SOURCE} WHERE s.workspace_id = $1 AND s.id = $2"
        row = await session.fetchrow(f"{sql} FOR NO KEY UPDATE OF s" if lock else sql, session.tenant, source_id)
        return dict(row) if row else None

    async def keys(self, session: Session) -> dict[str, UUID]:
        """Return the keys that are taken."""
        rows = await session.fetch("SELECT key, id FROM sources WHERE workspace_id = $1", session.tenant)
        return {row["key"]: row["id"] for row in rows}

    async def create(
        self, session: Session, source_id: UUID, key: str, platform: str, name: str, now: datetime
    ) -> bool:
        """Create a source; tell whether its key was free."""
        return bool(await session.fetchval(CREATE, session.tenant, source_id, now, key, platform, name))

    async def build_in(self, session: Session, workspace_id: UUID) -> None:
        """Give a workspace the sources that every one has."""
        ids = [new_id() for _ in BUILT_IN]
        await session.execute(BUILD_IN, workspace_id, ids, list(BUILT_IN), list(BUILT_IN.values()))

    async def rename(self, session: Session, source_id: UUID, name: str, now: datetime) -> None:
        """Change the name of a source."""
        await session.execute(RENAME, session.tenant, source_id, name, now)

    async def add_secret(
        self, session: Session, source_id: UUID, secret_id: UUID, sealed: bytes, last4: str, now: datetime
    ) -> None:
        """Add a secret."""
        await session.execute(KEEP, session.tenant, secret_id, source_id, now, sealed, last4)

    async def end_secrets(self, session: Session, source_id: UUID, but: UUID, at: datetime) -> None:
        """Let all secrets but one end at a time, or earlier where they do already."""
        await session.execute(END_SECRETS, session.tenant, source_id, but, at)

    async def deliveries(self, session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
        """Return a page of deliveries."""
        return await DELIVERIES.fetch(session, where, query, bound, sort=sort)

    async def delivery(
        self, session: Session, source_id: UUID, delivery_id: UUID, *, with_body: bool
    ) -> dict[str, Any] | None:
        """Return a delivery; its body only where it is asked for."""
        more = "d.headers, d.body, d.size" if with_body else "'{}'::jsonb AS headers, NULL AS body, NULL AS size"
        row = await session.fetchrow(
            f"SELECT {SUMMARY}, {more} FROM deliveries d WHERE d.workspace_id = $1 AND d.source_id = $2 AND d.id = $3",
            session.tenant,
            source_id,
            delivery_id,
        )
        return dict(row) if row else None

    async def retry(self, session: Session, source_id: UUID, delivery_id: UUID) -> int:
        """Put a delivery in line again; returns how many there were of it."""
        return await session.execute(RETRY, session.tenant, source_id, delivery_id)

    async def replay(
        self, session: Session, source_id: UUID, where: Where, effects: str, limit: int
    ) -> tuple[int, datetime | None]:
        """Put deliveries in line again, oldest first; returns how many and the time of the last one."""
        args = [*where.args, limit, effects, session.tenant, source_id]
        numbers = [f"${len(where.args) + place}" for place in range(1, 5)]
        sql = REPLAY.format(
            where=where.sql, limit=numbers[0], effects=numbers[1], workspace=numbers[2], source=numbers[3]
        )
        row = await session.fetchrow(sql, *args)
        return (row["queued"], row["last"]) if row else (0, None)
