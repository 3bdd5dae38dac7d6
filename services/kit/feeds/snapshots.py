"""Snapshots: the present state of a service as events, for followers that cannot go on from the feed alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.kit.database import Session
from services.kit.feeds.events import Publishable


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """Some entities of a stream, each as the event that its last change would publish."""

    events: Sequence[tuple[UUID, Publishable]]
    """Each with the workspace it belongs to."""
    next: str | None
    """What `after` continues with; None on the last page."""


class SnapshotProvider(Protocol):
    """Reads one stream of a snapshot: all entities of one kind, of all workspaces, in a fixed order."""

    @property
    def stream(self) -> str:
        """The name of the stream, such as `customers`."""

    async def page(self, session: Session, after: str | None, limit: int) -> SnapshotPage:
        """Return the entities after a page's `next`; None begins. `session` is the worker role's."""
