"""What other features ask about reps."""

import asyncio
from uuid import UUID

from services.campaigns.reps.repository import apply, forget_versions, is_active, remove_forgotten
from services.kit.database import Session

__all__ = ["apply", "forget_versions", "is_at_work", "remove_forgotten"]

WAIT_SECONDS = 2.0
LOOK_SECONDS = 0.05


async def is_at_work(session: Session, rep_id: UUID) -> bool:
    """Tell whether there is such a rep at work; one who was made a moment ago is waited for."""
    looks = int(WAIT_SECONDS / LOOK_SECONDS)
    for _ in range(looks):
        active = await is_active(session, rep_id)
        if active is not None:
            return active
        await asyncio.sleep(LOOK_SECONDS)
    return False
