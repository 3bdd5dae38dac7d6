"""Every query on interactions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.kit.database import Session
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

Row = dict[str, Any]

TYPES = {
    "customer_id": "uuid",
    "customer_type": "text",
    "rep_id": "uuid",
    "function": "text",
    "channel": "text",
    "direction": "text",
    "occurred_at": "timestamptz",
    "purpose": "text",
    "summary": "text",
    "outcome": "text",
    "sentiment": "float8",
    "participants": "jsonb",
    "cost_minor": "bigint",
    "cost_currency": "text",
    "findings": "text",
    "next_step": "text",
    "next_step_due_at": "timestamptz",
    "effects": "text",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
}
COLUMNS = ", ".join(TYPES)
NAMES = """
    coalesce(p.display_name, a.name) AS customer_name, r.display_name AS rep_name,
    coalesce(p.owner_rep_id, a.owner_rep_id) AS owner_rep_id"""
JOINS = """
    LEFT JOIN people p ON p.workspace_id = i.workspace_id AND p.id = i.customer_id
    LEFT JOIN accounts a ON a.workspace_id = i.workspace_id AND a.id = i.customer_id
    LEFT JOIN reps r ON r.workspace_id = i.workspace_id AND r.id = i.rep_id"""
SUMMARY = f"""
    i.id, i.version, i.created_at, i.updated_at, i.deleted_at, i.customer_id, i.customer_type, i.rep_id, i.function,
    i.channel, i.direction, i.occurred_at, i.purpose, i.summary, i.outcome, i.sentiment, {NAMES}"""
INTERACTIONS = Listing(
    columns=SUMMARY,
    source=f"interactions i {JOINS}",
    sorts={
        "occurred_at": Sort("i.occurred_at", "timestamptz"),
        "created_at": Sort("i.created_at", "timestamptz"),
        "updated_at": Sort("i.updated_at", "timestamptz"),
    },
    id_column="i.id",
)
INSERT = f"""
WITH given AS (
    SELECT * FROM jsonb_to_recordset($2::jsonb)
    AS g (id uuid, {", ".join(f"{name} {kind}" for name, kind in TYPES.items())})
), i AS (
    INSERT INTO interactions (workspace_id, id, {COLUMNS})
    SELECT $1, id, {COLUMNS} FROM given RETURNING *
)
SELECT i.*, {NAMES} FROM i {JOINS}
"""


class InteractionsRepository:
    """The table `interactions`."""

    async def insert(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Insert rows and return them with names, in no particular order."""
        return [dict(row) for row in await session.fetch(INSERT, session.tenant, rows)]

    async def read(self, session: Session, interaction_id: UUID, *, lock: bool = False) -> Row | None:
        """Return an interaction with names, a deleted one too; `lock` keeps it from others."""
        row = await session.fetchrow(
            f"SELECT i.*, {NAMES} FROM interactions i {JOINS} WHERE i.workspace_id = $1 AND i.id = $2"
            f"{' FOR NO KEY UPDATE OF i' if lock else ''}",
            session.tenant,
            interaction_id,
        )
        return dict(row) if row else None

    async def update(self, session: Session, interaction_id: UUID, values: Mapping[str, Any], now: datetime) -> Row:
        """Set columns of a locked interaction, raise its version and return it with names."""
        assignments = "".join(f"{name} = ${place}, " for place, name in enumerate(values, start=4))
        row = await session.fetchrow(
            f"WITH i AS (UPDATE interactions SET {assignments}version = version + 1, updated_at = $3"
            f" WHERE workspace_id = $1 AND id = $2 RETURNING *) SELECT i.*, {NAMES} FROM i {JOINS}",
            session.tenant,
            interaction_id,
            now,
            *values.values(),
        )
        if row is None:
            message = "the row was locked, so it cannot be gone"
            raise LookupError(message)
        return dict(row)

    async def move(self, session: Session, workspace_id: UUID, joins: Mapping[UUID, UUID], now: datetime) -> list[Row]:
        """Give the interactions of people who were joined to those who stay; return them in the order of their ids."""
        rows = await session.fetch(
            "UPDATE interactions i SET customer_id = m.survivor, version = i.version + 1, updated_at = $4"
            " FROM unnest($2::uuid[], $3::uuid[]) AS m (loser, survivor)"
            " WHERE i.workspace_id = $1 AND i.customer_id = m.loser RETURNING i.*",
            workspace_id,
            list(joins),
            list(joins.values()),
            now,
        )
        return sorted((dict(row) for row in rows), key=lambda row: str(row["id"]))

    async def known_reps(self, session: Session, ids: Sequence[UUID]) -> set[UUID]:
        """Return which of these ids are reps."""
        rows = await session.fetch(
            "SELECT id FROM reps WHERE workspace_id = $1 AND id = any($2::uuid[])", session.tenant, ids
        )
        return {row["id"] for row in rows}

    async def page(self, session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
        """Return a page of interactions."""
        return await INTERACTIONS.fetch(session, where, query, bound, sort=sort)
