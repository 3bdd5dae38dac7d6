"""Every query on imports."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.kit.database import Session
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

if TYPE_CHECKING:
    import asyncpg

MAX_FAULTS = 10_000
"""Rows of one import whose faults are kept; beyond it they are only counted."""
COLUMNS = """
    i.id, 'import' AS type, i.created_at, i.kind, i.format, i.source, i.mode, i.effects, i.dry_run, i.mapping,
    i.file_name, i.size_bytes, i.lines, i.sha256, j.status"""
SOURCE = "imports i JOIN jobs j ON j.workspace_id = i.workspace_id AND j.id = i.id"
IMPORTS = Listing(
    columns=COLUMNS,
    source=SOURCE,
    sorts={"created_at": Sort("i.created_at", "timestamptz")},
    id_column="i.id",
)


class ImportsRepository:
    """The tables of imports."""

    async def store_piece(self, session: Session, import_id: UUID, start: int, data: bytes) -> None:
        """Keep a piece of a file."""
        await session.execute(
            "INSERT INTO import_pieces (workspace_id, import_id, start_byte, data) VALUES ($1, $2, $3, $4)",
            session.tenant,
            import_id,
            start,
            data,
        )

    async def piece_at(self, session: Session, import_id: UUID, place: int) -> bytes:
        """Return what is stored from a byte on, as far as the piece goes that holds it; nothing at the end."""
        row = await session.fetchrow(
            "SELECT start_byte, data FROM import_pieces WHERE workspace_id = $1 AND import_id = $2 AND start_byte <= $3"
            " ORDER BY start_byte DESC LIMIT 1",
            session.tenant,
            import_id,
            place,
        )
        data: bytes = row["data"][place - row["start_byte"] :] if row else b""
        return data

    async def drop_pieces(self, session: Session, import_id: UUID) -> None:
        """Forget a file."""
        await session.execute(
            "DELETE FROM import_pieces WHERE workspace_id = $1 AND import_id = $2", session.tenant, import_id
        )

    async def drop_orphans(self, session: Session, before: UUID) -> int:
        """Forget files that were never completed, and those of imports that ended; ids made after `before` stay.

        Worker role: of all workspaces. Ids are UUIDv7, so their order is that of time.
        """
        return await session.execute(
            "DELETE FROM import_pieces p WHERE p.import_id < $1 AND NOT EXISTS (SELECT FROM jobs j"
            " WHERE j.workspace_id = p.workspace_id AND j.id = p.import_id AND j.finished_at IS NULL)",
            before,
        )

    async def drop_forgotten(self, session: Session, before: UUID) -> int:
        """Forget imports whose job is no longer kept; ids made after `before` stay. Worker role: of all workspaces."""
        return await session.execute(
            "DELETE FROM imports i WHERE i.id < $1 AND NOT EXISTS (SELECT FROM jobs j"
            " WHERE j.workspace_id = i.workspace_id AND j.id = i.id)",
            before,
        )

    async def insert(self, session: Session, import_id: UUID, values: Mapping[str, Any], now: datetime) -> None:
        """Note what a complete file is and how to take it in."""
        names = ", ".join(values)
        places = ", ".join(f"${place}" for place in range(4, 4 + len(values)))
        await session.execute(
            f"INSERT INTO imports (workspace_id, id, created_at, {names}) VALUES ($1, $2, $3, {places})",
            session.tenant,
            import_id,
            now,
            *values.values(),
        )

    async def read(self, session: Session, import_id: UUID) -> "asyncpg.Record | None":
        """Return an import with the status of its job."""
        return await session.fetchrow(
            f"SELECT {COLUMNS} FROM {SOURCE} WHERE i.workspace_id = $1 AND i.id = $2", session.tenant, import_id
        )

    async def page(self, session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
        """Return a page of imports."""
        return await IMPORTS.fetch(session, where, query, bound, sort=sort)

    async def add_faults(self, session: Session, import_id: UUID, faults: Sequence[Mapping[str, Any]]) -> None:
        """Keep what is wrong with rows, of the first ten thousand only."""
        await session.execute(
            "INSERT INTO import_faults (workspace_id, import_id, row_number, column_name, code, message, external_id)"
            " SELECT $1, $2, f.* FROM jsonb_to_recordset($3::jsonb) AS f"
            " (row_number bigint, column_name text, code text, message text, external_id text)"
            " WHERE (SELECT count(*) FROM import_faults x WHERE x.workspace_id = $1 AND x.import_id = $2) < $4"
            " ON CONFLICT DO NOTHING",
            session.tenant,
            import_id,
            faults,
            MAX_FAULTS,
        )

    async def faults(self, session: Session, import_id: UUID) -> "list[asyncpg.Record]":
        """Return what is wrong with rows, in their order."""
        return await session.fetch(
            "SELECT row_number, column_name, code, message, external_id FROM import_faults"
            " WHERE workspace_id = $1 AND import_id = $2 ORDER BY row_number",
            session.tenant,
            import_id,
        )

    async def source_id(self, session: Session, key: str) -> UUID | None:
        """Return the source with a key."""
        found: UUID | None = await session.fetchval(
            "SELECT id FROM sources WHERE workspace_id = $1 AND key = $2", session.tenant, key
        )
        return found

    async def workspace(self, session: Session) -> "asyncpg.Record | None":
        """Return the workspace's time zone, reporting currency and default region."""
        return await session.fetchrow(
            "SELECT time_zone, reporting_currency, default_region FROM workspaces WHERE workspace_id = $1",
            session.tenant,
        )

    async def known_orders(self, session: Session, source: str, external_ids: Sequence[str]) -> set[str]:
        """Return which of these orders of a source are known."""
        rows = await session.fetch(
            "SELECT external_id FROM orders WHERE workspace_id = $1 AND source = $2 AND external_id = any($3::text[])",
            session.tenant,
            source,
            external_ids,
        )
        return {row["external_id"] for row in rows}
