"""Asking for evaluations that take long: each is a job, and one that waits is enough."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.kit.database import Session
from services.kit.jobs.queue import enqueue

RECOMPUTE = "scores.recompute"
DAILY = "scores.daily"
REVALUE = "scores.revalue"
REP_CHANGED = "scores.rep_changed"


async def ask_to_recompute(session: Session, kinds: Collection[str], as_of: datetime | None) -> UUID:
    """Ask to score everybody in the session's workspace, now or as of a time; return the job."""
    payload: dict[str, object] = {"kinds": sorted(kinds), "as_of": as_of.isoformat() if as_of else None}
    return await enqueue(session, RECOMPUTE, payload, title="Recompute scores")


async def ask_for_daily(session: Session, workspace_id: UUID, midnight: datetime) -> UUID:
    """Ask for the evaluation that is due at a local midnight."""
    return await enqueue(
        session,
        DAILY,
        {"at": midnight.isoformat()},
        dedupe_key=midnight.isoformat(),
        title="Daily evaluation",
        workspace_id=workspace_id,
    )


async def ask_to_revalue(session: Session, workspace_id: UUID, currency: str | None = None) -> UUID:
    """Ask to value orders again, of one currency or all, and to score their customers."""
    return await enqueue(
        session, REVALUE, {"currency": currency}, title="Value orders again", workspace_id=workspace_id
    )


async def ask_about_rep(session: Session, workspace_id: UUID, rep_id: UUID) -> UUID:
    """Ask to look at the customers of a rep who left or came back."""
    return await enqueue(
        session, REP_CHANGED, {"rep_id": str(rep_id)}, title="Look at a rep's customers", workspace_id=workspace_id
    )
