"""What other features ask about reps."""

from collections.abc import Collection
from uuid import UUID

from services.campaigns.reps import repository
from services.campaigns.reps.repository import activity, apply, forget_versions, remove_forgotten
from services.campaigns.waiting import until
from services.kit.database import Session
from services.kit.identity import Identity

__all__ = ["apply", "at_work", "forget_versions", "languages", "remove_forgotten"]


async def at_work(session: Session, rep_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the reps who are at work; one who was made a moment ago is waited for."""
    known = await until(lambda: activity(session, rep_ids), lambda known: len(known) == len(set(rep_ids)))
    return {rep_id for rep_id, active in known.items() if active}


async def languages(session: Session, caller: Identity) -> list[str | None]:
    """Return the languages that the caller's rep and the workspace prefer."""
    return await repository.languages(session, caller.rep_id)
