"""Every query about teams."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.kit.web.lists import Listing, Sort

if TYPE_CHECKING:
    import asyncpg

COLUMNS = "t.id, t.version, t.created_at, t.updated_at, t.name, t.rep_ids"
LISTING = Listing(
    columns=COLUMNS,
    source="teams t",
    sorts={"name": Sort("t.name", "text"), "created_at": Sort("t.created_at", "timestamptz")},
    id_column="t.id",
)


async def insert(
    session: Session, team_id: UUID, name: str, rep_ids: Sequence[UUID], now: datetime
) -> "asyncpg.Record | None":
    """Add a team and return it."""
    return await session.fetchrow(
        "INSERT INTO teams AS t (workspace_id, id, created_at, updated_at, name, rep_ids)"
        f" VALUES ($1, $2, $3, $3, $4, $5) RETURNING {COLUMNS}",
        session.tenant,
        team_id,
        now,
        name,
        list(rep_ids),
    )


async def read(session: Session, team_id: UUID, *, lock: bool = False) -> "asyncpg.Record | None":
    """Return a team; `lock` keeps it from others."""
    end = " FOR NO KEY UPDATE" if lock else ""
    return await session.fetchrow(
        f"SELECT {COLUMNS} FROM teams t WHERE t.workspace_id = $1 AND t.id = $2{end}", session.tenant, team_id
    )


async def update(
    session: Session, team_id: UUID, name: str, rep_ids: Sequence[UUID], now: datetime
) -> "asyncpg.Record | None":
    """Change a locked team and return it."""
    return await session.fetchrow(
        "UPDATE teams AS t SET version = t.version + 1, updated_at = $3, name = $4, rep_ids = $5"
        f" WHERE t.workspace_id = $1 AND t.id = $2 RETURNING {COLUMNS}",
        session.tenant,
        team_id,
        now,
        name,
        list(rep_ids),
    )


async def delete(session: Session, team_id: UUID) -> None:
    """Delete a team."""
    await session.execute("DELETE FROM teams WHERE workspace_id = $1 AND id = $2", session.tenant, team_id)
