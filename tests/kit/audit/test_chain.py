"""Entries are chained after their commit; whoever changes, removes or adds one later is found out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from services.kit.audit.author import Author, acting
from services.kit.audit.chaining import Chaining
from services.kit.audit.repository import redact
from services.kit.audit.verifying import Verdict, verify
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.identity import Identity
from services.kit.ids import new_id
from tests.cluster import KithDatabase

ADD = "INSERT INTO reps (id, display_name) SELECT gen_random_uuid(), 'Rep ' || n FROM {} n"


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("contacts")


@pytest.fixture
def chaining(database: Database, clock: FixedClock) -> Chaining:
    return Chaining(database, clock, retention_days=30)


@pytest.fixture
async def told(kith: KithDatabase, database: Database, chaining: Chaining, workspace_id: UUID) -> KithDatabase:
    """A database in which somebody added five reps, chained."""
    await add(database, workspace_id, 5)
    assert await chaining.chain() == 5
    return kith


async def add(database: Database, workspace_id: UUID, number: int) -> None:
    with acting(Author("create_rep", Identity(workspace_id, new_id()))):
        async with database.write(workspace_id) as session:
            await session.execute(ADD.format(f"generate_series(1, {number})"))


async def verdict(database: Database) -> Verdict:
    [found] = await verify(database)
    return found


async def test_an_untouched_chain_verifies(told: KithDatabase, database: Database, workspace_id: UUID) -> None:
    found = await verdict(database)
    assert (found.workspace_id, found.checked, found.head.position, found.fault) == (workspace_id, 5, 5, None)


@pytest.mark.parametrize(
    "change",
    [
        "after = jsonb_set(after, '{display_name}', '\"Nobody\"')",
        "actor_id = gen_random_uuid()",
        "occurred_at = occurred_at - interval '1 second'",
        "operation = 'update_rep'",
        "object_id = gen_random_uuid()",
        "salt = gen_random_uuid()",
        "digest = decode(repeat('01', 32), 'hex')",
        "hash = decode(repeat('01', 32), 'hex')",
        "after = NULL, salt = NULL",
    ],
)
async def test_a_changed_entry_is_found(told: KithDatabase, database: Database, change: str) -> None:
    await told.as_admin(f"UPDATE contacts.audit_entries SET {change} WHERE position = 3")
    fault = (await verdict(database)).fault
    assert fault is not None
    assert "position 3" in fault


@pytest.mark.parametrize("position", [1, 3, 5])
async def test_a_missing_entry_is_found(told: KithDatabase, database: Database, position: int) -> None:
    await told.as_admin("DELETE FROM contacts.audit_entries WHERE position = $1", position)
    fault = (await verdict(database)).fault
    assert fault is not None
    assert f"{position}" in fault


async def test_a_removed_chain_is_found(told: KithDatabase, database: Database) -> None:
    await told.as_admin("DELETE FROM contacts.audit_chains")
    assert (await verdict(database)).fault == "The chain itself is missing."


async def test_a_shortened_chain_is_found(told: KithDatabase, database: Database) -> None:
    await told.as_admin("UPDATE contacts.audit_chains SET head = 4")
    assert (await verdict(database)).fault is not None


async def test_the_chain_verifies_after_an_erasure(
    told: KithDatabase, database: Database, chaining: Chaining, clock: FixedClock, workspace_id: UUID
) -> None:
    await add(database, workspace_id, 1)
    reps = [row["id"] for row in await told.as_admin("SELECT id FROM contacts.reps")]
    async with database.worker() as session:
        assert await redact(session, reps, clock.now(), workspace_id=workspace_id) == 6
    await chaining.chain()
    rows = await told.as_admin("SELECT before, after, salt, redacted_at FROM contacts.audit_entries ORDER BY position")
    assert all(row["after"] is None for row in rows)
    assert all(row["salt"] is None and row["redacted_at"] for row in rows[:5])
    found = await verdict(database)
    assert (found.checked, found.fault) == (6, None)


async def test_the_digest_of_erased_values_cannot_be_guessed(told: KithDatabase) -> None:
    rows = await told.as_admin("SELECT salt, digest FROM contacts.audit_entries")
    assert len({row["salt"] for row in rows}) == len({row["digest"] for row in rows}) == 5


async def test_what_is_older_than_the_retention_goes_and_the_rest_verifies(
    told: KithDatabase, database: Database, chaining: Chaining, clock: FixedClock, workspace_id: UUID
) -> None:
    await told.as_admin(
        "UPDATE contacts.audit_entries SET occurred_at = $1 WHERE position <= 2", clock.now() - timedelta(days=31)
    )
    assert await chaining.purge() == 2
    assert await chaining.purge() == 0
    found = await verdict(database)
    assert (found.checked, found.head.position, found.fault) == (3, 5, None)
    await add(database, workspace_id, 1)
    await chaining.chain()
    assert (await verdict(database)).checked == 4


async def test_two_at_once_chain_every_entry_once(
    kith: KithDatabase, database: Database, clock: FixedClock, workspace_id: UUID
) -> None:
    both = [Chaining(database, clock, retention_days=30) for _ in range(2)]
    for _ in range(10):
        await asyncio.gather(add(database, workspace_id, 3), *(one.chain() for one in both))
    while await both[0].chain():
        pass
    rows = await kith.as_admin("SELECT position FROM contacts.audit_entries ORDER BY position")
    assert [row["position"] for row in rows] == list(range(1, 31))
    assert (await verdict(database)).fault is None


async def test_workspaces_have_chains_of_their_own(
    told: KithDatabase, database: Database, chaining: Chaining, workspace_id: UUID
) -> None:
    other = new_id()
    await add(database, other, 2)
    await chaining.chain()
    await told.as_admin("DELETE FROM contacts.audit_entries WHERE workspace_id = $1 AND position = 2", workspace_id)
    faults = {found.workspace_id: found.fault for found in await verify(database)}
    assert faults[other] is None
    assert faults[workspace_id] is not None


async def test_who_has_no_author_leaves_no_entry(kith: KithDatabase, database: Database, workspace_id: UUID) -> None:
    async with database.write(workspace_id) as session:
        await session.execute(ADD.format("generate_series(1, 1)"))
    with acting(Author("create_rep", Identity(workspace_id, new_id()))):
        async with database.worker() as session:
            await session.execute("UPDATE reps SET display_name = 'B' WHERE workspace_id = $1", workspace_id)
    # The connection served an author before: what it was told then ended with that transaction.
    await add(database, workspace_id, 1)
    async with database.write(workspace_id) as session:
        await session.execute("UPDATE reps SET display_name = 'C'")
        await session.execute("DELETE FROM reps")
    assert len(await kith.as_admin("SELECT 1 FROM contacts.audit_inbox")) == 1


async def test_requests_can_add_entries_and_neither_change_nor_remove_one(
    told: KithDatabase, database: Database, workspace_id: UUID
) -> None:
    rights = await told.as_admin(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee ~ '_api$' AND table_name ~ '^audit_'"
    )
    assert {(row["table_name"], row["privilege_type"]) for row in rights} == {
        ("audit_inbox", "SELECT"),
        ("audit_inbox", "INSERT"),
        ("audit_entries", "SELECT"),
    }


async def test_an_author_cannot_break_out_of_the_statement_that_tells_of_him(
    kith: KithDatabase, database: Database, workspace_id: UUID
) -> None:
    with acting(Author("o'; DROP TABLE reps; --", Identity(workspace_id, new_id()))):
        async with database.write(workspace_id) as session:
            await session.execute(ADD.format("generate_series(1, 1)"))
    [row] = await kith.as_admin("SELECT operation FROM contacts.audit_inbox")
    assert row["operation"] == "o'; DROP TABLE reps; --"
