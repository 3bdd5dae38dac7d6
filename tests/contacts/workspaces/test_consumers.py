"""The settings of workspaces, as the gateway's events tell them."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from services.contacts.sources.repository import SourcesRepository
from services.contacts.workspaces.consumers import FromGateway
from services.contacts.workspaces.repository import WorkspacesRepository
from services.contracts.gateway import WorkspaceChanged
from services.kit.database import Database
from services.kit.feeds import FeedEvent

Opener = Callable[[str], Awaitable[Database]]


def told(workspace_id: UUID, version: int, **settings: str) -> FeedEvent:
    values = {
        "name": "Tea House",
        "mode": "live",
        "time_zone": "Asia/Taipei",
        "locale": "zh-Hant",
        "reporting_currency": "TWD",
        "fiscal_year_start": "01-01",
    }
    change = WorkspaceChanged.model_validate({"workspace_id": workspace_id, "version": version, **values, **settings})
    data = change.model_dump(mode="json")
    return FeedEvent(version, workspace_id, WorkspaceChanged.TYPE, workspace_id, "2026-11-22T08:00:00Z", data)


async def rows(database: Database, workspace_id: UUID) -> list[tuple[object, ...]]:
    async with database.worker() as session:
        found = await session.fetch(
            "SELECT version, time_zone, default_region FROM workspaces WHERE workspace_id = $1", workspace_id
        )
    return [tuple(row) for row in found]


async def apply(database: Database, *events: FeedEvent) -> None:
    handler = FromGateway(WorkspacesRepository(), SourcesRepository())
    async with database.worker() as session:
        await handler.apply(session, events, None)


async def test_the_last_settings_hold_and_older_ones_do_not_come_back(database_for: Opener, workspace_id: UUID) -> None:
    database = await database_for("contacts")
    await apply(database, told(workspace_id, 1), told(workspace_id, 3, time_zone="UTC", default_region="TW"))
    await apply(database, told(workspace_id, 2, time_zone="Asia/Tokyo"))
    assert await rows(database, workspace_id) == [(3, "UTC", "TW")]


async def test_a_workspace_has_the_sources_import_and_manual_from_the_start(
    database_for: Opener, workspace_id: UUID
) -> None:
    database = await database_for("contacts")
    for version in (1, 2):
        await apply(database, told(workspace_id, version))
    async with database.worker() as session:
        keys = await session.fetch("SELECT key FROM sources WHERE workspace_id = $1 ORDER BY key", workspace_id)
    assert [row["key"] for row in keys] == ["import", "manual"]


async def test_after_a_restore_of_the_gateway_its_snapshot_counts_although_versions_are_lower(
    database_for: Opener, workspace_id: UUID
) -> None:
    database = await database_for("contacts")
    handler = FromGateway(WorkspacesRepository(), SourcesRepository())
    await apply(database, told(workspace_id, 9))
    async with database.worker() as session:
        await handler.begin_rebuild(session)
        await handler.apply(session, [told(workspace_id, 4, time_zone="UTC")], None)
    assert await rows(database, workspace_id) == [(4, "UTC", None)]
