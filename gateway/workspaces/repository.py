"""Every query about workspaces."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.kit.database import Session

if TYPE_CHECKING:
    import asyncpg

COLUMNS = (
    "workspace_id AS id, version, created_at, updated_at, name, mode, time_zone, locale, reporting_currency,"
    " fiscal_year_start, default_region, identity"
)
CHANGEABLE = frozenset(
    {"name", "time_zone", "locale", "reporting_currency", "fiscal_year_start", "default_region", "identity"}
)
INSERT = """
INSERT INTO workspaces (workspace_id, created_at, updated_at, name, mode, time_zone, locale, reporting_currency,
                        default_region)
VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8)
"""


async def insert(session: Session, workspace_id: UUID, now: datetime, values: Mapping[str, Any]) -> None:
    """Add a workspace. Worker role."""
    names = ("name", "mode", "time_zone", "locale", "reporting_currency", "default_region")
    await session.execute(INSERT, workspace_id, now, *(values[name] for name in names))


async def read(session: Session, workspace_id: UUID) -> "asyncpg.Record | None":
    """Return a workspace."""
    return await session.fetchrow(f"SELECT {COLUMNS} FROM workspaces WHERE workspace_id = $1", workspace_id)


async def lock(session: Session, workspace_id: UUID) -> "asyncpg.Record | None":
    """Return a workspace for changing; others who want to change it wait."""
    return await session.fetchrow(f"SELECT {COLUMNS} FROM workspaces WHERE workspace_id = $1 FOR UPDATE", workspace_id)


async def update(session: Session, workspace_id: UUID, changes: Mapping[str, Any], now: datetime) -> None:
    """Set columns and count the version up."""
    names = [name for name in changes if name in CHANGEABLE]
    sets = "".join(f", {name} = ${place}" for place, name in enumerate(names, start=3))
    await session.execute(
        f"UPDATE workspaces SET version = version + 1, updated_at = $2{sets} WHERE workspace_id = $1",
        workspace_id,
        now,
        *(changes[name] for name in names),
    )


async def page(session: Session, after: UUID | None, limit: int) -> "Sequence[asyncpg.Record]":
    """Return workspaces in the order of their ids. Worker role."""
    return await session.fetch(
        f"SELECT {COLUMNS} FROM workspaces WHERE $1::uuid IS NULL OR workspace_id > $1 ORDER BY workspace_id LIMIT $2",
        after,
        limit,
    )


async def ids(session: Session, limit: int) -> list[UUID]:
    """Return the ids of the oldest workspaces. Worker role."""
    return [
        row["workspace_id"]
        for row in await session.fetch("SELECT workspace_id FROM workspaces ORDER BY workspace_id LIMIT $1", limit)
    ]
