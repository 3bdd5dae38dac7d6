"""Every query on `workspaces`."""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.contracts.gateway import WorkspaceChanged
from services.kit.database import Session

MEET = """
INSERT INTO workspaces (workspace_id)
SELECT DISTINCT workspace_id FROM unnest($1::uuid[]) AS met (workspace_id) ORDER BY workspace_id
ON CONFLICT DO NOTHING
"""
APPLY = """
INSERT INTO workspaces (workspace_id, version, time_zone, locale, reporting_currency)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (workspace_id) DO UPDATE SET version = excluded.version, time_zone = excluded.time_zone,
    locale = excluded.locale, reporting_currency = excluded.reporting_currency, updated_at = now()
WHERE workspaces.version < excluded.version
"""


async def meet(session: Session, workspace_ids: Collection[UUID]) -> None:
    """Make a row for every workspace seen for the first time; its settings may still be on their way."""
    await session.execute(MEET, list(workspace_ids))


async def apply(session: Session, changes: Sequence[WorkspaceChanged]) -> None:
    """Take over settings; `changes` holds each workspace once."""
    await session.execute(
        APPLY,
        [change.workspace_id for change in changes],
        [change.version for change in changes],
        [change.time_zone for change in changes],
        [change.locale for change in changes],
        [change.reporting_currency for change in changes],
    )


async def forget_versions(session: Session) -> None:
    """Let the next event of every workspace count as newer. Worker role."""
    await session.execute("UPDATE workspaces SET version = 0")
