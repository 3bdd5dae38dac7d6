"""Queries that requests make on the audit."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.kit.audit.schemas import AuditQuery
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.web.lists import Listing, Sort, Where
from services.kit.web.visibility import only_visible

COLUMNS = (
    "id, workspace_id, occurred_at, actor_id, actor_kind, rep_id, service, operation, request_id, object_type,"
    " object_id, before, after"
)
# What was just written is listed at once, whether it has been chained or not.
SOURCE = f"""(
SELECT {COLUMNS}, position, redacted_at FROM audit_entries
UNION ALL
SELECT {COLUMNS}, NULL, NULL FROM audit_inbox
) e"""
LISTING = Listing(
    columns="e.*",
    source=SOURCE,
    sorts={"occurred_at": Sort("e.occurred_at", "timestamptz")},
    id_column="e.id",
)
REDACT_WAITING = """
UPDATE audit_inbox SET before = NULL, after = NULL WHERE workspace_id = $1 AND object_id = any($2::uuid[])
"""
REDACT = """
UPDATE audit_entries SET before = NULL, after = NULL, salt = NULL, redacted_at = $3
WHERE workspace_id = $1 AND object_id = any($2::uuid[]) AND redacted_at IS NULL
"""


def filtered(query: AuditQuery, session: Session, caller: Identity, types: list[str]) -> Where:
    """Return the conditions of the list for a caller who may read objects of these types."""
    where = Where().add("e.workspace_id = {}", session.tenant).add("e.object_type = any({}::text[])", types)
    only_visible(where, caller, "e.rep_id")
    for column, kind in (("actor_id", "uuid"), ("object_id", "uuid"), ("object_type", "text"), ("operation", "text")):
        if wanted := getattr(query, column):
            where.add(f"e.{column} = any({{}}::{kind}[])", wanted)
    if query.occurred_after:
        where.add("e.occurred_at > {}", query.occurred_after)
    if query.occurred_before:
        where.add("e.occurred_at < {}", query.occurred_before)
    return where


async def redact(session: Session, ids: Collection[UUID], now: datetime, *, workspace_id: UUID | None = None) -> int:
    """Remove the values in all entries about erased objects; the chain still verifies. Worker role."""
    of = workspace_id or session.tenant
    waiting = await session.execute(REDACT_WAITING, of, list(ids))
    return waiting + await session.execute(REDACT, of, list(ids), now)
