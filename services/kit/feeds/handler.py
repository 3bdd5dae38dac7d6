"""What a follower does with events: implemented by each service's consumers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar, cast

from services.kit.database import Session
from services.kit.feeds.events import FeedEvent

Prepared = TypeVar("Prepared")
"""What a handler fetches before its transaction: `Handler[None]` fetches nothing."""


class Handler(ABC, Generic[Prepared]):
    """Applies batches of events to the follower's own tables with set-based statements.

    A batch holds events of many workspaces, in order per entity. The same event may be seen again only after the
    transaction that applied it was rolled back, or during a rebuild.
    """

    types: ClassVar[frozenset[str]] = frozenset()
    """The event types that matter; others only move the cursor."""
    streams: ClassVar[tuple[str, ...]] = ()
    """The producer's snapshot streams to rebuild from, in this order; none means that an operator must help."""

    resumes: ClassVar[bool] = False
    """Whether it goes on at the next place that the feed still has, after `resume`, where a state would be rebuilt."""

    async def prepare(self, events: Sequence[FeedEvent]) -> Prepared:
        """Fetch what the batch needs from other services, before the transaction; the result goes to `apply`."""
        del events
        return cast("Prepared", None)

    @abstractmethod
    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: Prepared) -> None:
        """Write the effects of a batch; the cursor moves in the same transaction. Role: worker."""

    async def resume(self, session: Session) -> None:
        """Note that events are missing from here on; the cursor jumps ahead in the same transaction. Role: worker."""

    async def begin_rebuild(self, session: Session) -> None:
        """Mark all that came from this producer as unseen, its known versions forgotten: a restore may lower them."""

    async def end_rebuild(self, session: Session) -> None:
        """Remove what the snapshot did not show again; the cursor then stands at the snapshot's position."""
