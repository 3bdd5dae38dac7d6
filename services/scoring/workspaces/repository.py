"""Every query on `workspaces` and `schedules`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.contracts.gateway import WorkspaceChanged
from services.kit.database import Session

if TYPE_CHECKING:
    import asyncpg

MEET = """
INSERT INTO workspaces (workspace_id)
SELECT DISTINCT workspace_id FROM unnest($1::uuid[]) AS met (workspace_id) ORDER BY workspace_id
ON CONFLICT DO NOTHING
"""
APPLY = """
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[])
        AS t (workspace_id, version, time_zone, locale, reporting_currency)
), before AS (
    SELECT w.workspace_id, w.time_zone, w.reporting_currency FROM workspaces w JOIN told USING (workspace_id)
), written AS (
    INSERT INTO workspaces (workspace_id, version, time_zone, locale, reporting_currency)
    SELECT workspace_id, version, time_zone, locale, reporting_currency FROM told ORDER BY workspace_id
    ON CONFLICT (workspace_id) DO UPDATE SET version = excluded.version, time_zone = excluded.time_zone,
        locale = excluded.locale, reporting_currency = excluded.reporting_currency, updated_at = now()
    WHERE workspaces.version < excluded.version
    RETURNING workspace_id, time_zone, reporting_currency
)
SELECT w.workspace_id, w.time_zone, w.reporting_currency,
       b.workspace_id IS NOT NULL AND b.time_zone <> w.time_zone
       OR b.workspace_id IS NOT NULL AND b.reporting_currency IS DISTINCT FROM w.reporting_currency AS revalued,
       b.workspace_id IS NULL OR b.reporting_currency IS NULL AS first_told
FROM written w LEFT JOIN before b USING (workspace_id)
"""
READ = """
SELECT workspace_id, time_zone, reporting_currency, evaluated_at FROM workspaces
WHERE workspace_id = any($1) AND reporting_currency IS NOT NULL
"""
EVERY = "SELECT workspace_id FROM workspaces ORDER BY workspace_id"
NOTE_EVALUATED = """
UPDATE workspaces SET evaluated_at = $2 WHERE workspace_id = $1 AND (evaluated_at IS NULL OR evaluated_at < $2)
"""
FORGET = "UPDATE workspaces SET version = 0"

SCHEDULE = """
INSERT INTO schedules (workspace_id, daily_at) SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
ON CONFLICT (workspace_id) DO UPDATE SET daily_at = excluded.daily_at
"""
DAILY_DUE = """
SELECT s.workspace_id, w.time_zone, s.daily_at FROM schedules s JOIN workspaces w USING (workspace_id)
WHERE s.daily_at <= $1 ORDER BY s.daily_at LIMIT $2 FOR UPDATE OF s SKIP LOCKED
"""
STIR = """
UPDATE schedules SET stirred_at = $2 WHERE workspace_id = $1 AND (stirred_at IS NULL OR stirred_at < $2)
"""
CLAIM_STIRRED = """
UPDATE schedules SET sweep_after = $2 WHERE workspace_id = (
    SELECT workspace_id FROM schedules WHERE stirred_at IS NOT NULL AND (sweep_after IS NULL OR sweep_after <= $1)
    ORDER BY stirred_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING workspace_id, stirred_at
"""
SETTLE = """
UPDATE schedules SET stirred_at = CASE WHEN stirred_at > $2 THEN stirred_at END, sweep_after = $3
WHERE workspace_id = $1
"""


async def languages(session: Session) -> list[str | None]:
    """Return the language of the session's workspace, nothing where it is not known."""
    rows = await session.fetch("SELECT locale FROM workspaces WHERE workspace_id = $1", session.tenant)
    return [row["locale"] for row in rows]


async def meet(session: Session, workspace_ids: Collection[UUID]) -> None:
    """Make a row for every workspace seen for the first time; its settings may still be on their way."""
    await session.execute(MEET, list(workspace_ids))


async def apply(session: Session, changes: Sequence[WorkspaceChanged]) -> "list[asyncpg.Record]":
    """Take over settings; `changes` holds each workspace once. Return what was new, and what it means for facts."""
    return await session.fetch(
        APPLY,
        [change.workspace_id for change in changes],
        [change.version for change in changes],
        [change.time_zone for change in changes],
        [change.locale for change in changes],
        [change.reporting_currency for change in changes],
    )


async def read(session: Session, workspace_ids: Collection[UUID]) -> "list[asyncpg.Record]":
    """Return the settings of workspaces; those that the gateway has not told yet are left out."""
    return await session.fetch(READ, list(workspace_ids))


async def every(session: Session) -> list[UUID]:
    """Return the ids of all workspaces."""
    return [row["workspace_id"] for row in await session.fetch(EVERY)]


async def note_evaluated(session: Session, workspace_id: UUID, at: datetime) -> None:
    """Note that everybody stood at a time where scores say."""
    await session.execute(NOTE_EVALUATED, workspace_id, at)


async def forget_versions(session: Session) -> None:
    """Let the next event of every workspace count as newer."""
    await session.execute(FORGET)


async def schedule(session: Session, daily: Sequence[tuple[UUID, datetime]]) -> None:
    """Set when workspaces are evaluated next."""
    await session.execute(SCHEDULE, [one for one, _ in daily], [at for _, at in daily])


async def daily_due(session: Session, now: datetime, limit: int) -> "list[asyncpg.Record]":
    """Lock and return the schedules whose midnight has come."""
    return await session.fetch(DAILY_DUE, now, limit)


async def stir(session: Session, workspace_id: UUID, at: datetime) -> None:
    """Note that cut-offs which are not recorded have moved."""
    await session.execute(STIR, workspace_id, at)


async def claim_stirred(session: Session, now: datetime, until: datetime) -> "asyncpg.Record | None":
    """Take one workspace whose cut-offs have moved, so that no other process looks at it before `until`."""
    return await session.fetchrow(CLAIM_STIRRED, now, until)


async def settle(session: Session, workspace_id: UUID, stirred_at: datetime, next_sweep: datetime) -> None:
    """Note that everybody was looked at as of `stirred_at`, and when the next look may begin."""
    await session.execute(SETTLE, workspace_id, stirred_at, next_sweep)
