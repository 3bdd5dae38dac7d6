"""Every query on identifiers, and on people as far as facts create, change and join them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.contacts.identities.closure import Held
from services.contacts.identities.rules import Key
from services.kit.database import Session

if TYPE_CHECKING:
    import asyncpg

HELD = """
SELECT i.kind, i.source, i.value, i.owner_id, i.joins
FROM unnest($3::text[], $4::text[], $5::text[]) AS k (kind, source, value)
JOIN identities i ON i.kind = k.kind AND i.source = k.source AND i.value = k.value
WHERE i.workspace_id = $1 AND i.owner_type = $2
"""
# In one order for everybody, so that two who add the same keys wait for one another instead of for ever.
ADD = """
INSERT INTO identities (workspace_id, kind, source, value, owner_type, owner_id, joins)
SELECT $1, kind, source, value, $2, owner_id, joins
FROM unnest($3::text[], $4::text[], $5::text[], $6::uuid[], $7::boolean[]) AS k (kind, source, value, owner_id, joins)
ORDER BY kind, source, value, owner_id
ON CONFLICT DO NOTHING
"""
FORGET = "DELETE FROM identities WHERE workspace_id = $1 AND owner_id = any($2::uuid[])"
MOVE = """
WITH moves AS (
    SELECT loser, survivor FROM unnest($2::uuid[], $3::uuid[]) AS m (loser, survivor)
), gone AS (
    DELETE FROM identities i USING moves m WHERE i.workspace_id = $1 AND i.owner_id = m.loser
    RETURNING i.kind, i.source, i.value, i.owner_type, m.survivor, i.joins
)
INSERT INTO identities AS kept (workspace_id, kind, source, value, owner_type, owner_id, joins)
SELECT $1, kind, source, value, owner_type, survivor, bool_or(joins) FROM gone
GROUP BY kind, source, value, owner_type, survivor
ON CONFLICT (workspace_id, kind, source, value, owner_id) DO UPDATE SET joins = kept.joins OR excluded.joins
"""
JOINING = """
UPDATE identities i SET joins = true
FROM unnest($2::text[], $3::text[], $4::text[]) AS k (kind, source, value)
WHERE i.workspace_id = $1 AND i.kind = k.kind AND i.source = k.source AND i.value = k.value
AND i.owner_type = 'person' AND NOT i.joins
"""
LOCK = "SELECT * FROM people WHERE workspace_id = $1 AND id = any($2::uuid[]) ORDER BY id FOR NO KEY UPDATE"

STATE = {
    "given_name": "text",
    "family_name": "text",
    "display_name": "text",
    "phonetic_name": "text",
    "birthday": "text",
    "locale": "text",
    "time_zone": "text",
    "region": "text",
    "primary_email": "text",
    "primary_phone": "text",
    "emails": "jsonb",
    "phones": "jsonb",
    "addresses": "jsonb",
    "tags": "text[]",
    "provenance": "jsonb",
}
"""Columns that facts decide."""
STAFF = {
    "owner_rep_id": "uuid",
    "lifecycle_stage": "text",
    "preferred_channel": "text",
    "do_not_contact": "boolean",
    "do_not_pursue": "boolean",
    "internal": "boolean",
    "handles": "jsonb",
    "contact_hours": "jsonb",
    "custom": "jsonb",
    "designated_rep_id": "uuid",
    "designated_at": "timestamptz",
}
"""Columns that a join changes beside."""
NEW = STATE | {"owner_rep_id": "uuid"}
"""Columns of somebody new."""

CREATE = f"""
INSERT INTO people (workspace_id, id, created_at, updated_at, {", ".join(NEW)})
SELECT $1, id, $3, $3, {", ".join(NEW)}
FROM json_to_recordset($2::json) AS p (id uuid, {", ".join(f"{name} {kind}" for name, kind in NEW.items())})
"""
CHANGE = f"""
UPDATE people SET version = people.version + 1, updated_at = $3, {", ".join(f"{name} = p.{name}" for name in STATE)}
FROM json_to_recordset($2::json) AS p (id uuid, {", ".join(f"{name} {kind}" for name, kind in STATE.items())})
WHERE people.workspace_id = $1 AND people.id = p.id
"""
CHANGE_STAFF = f"""
UPDATE people SET {", ".join(f"{name} = p.{name}" for name in STAFF)}
FROM json_to_recordset($2::json) AS p (id uuid, {", ".join(f"{name} {kind}" for name, kind in STAFF.items())})
WHERE people.workspace_id = $1 AND people.id = p.id
"""
# Said again and newly dated, but not otherwise: readers see no change, so neither version nor time moves.
REDATE = """
UPDATE people SET provenance = p.provenance FROM json_to_recordset($2::json) AS p (id uuid, provenance jsonb)
WHERE people.workspace_id = $1 AND people.id = p.id
"""
RETIRE = """
UPDATE people SET version = people.version + 1, updated_at = $4, merged_into = m.survivor
FROM unnest($2::uuid[], $3::uuid[]) AS m (loser, survivor)
WHERE people.workspace_id = $1 AND people.id = m.loser
"""
LOCK_ACCOUNTS = """
SELECT id, name, version, provenance, merged_into FROM accounts
WHERE workspace_id = $1 AND id = any($2::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
CREATE_ACCOUNTS = """
INSERT INTO accounts (workspace_id, id, created_at, updated_at, name, provenance, owner_rep_id)
SELECT $1, id, $3, $3, name, provenance, owner_rep_id
FROM json_to_recordset($2::json) AS a (id uuid, name text, provenance jsonb, owner_rep_id uuid)
RETURNING *
"""
RENAME_ACCOUNTS = """
UPDATE accounts SET version = accounts.version + 1, updated_at = $3, name = a.name, provenance = a.provenance
FROM json_to_recordset($2::json) AS a (id uuid, name text, provenance jsonb)
WHERE accounts.workspace_id = $1 AND accounts.id = a.id RETURNING accounts.*
"""


class IdentityRepository:
    """The table `identities`, and the columns of people and accounts that facts decide."""

    async def lock_phones(self, session: Session, workspace_id: UUID, numbers: Iterable[str]) -> None:
        """Let nobody else decide about these numbers before this transaction ends.

        Whether a number joins depends on facts that others may be adding right now; no unique key shows that.
        """
        locks = sorted(phone_lock(workspace_id, number) for number in numbers)
        if locks:
            # Numbers of our own making, written out: so they go with BEGIN where this comes first, as in most requests.
            await session.command(f"SELECT pg_advisory_xact_lock(k) FROM unnest('{{{list_of(locks)}}}'::bigint[]) AS k")

    async def held(self, session: Session, workspace_id: UUID, owner_type: str, keys: Iterable[Key]) -> list[Held]:
        """Return who holds which of these keys."""
        wanted = list(keys)
        if not wanted:
            return []
        rows = await session.fetch(HELD, workspace_id, owner_type, *columns_of(wanted))
        return [Held(Key(row["kind"], row["source"], row["value"]), row["owner_id"], row["joins"]) for row in rows]

    async def add(self, session: Session, workspace_id: UUID, owner_type: str, gained: Iterable[Held]) -> bool:
        """Add keys; tell whether none of them was taken by somebody else meanwhile."""
        rows = list(gained)
        if not rows:
            return True
        added = await session.execute(
            ADD,
            workspace_id,
            owner_type,
            *columns_of([one.key for one in rows]),
            [one.owner for one in rows],
            [one.joins for one in rows],
        )
        return added == len(rows)

    async def forget(self, session: Session, workspace_id: UUID, owners: Iterable[UUID]) -> None:
        """Take the keys of people back who were not created after all."""
        await session.execute(FORGET, workspace_id, list(owners))

    async def move(self, session: Session, workspace_id: UUID, joins: Mapping[UUID, UUID]) -> None:
        """Give the keys of people who were joined to those who stay."""
        await session.execute(MOVE, workspace_id, list(joins), list(joins.values()))

    async def make_joining(self, session: Session, workspace_id: UUID, keys: Iterable[Key]) -> None:
        """Let phone numbers join from now on."""
        wanted = list(keys)
        if wanted:
            await session.execute(JOINING, workspace_id, *columns_of(wanted))

    async def lock_people(self, session: Session, workspace_id: UUID, ids: Iterable[UUID]) -> "list[asyncpg.Record]":
        """Return people and keep them from others until this transaction ends; in one order for everybody."""
        wanted = sorted(ids)
        return await session.fetch(LOCK, workspace_id, wanted) if wanted else []

    async def create_people(
        self, session: Session, workspace_id: UUID, rows: Sequence[Mapping[str, Any]], now: datetime
    ) -> None:
        """Create people from the columns that facts decide."""
        if rows:
            await session.execute(CREATE, workspace_id, rows, now)

    async def change_people(
        self, session: Session, workspace_id: UUID, rows: Sequence[Mapping[str, Any]], now: datetime
    ) -> None:
        """Change people who are locked."""
        if rows:
            await session.execute(CHANGE, workspace_id, rows, now)

    async def redate_people(self, session: Session, workspace_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
        """Note since when the same is said."""
        if rows:
            await session.execute(REDATE, workspace_id, rows)

    async def absorb(self, session: Session, workspace_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
        """Set what staff had set on those who were joined."""
        if rows:
            await session.execute(CHANGE_STAFF, workspace_id, rows)

    async def retire(self, session: Session, workspace_id: UUID, joins: Mapping[UUID, UUID], now: datetime) -> None:
        """Let people point to those they were joined into."""
        await session.execute(RETIRE, workspace_id, list(joins), list(joins.values()), now)

    async def lock_accounts(self, session: Session, workspace_id: UUID, ids: Iterable[UUID]) -> "list[asyncpg.Record]":
        """Return accounts and keep them from others until this transaction ends."""
        wanted = sorted(ids)
        return await session.fetch(LOCK_ACCOUNTS, workspace_id, wanted) if wanted else []

    async def create_accounts(
        self, session: Session, workspace_id: UUID, rows: Sequence[Mapping[str, Any]], now: datetime
    ) -> "list[asyncpg.Record]":
        """Create accounts and return them."""
        return await session.fetch(CREATE_ACCOUNTS, workspace_id, rows, now) if rows else []

    async def rename_accounts(
        self, session: Session, workspace_id: UUID, rows: Sequence[Mapping[str, Any]], now: datetime
    ) -> "list[asyncpg.Record]":
        """Rename accounts that are locked and return them."""
        return await session.fetch(RENAME_ACCOUNTS, workspace_id, rows, now) if rows else []


def columns_of(keys: Sequence[Key]) -> tuple[list[str], list[str], list[str]]:
    """Return keys as arrays of their three parts."""
    return [key.kind for key in keys], [key.source for key in keys], [key.value for key in keys]


def list_of(numbers: Iterable[int]) -> str:
    """Return numbers as SQL writes the inside of an array."""
    return ",".join(map(str, numbers))


def phone_lock(workspace_id: UUID, number: str) -> int:
    """Return a 64-bit number for the advisory lock of a phone number."""
    digest = hashlib.blake2b(workspace_id.bytes + number.encode(), digest_size=8)
    return int.from_bytes(digest.digest(), signed=True)
