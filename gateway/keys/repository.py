"""Every query about API keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from gateway.keys.rules import Mode
from services.kit.database import Session
from services.kit.web.lists import Listing, Sort, Where

if TYPE_CHECKING:
    import asyncpg

COLUMNS = (
    "k.id, k.version, k.created_at, k.updated_at, k.name, k.hint, k.scopes, k.rep_id, k.visibility, k.origins,"
    " k.networks, k.expires_at, k.revoked_at, k.last_used_at, k.rotated_from_id, k.created_by_id, k.created_by_kind,"
    " f.name AS rotated_from_name"
)
SOURCE = "api_keys k LEFT JOIN api_keys f ON f.workspace_id = k.workspace_id AND f.id = k.rotated_from_id"
CHANGEABLE = frozenset({"name", "scopes", "rep_id", "visibility", "origins", "networks", "expires_at", "revoked_at"})
STATUS_SQL = {
    "revoked": "k.revoked_at <= {0}",
    "expired": "(k.revoked_at IS NULL AND k.expires_at <= {0})",
    "active": "(k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > {0}))",
}
INSERT = """
INSERT INTO api_keys (workspace_id, id, created_at, updated_at, public_id, secret_hash, hint, name, scopes, rep_id,
                      visibility, origins, networks, expires_at, rotated_from_id, created_by_id, created_by_kind)
VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""

LISTING = Listing(
    columns=COLUMNS,
    source=SOURCE,
    sorts={"created_at": Sort("k.created_at", "timestamptz")},
    id_column="k.id",
)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A row to be inserted."""

    workspace_id: UUID
    id: UUID
    created_at: datetime
    public_id: str
    secret_hash: bytes
    hint: str
    name: str
    scopes: list[str]
    rep_id: UUID | None
    visibility: str
    origins: list[str]
    networks: list[str]
    expires_at: datetime | None
    rotated_from_id: UUID | None
    created_by_id: UUID | None
    created_by_kind: str

    def values(self) -> list[object]:
        """Return the values in the order of the statement."""
        return [getattr(self, name) for name in self.__slots__]


async def insert(session: Session, key: NewKey) -> None:
    """Add a key."""
    await session.execute(INSERT, *key.values())


def filters(statuses: Sequence[str], reps: Sequence[UUID | None], now: datetime) -> Where:
    """Return the conditions of a list of keys."""
    where = Where()
    if statuses:
        where.add("(" + " OR ".join(STATUS_SQL[status] for status in statuses) + ")", now)
    if reps:
        where.add(
            "(k.rep_id = any({}::uuid[]) OR ({} AND k.rep_id IS NULL))", [rep for rep in reps if rep], None in reps
        )
    return where


async def read(session: Session, key_id: UUID) -> "asyncpg.Record | None":
    """Return a key for reading."""
    return await session.fetchrow(f"SELECT {COLUMNS} FROM {SOURCE} WHERE k.id = $1", key_id)


async def lock(session: Session, key_id: UUID) -> "asyncpg.Record | None":
    """Return a key for changing; others who want to change it wait."""
    return await session.fetchrow("SELECT * FROM api_keys WHERE id = $1 FOR UPDATE", key_id)


async def workspace_mode(session: Session, workspace_id: UUID) -> Mode:
    """Return whether the keys of a workspace are live or test keys."""
    mode: Mode = await session.fetchval("SELECT mode FROM workspaces WHERE workspace_id = $1", workspace_id)
    return mode


async def update(session: Session, key_id: UUID, changes: Mapping[str, Any], now: datetime) -> None:
    """Set columns and count the version up."""
    names = [name for name in changes if name in CHANGEABLE]
    sets = "".join(f", {name} = ${place}" for place, name in enumerate(names, start=3))
    await session.execute(
        f"UPDATE api_keys SET version = version + 1, updated_at = $2{sets} WHERE id = $1",
        key_id,
        now,
        *(changes[name] for name in names),
    )
