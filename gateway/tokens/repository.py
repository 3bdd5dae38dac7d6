"""Every query about whose tokens count, and whom their users see. Worker role: a token names no workspace."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session

if TYPE_CHECKING:
    import asyncpg

PROVIDERS = "SELECT workspace_id, identity FROM workspaces WHERE identity IS NOT NULL ORDER BY workspace_id"
TEAM = """
SELECT DISTINCT mate FROM teams t CROSS JOIN unnest(t.rep_ids) AS mate
WHERE t.workspace_id = $1 AND $2 = any(t.rep_ids) ORDER BY mate LIMIT 300
"""


async def providers(session: Session) -> "list[asyncpg.Record]":
    """Return the identity provider of each workspace that has one."""
    return await session.fetch(PROVIDERS)


async def team(session: Session, workspace_id: UUID, rep_id: UUID) -> frozenset[UUID]:
    """Return the reps of all teams of a rep, as many as the identity of a key may hold."""
    return frozenset(row["mate"] for row in await session.fetch(TEAM, workspace_id, rep_id))
