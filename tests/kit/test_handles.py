"""Public handles: found for their purpose only, by nobody's key, and useless once expired or revoked."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.handles import Found, Handles
from services.kit.ids import new_id
from services.kit.problems import NotFound
from tests import keys
from tests.cluster import KithDatabase


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    """The database of contacts."""
    return await database_for("contacts")


@pytest.fixture
def handles() -> Handles:
    """Handles under the keys of the test run."""
    return Handles(keys.vault())


async def test_a_handle_leads_to_its_object_for_its_purpose_only(
    database: Database, handles: Handles, workspace_id: UUID, clock: FixedClock
) -> None:
    survey = new_id()
    async with database.write(workspace_id) as session:
        handle = await handles.create(session, "answer", survey)
    assert await handles.find(database, "answer", handle, clock.now()) == Found(workspace_id, survey)
    with pytest.raises(NotFound):
        await handles.find(database, "unsubscribe", handle, clock.now())
    with pytest.raises(NotFound):
        await handles.find(database, "answer", f"{handle}x", clock.now())


async def test_an_expired_handle_is_none(
    database: Database, handles: Handles, workspace_id: UUID, clock: FixedClock
) -> None:
    async with database.write(workspace_id) as session:
        handle = await handles.create(session, "answer", new_id(), expires_at=clock.now() + timedelta(days=1))
    await handles.find(database, "answer", handle, clock.now())
    clock.advance(timedelta(days=1))
    with pytest.raises(NotFound):
        await handles.find(database, "answer", handle, clock.now())


async def test_a_revoked_handle_is_none(
    database: Database, handles: Handles, workspace_id: UUID, clock: FixedClock
) -> None:
    calendar = new_id()
    async with database.write(workspace_id) as session:
        handle = await handles.create(session, "calendar", calendar)
    async with database.write(workspace_id) as session:
        assert await handles.revoke(session, "calendar", calendar, clock.now()) == 1
    with pytest.raises(NotFound):
        await handles.find(database, "calendar", handle, clock.now())


async def test_another_workspace_cannot_revoke_it(
    database: Database, handles: Handles, workspace_id: UUID, clock: FixedClock
) -> None:
    calendar = new_id()
    async with database.write(workspace_id) as session:
        handle = await handles.create(session, "calendar", calendar)
    async with database.write(new_id()) as session:
        assert await handles.revoke(session, "calendar", calendar, clock.now()) == 0
    await handles.find(database, "calendar", handle, clock.now())


async def test_the_table_holds_no_handle(
    kith: KithDatabase, database: Database, handles: Handles, workspace_id: UUID
) -> None:
    async with database.write(workspace_id) as session:
        handle = await handles.create(session, "answer", new_id())
    [row] = await kith.as_admin("SELECT * FROM contacts.public_handles")
    assert handle.encode() not in bytes(row["handle_hash"])


async def test_the_role_behind_the_lookup_reads_nothing_else(kith: KithDatabase) -> None:
    rows = await kith.as_admin(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        " AND has_table_privilege('contacts_public', c.oid, 'SELECT')"
    )
    assert [tuple(row) for row in rows] == [("contacts", "public_handles")]


async def test_without_a_workspace_the_table_shows_nothing(
    database: Database, handles: Handles, workspace_id: UUID
) -> None:
    async with database.write(workspace_id) as session:
        await handles.create(session, "answer", new_id())
    assert await database.api_pool.fetch("SELECT * FROM public_handles") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.api_pool.execute("DELETE FROM public_handles")
