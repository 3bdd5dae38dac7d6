"""Interactions with people who were found to be the same follow the one who stays."""

from collections.abc import Mapping
from uuid import UUID

from services.contacts.interactions.repository import InteractionsRepository
from services.contacts.interactions.service import event_of
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds.outbox import publish


class InteractionMover:
    """Moves interactions, and tells the other services with whom they were."""

    def __init__(self, rows: InteractionsRepository, clock: Clock) -> None:
        self.rows = rows
        self._clock = clock

    async def move(self, session: Session, workspace_id: UUID, joins: Mapping[UUID, UUID]) -> None:
        """Give the interactions of a key of `joins` to its value."""
        moved = await self.rows.move(session, workspace_id, joins, self._clock.now())
        await publish(session, [event_of(row) for row in moved], workspace_id=workspace_id)
