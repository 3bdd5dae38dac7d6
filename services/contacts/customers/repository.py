"""Every query that asks for people and accounts alike."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.kit.identity import Identity

if TYPE_CHECKING:
    import asyncpg

FIND = """
SELECT id, 'person' AS type, display_name, owner_rep_id, merged_into, deleted_at
FROM people WHERE workspace_id = $1 AND id = any($2::uuid[])
UNION ALL
SELECT id, 'account', name, owner_rep_id, merged_into, deleted_at
FROM accounts WHERE workspace_id = $1 AND id = any($2::uuid[])
"""
SEEN = "($3 OR owner_rep_id = any($4::uuid[]))"
"""Whether a customer exists for the caller."""
AUDIENCE = f"""
SELECT id, 'person' AS type, version, created_at, display_name, owner_rep_id, tags, lifecycle_stage, region,
    do_not_contact, do_not_pursue, internal, time_zone, locale, preferred_channel, contact_hours,
    merged_into, deleted_at IS NOT NULL AS deleted
FROM people WHERE workspace_id = $1 AND id = any($2::uuid[]) AND {SEEN}
UNION ALL
SELECT id, 'account', version, created_at, name, owner_rep_id, tags, lifecycle_stage, region,
    do_not_contact, do_not_pursue, internal, NULL, NULL, NULL, '[]',
    merged_into, deleted_at IS NOT NULL
FROM accounts WHERE workspace_id = $1 AND id = any($2::uuid[]) AND {SEEN}
"""
NAMES = f"""
SELECT id, 'person' AS type, display_name, NULL AS key FROM people
WHERE workspace_id = $1 AND id = any($2::uuid[]) AND {SEEN}
UNION ALL
SELECT id, 'account', name, NULL FROM accounts
WHERE workspace_id = $1 AND id = any($2::uuid[]) AND {SEEN}
UNION ALL
SELECT id, 'rep', display_name, NULL FROM reps WHERE workspace_id = $1 AND id = any($2::uuid[])
UNION ALL
SELECT id, 'source', name, key FROM sources WHERE workspace_id = $1 AND id = any($2::uuid[])
UNION ALL
SELECT o.id, 'order', coalesce(o.number, o.external_id), NULL
FROM orders o
LEFT JOIN people p ON p.workspace_id = o.workspace_id AND p.id = o.buyer_id
LEFT JOIN accounts a ON a.workspace_id = o.workspace_id AND a.id = o.account_id
WHERE o.workspace_id = $1 AND o.id = any($2::uuid[])
    AND ($3 OR coalesce(a.owner_rep_id, p.owner_rep_id) = any($4::uuid[]))
"""


class CustomersRepository:
    """The tables `people` and `accounts`, read together."""

    async def find(self, session: Session, ids: Sequence[UUID]) -> "list[asyncpg.Record]":
        """Return which of these ids are customers, deleted and merged ones too."""
        return await session.fetch(FIND, session.tenant, ids)

    async def audience(self, session: Session, caller: Identity, ids: Sequence[UUID]) -> "list[asyncpg.Record]":
        """Return what the care of customers needs to know of those whom the caller may see."""
        return await session.fetch(AUDIENCE, session.tenant, ids, caller.sees_all, caller.reps)

    async def names(self, session: Session, caller: Identity, ids: Sequence[UUID]) -> "list[asyncpg.Record]":
        """Return the names of reps, sources, and of those customers and orders that the caller may see."""
        return await session.fetch(NAMES, session.tenant, ids, caller.sees_all, caller.reps)
