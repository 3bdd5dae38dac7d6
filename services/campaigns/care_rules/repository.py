"""Every query on `care_rules`."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import asyncpg

from services.campaigns.care_rules.rules import Code
from services.kit.database import Session
from services.kit.ids import new_id
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

COLUMNS = "c.id, c.version, c.created_at, c.updated_at, c.code, c.enabled, c.parameters"
LISTING = Listing(columns=COLUMNS, source="care_rules c", sorts={"code": Sort("c.code", "text")}, id_column="c.id")
OF_WORKSPACES = "SELECT workspace_id, code, enabled, parameters FROM care_rules WHERE workspace_id = any($1::uuid[])"
SEED = """
INSERT INTO care_rules (workspace_id, id, code, enabled)
SELECT workspace_id, id, code, true FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS seed (workspace_id, id, code)
ON CONFLICT (workspace_id, code) DO NOTHING
"""
LOCK = f"SELECT {COLUMNS} FROM care_rules c WHERE c.workspace_id = $1 AND c.id = $2 FOR UPDATE"
CHANGE = f"""
UPDATE care_rules c SET version = version + 1, updated_at = $3, enabled = $4, parameters = $5
WHERE c.workspace_id = $1 AND c.id = $2 RETURNING {COLUMNS}
"""


async def page(session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
    """Return a page of rules."""
    return await LISTING.fetch(session, where, query, bound, sort=sort)


async def find(session: Session, rule_id: UUID) -> asyncpg.Record | None:
    """Return a rule of the session's workspace."""
    sql = f"SELECT {COLUMNS} FROM care_rules c WHERE c.workspace_id = $1 AND c.id = $2"
    return await session.fetchrow(sql, session.tenant, rule_id)


async def lock(session: Session, rule_id: UUID) -> asyncpg.Record | None:
    """Return a rule and keep others from changing it until the transaction ends."""
    return await session.fetchrow(LOCK, session.tenant, rule_id)


async def change(
    session: Session, rule_id: UUID, now: datetime, *, enabled: bool, parameters: Mapping[str, object]
) -> asyncpg.Record | None:
    """Store a rule's new setting and return it."""
    return await session.fetchrow(CHANGE, session.tenant, rule_id, now, enabled, parameters)


async def of_workspaces(session: Session, workspace_ids: Collection[UUID]) -> list[asyncpg.Record]:
    """Return the settings of several workspaces. Worker role."""
    return await session.fetch(OF_WORKSPACES, list(workspace_ids))


async def seed(session: Session, workspace_ids: Collection[UUID]) -> None:
    """Give workspaces every rule with its defaults, switched on. Worker role."""
    seeds = [(workspace_id, code) for workspace_id in sorted(workspace_ids) for code in Code]
    await session.execute(
        SEED, [workspace_id for workspace_id, _ in seeds], [new_id() for _ in seeds], [str(code) for _, code in seeds]
    )
