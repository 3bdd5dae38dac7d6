"""Every query that writes `workspaces`."""

from collections.abc import Sequence

from services.contracts.gateway import WorkspaceChanged
from services.kit.database import Session

APPLY = """
INSERT INTO workspaces AS w
    (workspace_id, version, name, mode, time_zone, locale, reporting_currency, default_region, updated_at)
SELECT t.*, now() FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) AS t
ON CONFLICT (workspace_id) DO UPDATE SET version = excluded.version, name = excluded.name, mode = excluded.mode,
    time_zone = excluded.time_zone, locale = excluded.locale, reporting_currency = excluded.reporting_currency,
    default_region = excluded.default_region, updated_at = excluded.updated_at
WHERE w.version < excluded.version
"""


class WorkspacesRepository:
    """The table `workspaces`, written by the worker role."""

    async def apply(self, session: Session, changes: Sequence[WorkspaceChanged]) -> None:
        """Take over settings; `changes` holds each workspace once."""
        await session.execute(
            APPLY,
            [change.workspace_id for change in changes],
            [change.version for change in changes],
            [change.name for change in changes],
            [change.mode for change in changes],
            [change.time_zone for change in changes],
            [change.locale for change in changes],
            [change.reporting_currency for change in changes],
            [change.default_region for change in changes],
        )

    async def forget_versions(self, session: Session) -> None:
        """Let the next event of every workspace count as newer: after a restore versions may be lower."""
        await session.execute("UPDATE workspaces SET version = 0")
