"""What other features ask about reps."""

from collections.abc import Collection
from uuid import UUID

from services.campaigns.reps.repository import activity, apply, forget_versions, remove_forgotten
from services.campaigns.waiting import until
from services.kit.database import Session

__all__ = ["apply", "at_work", "forget_versions", "remove_forgotten"]


async def at_work(session: Session, rep_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the reps who are at work; one who was made a moment ago is waited for."""
    known = await until(lambda: activity(session, rep_ids), lambda known: len(known) == len(set(rep_ids)))
    return {rep_id for rep_id, active in known.items() if active}
