"""Orders of people who were found to be the same follow the one who stays."""

from collections.abc import Mapping
from uuid import UUID

from services.contacts.orders.intake_rows import IntakeRows
from services.contacts.orders.rules import order_event
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds.outbox import publish


class OrderMover:
    """Moves orders, and tells the other services whose they are now."""

    def __init__(self, rows: IntakeRows, clock: Clock) -> None:
        self.rows = rows
        self._clock = clock

    async def move(self, session: Session, workspace_id: UUID, joins: Mapping[UUID, UUID]) -> None:
        """Give the orders of a key of `joins` to its value."""
        moved = await self.rows.move(session, workspace_id, joins, self._clock.now())
        await publish(session, [order_event(dict(row)) for row in moved], workspace_id=workspace_id)
