"""Every query on `scoring_policies`."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.kit.ids import new_id
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

if TYPE_CHECKING:
    import asyncpg

SEED = """
INSERT INTO scoring_policies (workspace_id, id, version, status, rules, activated_at)
SELECT workspace_id, id, 1, 'active', $3::jsonb, $4 FROM unnest($1::uuid[], $2::uuid[]) AS w (workspace_id, id)
ON CONFLICT (workspace_id, version) DO NOTHING
"""
IN_FORCE = """
SELECT id, version, rules FROM scoring_policies
WHERE workspace_id = $1 AND activated_at IS NOT NULL
ORDER BY activated_at <= $2 DESC, CASE WHEN activated_at <= $2 THEN activated_at END DESC, version LIMIT 1
"""
READ = """
SELECT id, version, status, rules, created_at, activated_at FROM scoring_policies
WHERE workspace_id = $1 AND id = $2
"""
IDS = "SELECT version, id FROM scoring_policies WHERE workspace_id = $1 AND version = any($2)"
LISTING = Listing(
    columns="id, version, status, rules, created_at, activated_at",
    source="scoring_policies",
    sorts={"version": Sort("version", "bigint"), "created_at": Sort("created_at", "timestamptz")},
    id_column="id",
)


async def seed(session: Session, workspace_ids: Collection[UUID], rules: dict[str, object], now: datetime) -> None:
    """Give each workspace version 1, active from now on, unless it has it."""
    await session.execute(SEED, list(workspace_ids), [new_id() for _ in workspace_ids], rules, now)


async def in_force(session: Session, workspace_id: UUID, at: datetime) -> "asyncpg.Record | None":
    """Return the policy in force at a time: the latest activated until then, else the first."""
    return await session.fetchrow(IN_FORCE, workspace_id, at)


async def read(session: Session, policy_id: UUID) -> "asyncpg.Record | None":
    """Return one policy of the session's workspace."""
    return await session.fetchrow(READ, session.tenant, policy_id)


async def ids(session: Session, versions: Collection[int]) -> dict[int, UUID]:
    """Return the ids of policy versions of the session's workspace."""
    rows = await session.fetch(IDS, session.tenant, list(versions))
    return {row["version"]: row["id"] for row in rows}


async def page(session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
    """Return a page of policies."""
    return await LISTING.fetch(session, where, query, bound, sort=sort)
