"""Every query on reps."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.kit.database import Session
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

if TYPE_CHECKING:
    import asyncpg

COLUMNS = "id, 'rep' AS type, version, created_at, updated_at, display_name, email, locale, time_zone, active"
REPS = Listing(
    columns=COLUMNS,
    source="reps",
    sorts={"created_at": Sort("created_at", "timestamptz"), "display_name": Sort("display_name", "text")},
    id_column="id",
)

LANGUAGES = """
SELECT r.locale AS rep, w.locale AS workspace FROM workspaces w
LEFT JOIN reps r ON r.workspace_id = w.workspace_id AND r.id = $2 WHERE w.workspace_id = $1
"""


class RepsRepository:
    """The table `reps`."""

    async def insert(
        self, session: Session, rep_id: UUID, values: Mapping[str, Any], now: datetime
    ) -> "asyncpg.Record | None":
        """Insert a rep; None where another one has the e-mail address."""
        return await session.fetchrow(
            "INSERT INTO reps"
            " (workspace_id, id, created_at, updated_at, display_name, email, locale, time_zone, active)"
            f" VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING {COLUMNS}",
            session.tenant,
            rep_id,
            now,
            values["display_name"],
            values["email"],
            values["locale"],
            values["time_zone"],
            values["active"],
        )

    async def read(self, session: Session, rep_id: UUID, *, lock: bool = False) -> "asyncpg.Record | None":
        """Return a rep; `lock` keeps it from others."""
        end = " FOR NO KEY UPDATE" if lock else ""
        return await session.fetchrow(
            f"SELECT {COLUMNS} FROM reps WHERE workspace_id = $1 AND id = $2{end}", session.tenant, rep_id
        )

    async def update(
        self, session: Session, rep_id: UUID, values: Mapping[str, Any], now: datetime
    ) -> "asyncpg.Record | None":
        """Set columns of a locked rep."""
        assignments = "".join(f"{name} = ${place}, " for place, name in enumerate(values, start=4))
        return await session.fetchrow(
            f"UPDATE reps SET {assignments}version = version + 1, updated_at = $3"
            f" WHERE workspace_id = $1 AND id = $2 RETURNING {COLUMNS}",
            session.tenant,
            rep_id,
            now,
            *values.values(),
        )

    async def with_email(self, session: Session, email: str) -> UUID | None:
        """Return the rep who has an e-mail address."""
        found: UUID | None = await session.fetchval(
            "SELECT id FROM reps WHERE workspace_id = $1 AND email = $2", session.tenant, email
        )
        return found

    async def languages(self, session: Session, rep_id: UUID | None) -> list[str | None]:
        """Return the languages of a rep and of the session's workspace, as far as they are known."""
        row = await session.fetchrow(LANGUAGES, session.tenant, rep_id)
        return [row["rep"], row["workspace"]] if row else []

    async def page(self, session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
        """Return a page of reps."""
        return await REPS.fetch(session, where, query, bound, sort=sort)
