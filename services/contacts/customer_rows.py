"""Statements that people and accounts share: create with match keys and event at once, change, delete, restore."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.contacts.identities.rules import Key
from services.kit.database import Session
from services.kit.problems import Problem, invalid_body
from services.kit.wakeups import OUTBOX

if TYPE_CHECKING:
    import asyncpg

Row = dict[str, Any]
Versions = frozenset[int] | None
"""Versions that a change may start from; None = any."""

SHARED = {
    "region": "text",
    "tags": "text[]",
    "custom": "jsonb",
    "owner_rep_id": "uuid",
    "designated_rep_id": "uuid",
    "designated_at": "timestamptz",
    "lifecycle_stage": "text",
    "do_not_contact": "boolean",
    "do_not_pursue": "boolean",
    "internal": "boolean",
    "provenance": "jsonb",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
}
"""Columns of both tables, with their types."""

REP_POINTERS = {"owner_rep_id": "#/owner_rep_id", "designated_rep_id": "#/designation/rep_id"}
BUILT_IN_SOURCES = "('import', 'manual')"
EXTERNAL_IDS = """
    coalesce((
        SELECT jsonb_agg(jsonb_build_object('source', i.source, 'id', i.value) ORDER BY i.source, i.value)
        FROM identities i WHERE i.workspace_id = c.workspace_id AND i.owner_id = c.id AND i.kind = 'external'
    ), '[]') AS external_ids"""
NAMES = "o.display_name AS owner_name, d.display_name AS designated_name"
JOINED_REPS = """
    LEFT JOIN reps o ON o.workspace_id = c.workspace_id AND o.id = c.owner_rep_id
    LEFT JOIN reps d ON d.workspace_id = c.workspace_id AND d.id = c.designated_rep_id"""

CREATE = """
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS g (id uuid, event json, {typed})
), keys AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($3::jsonb) AS k (owner_id uuid, kind text, source text, value text, joins boolean)
), clash AS (
    SELECT DISTINCT ON (k.owner_id) k.owner_id, i.owner_id AS existing_id, k.kind AS matched_on
    FROM keys k
    JOIN identities i ON i.workspace_id = $1 AND i.kind = k.kind AND i.source = k.source AND i.value = k.value
    WHERE i.owner_type = '{kind}'
    ORDER BY k.owner_id, array_position(ARRAY['external', 'email', 'phone'], k.kind), i.owner_id
), judged AS MATERIALIZED (
    SELECT g.id, g.designated_at, {names}, clash.existing_id, clash.matched_on,
        g.owner_rep_id IS NULL OR o.id IS NOT NULL AS owner_known,
        g.designated_rep_id IS NULL OR d.id IS NOT NULL AS designated_known,
        (SELECT array_agg(k.source) FROM keys k
         WHERE k.owner_id = g.id AND k.kind = 'external' AND k.source NOT IN {built_in}
           AND NOT EXISTS (SELECT FROM sources s WHERE s.workspace_id = $1 AND s.key = k.source)) AS unknown_sources
    FROM given g
    LEFT JOIN clash ON clash.owner_id = g.id
    LEFT JOIN LATERAL (SELECT * FROM reps WHERE workspace_id = $1 AND id = g.owner_rep_id LIMIT 1) o ON true
    LEFT JOIN LATERAL (SELECT * FROM reps WHERE workspace_id = $1 AND id = g.designated_rep_id LIMIT 1) d ON true
), made AS (
    INSERT INTO {table} (workspace_id, id, {columns})
    SELECT $1, g.id, {given} FROM given g JOIN judged j ON j.id = g.id
    WHERE existing_id IS NULL AND owner_known AND designated_known AND unknown_sources IS NULL
    RETURNING id
), claimed AS (
    INSERT INTO identities (workspace_id, kind, source, value, owner_type, owner_id, joins)
    SELECT $1, k.kind, k.source, k.value, '{kind}', k.owner_id, k.joins FROM keys k JOIN made ON made.id = k.owner_id
    ORDER BY k.kind, k.source, k.value
    ON CONFLICT DO NOTHING
    RETURNING owner_id
), told AS (
    INSERT INTO outbox (workspace_id, type, subject, version, data)
    SELECT $1, 'customer.changed', g.id, 1, g.event FROM given g JOIN made ON made.id = g.id
    RETURNING seq
)
SELECT j.*, (SELECT max(seq) FROM told) AS position, made.id IS NOT NULL AS created,
    (SELECT count(*) FROM claimed WHERE claimed.owner_id = j.id) AS claimed
FROM judged j LEFT JOIN made ON made.id = j.id
"""
"""One round trip: row, match keys and event, unless a key is held already or a named rep or source is not there.

Keys are taken in one order by everybody, so that two who take the same ones wait for one another, not for ever. LIMIT
makes the planner look reps up by their ids: it expects a hundred drafts, and would read all reps for them. Answered is
what the draft does not say, and the one column that the database writes otherwise: its times are in UTC.
"""

CHANGE = """
WITH changed AS (
    UPDATE {table} SET {assignments}version = version + 1, updated_at = $3
    WHERE workspace_id = $1 AND id = $2 RETURNING *
), told AS (
    INSERT INTO outbox (workspace_id, type, subject, version, data)
    SELECT $1, 'customer.changed', id, version, $4::json FROM changed RETURNING seq
)
SELECT c.*, (SELECT max(seq) FROM told) AS position, {names}, {external_ids} FROM changed c {reps}
"""

RELEASE = """
WITH released AS (
    DELETE FROM identities WHERE workspace_id = $1 AND owner_id = $2 RETURNING kind, source, value, joins
), changed AS (
    UPDATE {table} SET deleted_at = $3, updated_at = $3, version = version + 1,
        released_keys = (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM released r)
    WHERE workspace_id = $1 AND id = $2 RETURNING id, version
)
INSERT INTO outbox (workspace_id, type, subject, version, data)
SELECT $1, 'customer.changed', id, version, $4::json FROM changed RETURNING seq
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A row to be created: its columns, its match keys and the event that tells of it."""

    id: UUID
    values: Mapping[str, Any]
    joining: frozenset[Key]
    holding: frozenset[Key]
    event: Mapping[str, Any]

    @property
    def keys(self) -> frozenset[Key]:
        """Every match key of the row."""
        return self.joining | self.holding

    @property
    def row(self) -> Row:
        """The row as it will be read once it is created."""
        externals = sorted((key.source, key.value) for key in self.keys if key.kind == "external")
        external_ids = [{"source": source, "id": value} for source, value in externals]
        return {**self.values, "version": 1, "deleted_at": None, "external_ids": external_ids}


class CustomerRows:
    """The statements of one of both tables."""

    def __init__(self, table: str, kind: str, columns: Mapping[str, str]) -> None:
        types = {**columns, **SHARED}
        self.kind = kind
        self.columns = tuple(types)
        self._table = table
        self._create = CREATE.format(
            table=table,
            kind=kind,
            names=NAMES,
            built_in=BUILT_IN_SOURCES,
            columns=", ".join(types),
            given=", ".join(f"g.{name}" for name in types),
            typed=", ".join(f"{name} {sql}" for name, sql in types.items()),
        )
        self._read = f"SELECT c.*, {NAMES}, {EXTERNAL_IDS} FROM {table} c {JOINED_REPS}"  # noqa: S608 - our own words

    async def create(self, session: Session, drafts: Sequence[Draft]) -> list[Row]:
        """Create what can be created; the rows, in this order, say whether they were, else what stood against it."""
        rows = [{"id": draft.id, "event": draft.event, **draft.values} for draft in drafts]
        judged = await session.fetch(self._create, session.tenant, rows, key_rows(drafts))
        published(session, judged[0]["position"] if judged else None)
        found = {row["id"]: row for row in judged}
        return [draft.row | dict(found[draft.id]) for draft in drafts]

    async def read(self, session: Session, row_id: UUID, *, lock: bool = False) -> Row | None:
        """Return a row with names and external ids, deleted and merged ones too; `lock` keeps it from others."""
        sql = f"{self._read} WHERE c.workspace_id = $1 AND c.id = $2"
        row = await session.fetchrow(f"{sql} FOR NO KEY UPDATE OF c" if lock else sql, session.tenant, row_id)
        return dict(row) if row else None

    async def change(
        self, session: Session, row_id: UUID, values: Mapping[str, Any], event: Mapping[str, Any], now: datetime
    ) -> Row:
        """Set columns of a locked row, raise its version, tell of it, and return the row as it is then."""
        assignments = "".join(f"{name} = ${place}, " for place, name in enumerate(values, start=5))
        sql = CHANGE.format(
            table=self._table, assignments=assignments, names=NAMES, external_ids=EXTERNAL_IDS, reps=JOINED_REPS
        )
        row = await session.fetchrow(sql, session.tenant, row_id, now, event, *values.values())
        if row is None:
            message = "the row was locked, so it cannot be gone"
            raise LookupError(message)
        published(session, row["position"])
        return dict(row)

    async def release(self, session: Session, row_id: UUID, event: Mapping[str, Any], now: datetime) -> None:
        """Delete softly: the row stays for restoration, its match keys go, so that they can name somebody new."""
        sql = RELEASE.format(table=self._table)
        published(session, await session.fetchval(sql, session.tenant, row_id, now, event))

    async def add_keys(self, session: Session, owner_id: UUID, keys: Iterable[Key], *, joins: bool) -> None:
        """Add match keys to an owner; those already held stay as they are."""
        wanted = list(keys)
        await session.execute(
            "INSERT INTO identities (workspace_id, kind, source, value, owner_type, owner_id, joins)"
            " SELECT $1, k.kind, k.source, k.value, $2, $3, $4"
            " FROM unnest($5::text[], $6::text[], $7::text[]) AS k (kind, source, value)"
            " ORDER BY k.kind, k.source, k.value ON CONFLICT DO NOTHING",
            session.tenant,
            self.kind,
            owner_id,
            joins,
            [key.kind for key in wanted],
            [key.source for key in wanted],
            [key.value for key in wanted],
        )

    async def holders(self, session: Session, keys: Iterable[Key]) -> "list[asyncpg.Record]":
        """Return who holds which of these keys: kind, source, value, owner_id, joins; surest match first."""
        wanted = list(keys)
        return await session.fetch(
            "SELECT i.kind, i.source, i.value, i.owner_id, i.joins"
            " FROM unnest($3::text[], $4::text[], $5::text[]) AS k (kind, source, value)"
            " JOIN identities i ON i.kind = k.kind AND i.source = k.source AND i.value = k.value"
            " WHERE i.workspace_id = $1 AND i.owner_type = $2"
            " ORDER BY array_position(ARRAY['external', 'email', 'phone'], i.kind), i.owner_id",
            session.tenant,
            self.kind,
            [key.kind for key in wanted],
            [key.source for key in wanted],
            [key.value for key in wanted],
        )

    async def has_rep(self, session: Session, rep_id: UUID) -> bool:
        """Tell whether there is such a rep."""
        found: bool | None = await session.fetchval(
            "SELECT true FROM reps WHERE workspace_id = $1 AND id = $2", session.tenant, rep_id
        )
        return bool(found)

    async def check_reps(self, session: Session, columns: Mapping[str, Any]) -> None:
        """Raise Invalid where a column names a rep who is not there."""
        for name, pointer in REP_POINTERS.items():
            if columns.get(name) and not await self.has_rep(session, columns[name]):
                raise invalid_body(pointer, "There is no such rep.", "unknown_rep")

    async def unknown_sources(self, session: Session, keys: Iterable[str]) -> list[str]:
        """Return which of these source keys are no source of the workspace."""
        rows = await session.fetch(
            f"SELECT k FROM unnest($2::text[]) AS k WHERE k NOT IN {BUILT_IN_SOURCES}"  # noqa: S608 - our own words
            " AND NOT EXISTS (SELECT FROM sources s WHERE s.workspace_id = $1 AND s.key = k)",
            session.tenant,
            sorted(set(keys)),
        )
        return [row["k"] for row in rows]


def missing_reference(judged: Row) -> Problem | None:
    """Return what a draft names that is not there: a rep or a source; None if all is."""
    for name, known in (("owner_rep_id", "owner_known"), ("designated_rep_id", "designated_known")):
        if not judged[known]:
            return invalid_body(REP_POINTERS[name], "There is no such rep.", "unknown_rep")
    if judged["unknown_sources"]:
        return invalid_body("#/external_ids", f"There is no source {judged['unknown_sources'][0]}.", "unknown_source")
    return None


def without_shared_keys(
    drafts: Sequence[tuple[int, Draft]],
) -> tuple[list[tuple[int, Draft]], list[tuple[int, Draft]]]:
    """Split drafts into those that can be created together, and those that share a key with one before them."""
    together: list[tuple[int, Draft]] = []
    later: list[tuple[int, Draft]] = []
    seen: set[Key] = set()
    for place, draft in drafts:
        (later if draft.keys & seen else together).append((place, draft))
        seen |= draft.keys
    return together, later


def published(session: Session, position: int | None) -> None:
    """Note the last event that a statement above has written, as `publish` does: the feed is woken after the commit."""
    if position is not None:
        session.position = max(session.position, position)
        session.after_commit(lambda: session.wakeups.tell(OUTBOX))


def key_rows(drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """Return the match keys of drafts as the statement reads them."""
    return [
        {"owner_id": draft.id, **key._asdict(), "joins": key in draft.joining} for draft in drafts for key in draft.keys
    ]
