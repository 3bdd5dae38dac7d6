"""Keys for secrets at rest rotate wholly: everything is sealed anew, what was hashed stays, the old key can go."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from cryptography.fernet import Fernet

from services.kit import sealing
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.handles import Found, Handles
from services.kit.ids import new_id
from services.kit.sealing import Resealer, add_resealer, count_by_key, open_hash_key
from services.kit.secrets import SecretUnreadable, Vault
from services.kit.worker import Worker
from tests import keys
from tests.cluster import KithDatabase

OLD = keys.secret_keys()[0]
OLD_ID = OLD.partition(":")[0]
NEW = f"new:{Fernet.generate_key().decode()}"
KEEP = """
INSERT INTO idempotency_keys (workspace_id, actor_id, key, fingerprint, status, body, expires_at)
VALUES ($1, $1, $2, '\\x00', 201, $3, $4)
"""
SECRET = """
INSERT INTO contacts.source_secrets (workspace_id, id, source_id, sealed, last4) VALUES ($1, $2, $3, $4, 'xxxx')
"""
SOURCE = "INSERT INTO contacts.sources (workspace_id, id, key, platform, name) VALUES ($1, $2, 'k', 'shopify', 'Shop')"


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    """The database of contacts."""
    return await database_for("contacts")


@pytest.fixture
def rotating(kith: KithDatabase) -> Vault:
    """A vault whose old key was replaced by a new one and is still known."""
    return Vault([NEW, OLD])


async def keep(database: Database, workspace_id: UUID, clock: FixedClock, sealed: dict[str, bytes]) -> None:
    """Keep replies by their keys."""
    async with database.write(workspace_id) as session:
        for key, body in sealed.items():
            await session.execute(KEEP, workspace_id, key, body, clock.now())


async def bodies(database: Database, workspace_id: UUID) -> dict[str, bytes]:
    """Return the kept replies by their keys."""
    async with database.worker() as session:
        rows = await session.fetch("SELECT key, body FROM idempotency_keys WHERE workspace_id = $1", workspace_id)
    return {row["key"]: row["body"] for row in rows}


async def counts(database: Database) -> dict[str, int]:
    """Return how many values each key has sealed."""
    async with database.worker() as session:
        return await count_by_key(session, "contacts")


async def test_everything_is_sealed_anew_and_the_old_key_can_go(
    kith: KithDatabase, database: Database, rotating: Vault, workspace_id: UUID, clock: FixedClock
) -> None:
    source = new_id()
    await kith.as_admin(SOURCE, workspace_id, source)
    await kith.as_admin(SECRET, workspace_id, new_id(), source, keys.vault().encrypt("hush"))
    bare = Fernet(OLD.partition(":")[2]).encrypt(b"from before ids")
    await keep(database, workspace_id, clock, {"a": keys.vault().encrypt("a"), "bare": bare, "forgotten": b""})
    assert await counts(database) == {OLD_ID: 3, "": 1}

    assert await Resealer(database, rotating).reseal() == 4

    assert await counts(database) == {"new": 4}
    only_new = Vault([NEW])
    async with database.worker() as session:
        await open_hash_key(session, "contacts", only_new)
        sealed = await session.fetchval("SELECT sealed FROM source_secrets WHERE workspace_id = $1", workspace_id)
    assert only_new.decrypt(sealed) == b"hush"
    found = await bodies(database, workspace_id)
    assert found.pop("forgotten") == b""
    assert {key: only_new.decrypt(body) for key, body in found.items()} == {"a": b"a", "bare": b"from before ids"}
    assert await Resealer(database, rotating).reseal() == 0
    assert await Resealer(database, rotating).left() == 0


async def test_more_than_fits_a_page_is_sealed_anew_in_pages(
    database: Database, rotating: Vault, workspace_id: UUID, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", 7)
    old = keys.vault()
    await keep(database, workspace_id, clock, {f"{number:03}": old.encrypt(f"{number}") for number in range(50)})
    assert await Resealer(database, rotating).reseal() == 51
    found = await bodies(database, workspace_id)
    assert {key: Vault([NEW]).decrypt(body) for key, body in found.items()} == {
        f"{number:03}": f"{number}".encode() for number in range(50)
    }


async def test_one_that_was_broken_off_is_taken_up_where_it_is_needed(
    database: Database, rotating: Vault, workspace_id: UUID, clock: FixedClock
) -> None:
    await keep(database, workspace_id, clock, {"done": rotating.encrypt("x"), "waiting": keys.vault().encrypt("y")})
    done = (await bodies(database, workspace_id))["done"]
    assert await Resealer(database, rotating).reseal() == 2  # the one that waits, and the hash key
    assert (await bodies(database, workspace_id))["done"] == done


async def test_what_changes_meanwhile_is_not_overwritten(
    database: Database, rotating: Vault, workspace_id: UUID, clock: FixedClock
) -> None:
    await keep(database, workspace_id, clock, {"a": keys.vault().encrypt("a")})
    resealer = Resealer(database, rotating)
    async with database.worker() as session:
        [column] = [
            found for found in await sealing.columns(session, "contacts", "sealed") if found.table == "idempotency_keys"
        ]
        rows = await session.fetch(column.page(first=True), 10, b"new:")
    async with database.worker() as session:
        await session.execute("UPDATE idempotency_keys SET body = ''")
    async with database.worker() as session:
        assert await resealer._replace(session, column, rows) == 0
    assert await bodies(database, workspace_id) == {"a": b""}


async def test_what_no_key_opens_stays_and_is_counted(
    database: Database, rotating: Vault, workspace_id: UUID, clock: FixedClock
) -> None:
    lost = Vault([f"lost:{Fernet.generate_key().decode()}"]).encrypt("gone")
    await keep(database, workspace_id, clock, {"lost": lost, "kept": keys.vault().encrypt("y")})
    resealer = Resealer(database, rotating)
    assert await resealer.reseal() == 2
    assert await resealer.left() == 1
    assert await counts(database) == {"new": 2, "lost": 1}
    assert (await bodies(database, workspace_id))["lost"] == lost


async def test_the_hash_key_is_sealed_anew_last_so_that_it_warns_of_a_key_that_went_too_early(
    database: Database,
) -> None:
    async with database.worker() as session:
        found = await sealing.columns(session, "contacts", "sealed")
    assert found[-1].table == "sealed_keys"
    assert len(found) > 2


async def test_without_the_key_that_sealed_it_the_hash_key_cannot_be_read(database: Database) -> None:
    with pytest.raises(SecretUnreadable):
        async with database.worker() as session:
            await open_hash_key(session, "contacts", Vault([NEW]))


async def test_handles_are_found_when_the_key_of_their_time_is_gone(
    database: Database, rotating: Vault, workspace_id: UUID, clock: FixedClock
) -> None:
    survey = new_id()
    async with database.write(workspace_id) as session:
        handle = await Handles(keys.vault()).create(session, "answer", survey)
    await Resealer(database, rotating).reseal()
    only_new = Vault([NEW])
    async with database.worker() as session:
        await open_hash_key(session, "contacts", only_new)
    assert await Handles(only_new).find(database, "answer", handle, clock.now()) == Found(workspace_id, survey)


async def test_the_first_start_makes_a_hash_key_up_and_the_next_one_finds_it(
    kith: KithDatabase, database: Database
) -> None:
    await kith.as_admin("DELETE FROM contacts.sealed_keys")
    first, second = Vault([OLD]), Vault([NEW, OLD])
    for vault in (first, second):
        async with database.worker() as session:
            await open_hash_key(session, "contacts", vault)
    assert first.keyed_hash("answer", "x") == second.keyed_hash("answer", "x")
    assert first.keyed_hash("answer", "x") != keys.vault().keyed_hash("answer", "x")


async def test_what_was_hashed_before_there_was_a_hash_key_is_still_recognised(
    kith: KithDatabase, database: Database, workspace_id: UUID, clock: FixedClock
) -> None:
    before = Vault([OLD])
    before.hash_with(before.oldest_key)
    async with database.write(workspace_id) as session:
        handle = await Handles(before).create(session, "answer", workspace_id)
    await kith.as_admin("DELETE FROM contacts.sealed_keys")
    vault = Vault([NEW, OLD])
    async with database.worker() as session:
        await open_hash_key(session, "contacts", vault)
    assert (await Handles(vault).find(database, "answer", handle, clock.now())).workspace_id == workspace_id


def test_only_a_process_that_knows_an_older_key_seals_anew(database: Database, rotating: Vault) -> None:
    worker = Worker("contacts")
    add_resealer(worker, database, Vault([OLD]))
    assert worker._loops == {}
    add_resealer(worker, database, rotating)
    assert list(worker._loops) == ["reseal"]
