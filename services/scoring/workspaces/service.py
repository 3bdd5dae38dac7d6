"""What other features ask about workspaces: their settings, and when each is due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.contracts.gateway import WorkspaceChanged
from services.kit.database import Session
from services.kit.identity import Identity
from services.scoring.facts.rules import local_day, midnight
from services.scoring.workspaces import repository
from services.scoring.workspaces.repository import (
    claim_stirred,
    every,
    forget_versions,
    meet,
    note_evaluated,
    settle,
    stir,
)

__all__ = [
    "Told",
    "Workspace",
    "apply",
    "claim_stirred",
    "every",
    "find",
    "forget_versions",
    "known",
    "languages",
    "meet",
    "note_evaluated",
    "settle",
    "stir",
    "take_due",
]


@dataclass(frozen=True, slots=True)
class Workspace:
    """The settings of a workspace that scores depend on."""

    workspace_id: UUID
    zone: ZoneInfo
    currency: str
    evaluated_at: datetime | None = None
    """When everybody was last found to stand where scores say."""


@dataclass(frozen=True, slots=True)
class Told:
    """A workspace whose settings are new, and whether its facts must be valued again."""

    workspace_id: UUID
    first: bool
    revalued: bool


async def known(session: Session, workspace_ids: Collection[UUID]) -> dict[UUID, Workspace]:
    """Return the workspaces whose settings are known."""
    rows = await repository.read(session, workspace_ids)
    return {
        row["workspace_id"]: Workspace(
            row["workspace_id"], ZoneInfo(row["time_zone"]), row["reporting_currency"], row["evaluated_at"]
        )
        for row in rows
    }


async def find(session: Session, workspace_id: UUID) -> Workspace | None:
    """Return one workspace, None while its settings are not known."""
    return (await known(session, [workspace_id])).get(workspace_id)


async def apply(session: Session, changes: Sequence[WorkspaceChanged], now: datetime) -> list[Told]:
    """Take over settings and set the next midnight of workspaces that are new or whose zone moved."""
    rows = await repository.apply(session, changes)
    told = [Told(row["workspace_id"], bool(row["first_told"]), bool(row["revalued"])) for row in rows]
    moved = [
        (row["workspace_id"], next_midnight(now, ZoneInfo(row["time_zone"])))
        for row in rows
        if row["first_told"] or row["revalued"]
    ]
    if moved:
        await repository.schedule(session, moved)
    return told


async def take_due(session: Session, now: datetime, limit: int = 20) -> list[tuple[UUID, datetime]]:
    """Return the workspaces whose midnight has come, with the latest midnight, and set their next one."""
    rows = await repository.daily_due(session, now, limit)
    zones = {row["workspace_id"]: ZoneInfo(row["time_zone"]) for row in rows}
    if zones:
        await repository.schedule(session, [(one, next_midnight(now, zone)) for one, zone in zones.items()])
    return [(one, midnight(local_day(now, zone), zone)) for one, zone in zones.items()]


def next_midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next 00:00 in a zone."""
    return midnight(local_day(now, zone) + 1, zone)


async def languages(session: Session, caller: Identity) -> list[str | None]:
    """Return the language that the workspace prefers; of reps, and what they speak, scoring knows nothing."""
    del caller
    return await repository.languages(session)
