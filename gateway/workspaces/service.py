"""Reading and changing the settings of a workspace; every change is told to the services."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from gateway.access.rules import ADMIN
from gateway.keys.service import CHANGED
from gateway.tokens.rules import described_at
from gateway.workspaces import repository
from gateway.workspaces.schemas import WorkspaceUpdate
from services.contracts.gateway import WorkspaceChanged
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.destinations import Limits, Refused
from services.kit.feeds.outbox import publish
from services.kit.feeds.snapshots import SnapshotPage
from services.kit.identity import Identity
from services.kit.problems import NotFound, invalid_body
from services.kit.versions import check_version

if TYPE_CHECKING:
    import asyncpg


class WorkspaceService:
    """The verbs of workspaces."""

    def __init__(self, clock: Clock, limits: Limits | None = None, forget: Callable[[], None] = lambda: None) -> None:
        """Take where addresses may lead, and what makes the door forget whose tokens count."""
        self._clock = clock
        self._limits = limits or Limits(frozenset())
        self._forget = forget

    async def read(self, session: Session) -> "asyncpg.Record":
        """Return the workspace of this transaction."""
        row = await repository.read(session, session.tenant)
        if row is None:
            raise NotFound
        return row

    async def change(
        self, session: Session, body: WorkspaceUpdate, caller: Identity, wanted: frozenset[int] | None
    ) -> "asyncpg.Record":
        """Change settings and return the workspace; nothing changes where they are so already."""
        before = await repository.lock(session, session.tenant)
        if before is None:
            raise NotFound
        check_version(before["version"], wanted)
        changes = {name: value for name, value in stored(body).items() if value != before[name]}
        if not changes:
            return before
        if "identity" in changes:
            self._check_provider(changes["identity"], caller)
            session.after_commit(self._forget)
            session.after_commit(lambda: session.wakeups.tell(CHANGED))
        await repository.update(session, session.tenant, changes, self._clock.now())
        row = await self.read(session)
        await publish(session, [changed(dict(row))])
        return row

    def _check_provider(self, provider: Mapping[str, Any] | None, caller: Identity) -> None:
        caller.require(ADMIN)  # whoever names the provider can be anybody: nobody grants what he lacks
        if provider is None:
            return
        try:
            self._limits.check_url(provider["jwks_url"])
        except Refused as refusal:
            message = f"Kith does not call this address ({refusal.reason})."
            raise invalid_body("#/identity/jwks_url", message, "address_refused") from None

    async def create(self, session: Session, workspace_id: UUID, values: Mapping[str, Any]) -> None:
        """Add a workspace. Worker role; for the command line."""
        await repository.insert(session, workspace_id, self._clock.now(), values)
        row = await repository.read(session, workspace_id)
        if row is not None:
            await publish(session, [changed(dict(row))], workspace_id=workspace_id)


class WorkspaceSnapshot:
    """All workspaces, for followers that begin anew."""

    stream = "workspaces"

    async def page(self, session: Session, after: str | None, limit: int) -> SnapshotPage:
        """Return the workspaces after a page's `next`."""
        rows = await repository.page(session, UUID(after) if after else None, limit)
        events = [(row["id"], changed(dict(row))) for row in rows]
        return SnapshotPage(events, str(rows[-1]["id"]) if len(rows) == limit else None)


def stored(body: WorkspaceUpdate) -> dict[str, Any]:
    """Return the fields that were sent, as the columns hold them."""
    changes = body.changes()
    if changes.get("identity") is not None:
        provider = changes["identity"].model_dump()
        changes["identity"] = provider | {"jwks_url": provider["jwks_url"] or described_at(provider["issuer"])}
    return changes


def changed(row: Mapping[str, Any]) -> WorkspaceChanged:
    """Return the event that tells a workspace's present settings."""
    names = WorkspaceChanged.model_fields.keys() - {"workspace_id", "version"}
    return WorkspaceChanged(workspace_id=row["id"], version=row["version"], **{name: row[name] for name in names})
