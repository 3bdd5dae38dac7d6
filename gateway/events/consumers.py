"""Follows the feeds of all services into the journal: each event once, those of one entity in their order."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway.events import repository
from gateway.events.rules import ROOM_DAYS
from gateway.events.service import topic
from gateway.events.shapes import PUBLISHED, interrupted, publish
from services.contracts.registry import PRODUCERS
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds import FeedEvent, Handler

LOOK_AGAIN = timedelta(hours=1)


class IntoJournal(Handler[None]):
    """Writes what one service tells. It cannot be rebuilt, since a journal is no state: it goes on and says so."""

    resumes = True

    def __init__(self, producer: str, clock: Clock) -> None:
        self.producer = producer
        self.types = frozenset(event.TYPE for event in PRODUCERS[producer]) & PUBLISHED.keys()  # type: ignore[misc]  # each producer has its own
        self._clock = clock
        self._room_until = datetime.min.replace(tzinfo=UTC)

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Add the events to the journals of their workspaces."""
        del prepared
        await self._make_room(session)
        told = [(one.workspace_id, datetime.fromisoformat(one.time), publish(one.type, one.data)) for one in events]
        await repository.add(session, told)
        self._tell(session, {one.workspace_id for one in events})

    async def resume(self, session: Session) -> None:
        """Tell every workspace that events of this service may be missing."""
        await self._make_room(session)
        workspaces = await repository.workspaces(session)
        told = interrupted(self.producer)
        await repository.add(session, [(workspace_id, self._clock.now(), told) for workspace_id in workspaces])
        self._tell(session, workspaces)

    async def _make_room(self, session: Session) -> None:
        if self._clock.now() >= self._room_until:
            await repository.ensure_partitions(session, ROOM_DAYS)
            session.after_commit(self._remember_room)

    def _remember_room(self) -> None:
        self._room_until = self._clock.now() + LOOK_AGAIN

    def _tell(self, session: Session, workspaces: Iterable[UUID]) -> None:
        def tell() -> None:
            for workspace_id in workspaces:
                session.wakeups.tell(topic(workspace_id))

        session.after_commit(tell)
