"""What is looked up about a caller."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session

if TYPE_CHECKING:
    import asyncpg

CALLER = """
SELECT w.workspace_id, w.name, w.mode, w.time_zone, w.locale, w.reporting_currency,
       k.id AS key_id, k.name AS key_name, k.hint, k.expires_at
FROM workspaces w LEFT JOIN api_keys k ON k.workspace_id = w.workspace_id AND k.id = $2
WHERE w.workspace_id = $1
"""


async def read_caller(session: Session, actor_id: UUID) -> "asyncpg.Record | None":
    """Return the workspace, and the key where the actor is one."""
    return await session.fetchrow(CALLER, session.tenant, actor_id)
