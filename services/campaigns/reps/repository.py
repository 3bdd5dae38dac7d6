"""Every query on `reps`."""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.contracts.contacts import RepChanged
from services.kit.database import Session

LANGUAGES = """
SELECT r.locale AS rep, w.locale AS workspace FROM workspaces w
LEFT JOIN reps r ON r.workspace_id = w.workspace_id AND r.id = $2 WHERE w.workspace_id = $1
"""
APPLY = """
INSERT INTO reps (workspace_id, id, version, active, time_zone, locale)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[], $5::text[], $6::text[])
ON CONFLICT (workspace_id, id) DO UPDATE SET version = excluded.version, active = excluded.active,
    time_zone = excluded.time_zone, locale = excluded.locale, updated_at = now()
WHERE reps.version < excluded.version
"""


async def apply(session: Session, changes: Sequence[tuple[UUID, RepChanged]]) -> None:
    """Take over reps; `changes` holds each rep once, with its workspace."""
    await session.execute(
        APPLY,
        [workspace_id for workspace_id, _ in changes],
        [rep.rep_id for _, rep in changes],
        [rep.version for _, rep in changes],
        [rep.active for _, rep in changes],
        [rep.time_zone for _, rep in changes],
        [rep.locale for _, rep in changes],
    )


async def activity(session: Session, rep_ids: Collection[UUID]) -> dict[UUID, bool]:
    """Tell which of these reps are at work; those of whom we have not heard are left out."""
    sql = "SELECT id, active FROM reps WHERE workspace_id = $1 AND id = any($2::uuid[])"
    return {row["id"]: row["active"] for row in await session.fetch(sql, session.tenant, list(rep_ids))}


async def languages(session: Session, rep_id: UUID | None) -> list[str | None]:
    """Return the languages of a rep and of the session's workspace, as far as they are known."""
    row = await session.fetchrow(LANGUAGES, session.tenant, rep_id)
    return [row["rep"], row["workspace"]] if row else []


async def forget_versions(session: Session) -> None:
    """Let the next event of every rep count as newer. Worker role."""
    await session.execute("UPDATE reps SET version = 0")


async def remove_forgotten(session: Session) -> None:
    """Remove reps of whom nothing was heard since their versions were forgotten. Worker role."""
    await session.execute("DELETE FROM reps WHERE version = 0")
