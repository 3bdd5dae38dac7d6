"""What the audit asks of the gateway's own tables."""

from collections.abc import Collection

from services.kit.database import Session

NAMES = "SELECT id, name FROM api_keys WHERE workspace_id = $1 AND id = any($2::uuid[])"


async def key_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Return the names of keys by their ids."""
    rows = await session.fetch(NAMES, session.tenant, list(ids))
    return {str(row["id"]): row["name"] for row in rows}
