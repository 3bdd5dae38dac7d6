"""What contacts does with the gateway's events: it copies settings, and gives new workspaces their first sources."""

from collections.abc import Sequence
from typing import ClassVar, Protocol
from uuid import UUID

from services.contacts.workspaces.repository import WorkspacesRepository
from services.contracts.gateway import WorkspaceChanged
from services.kit.database import Session
from services.kit.feeds import FeedEvent, Handler


class Sources(Protocol):
    """Whoever can give a workspace the sources that every one has."""

    async def build_in(self, session: Session, workspace_id: UUID) -> None:
        """Create them where they are missing."""
        ...


class FromGateway(Handler[None]):
    """Follows the settings of workspaces."""

    types: ClassVar[frozenset[str]] = frozenset({WorkspaceChanged.TYPE})
    streams: ClassVar[tuple[str, ...]] = ("workspaces",)

    def __init__(self, rows: WorkspacesRepository, sources: Sources) -> None:
        self._rows = rows
        self._sources = sources

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Take over the last settings of each workspace."""
        del prepared
        latest = {event.workspace_id: WorkspaceChanged.model_validate(event.data) for event in events}
        await self._rows.apply(session, list(latest.values()))
        for workspace_id in sorted(latest):
            await self._sources.build_in(session, workspace_id)

    async def begin_rebuild(self, session: Session) -> None:
        """Let what the snapshot says count, whatever version it has."""
        await self._rows.forget_versions(session)
