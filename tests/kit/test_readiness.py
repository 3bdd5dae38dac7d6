"""Ready is a process with its database, its tables and its keys, whatever other services do."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from migrations import SCHEMAS
from migrations.revisions import newest
from services.kit.secrets import SecretUnreadable
from services.kit.web import Kit, create_app
from tests import keys
from tests.cluster import KithDatabase

BUSY = "SELECT pg_sleep(30)"


def client_of(kit: Kit) -> httpx.AsyncClient:
    """Return a client on an application of nothing but its health."""
    app = create_app(kit, title="t", routers=[])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://contacts")


@pytest.fixture
def kit(settings_for: Callable[..., Any]) -> Kit:
    """The plumbing of contacts, its peers nowhere to be found."""
    kit = Kit.build(settings_for("contacts", peers={"gateway": "http://127.0.0.1:1"}))
    kit.require_revision(newest("contacts"))
    return kit


async def ready(kit: Kit) -> tuple[int, dict[str, str]]:
    """Start, ask and stop."""
    app = create_app(kit, title="t", routers=[])
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://contacts") as client,
    ):
        answer = await client.get("/health/ready")
        return answer.status_code, answer.json()["failed"]


async def test_with_database_tables_and_keys_it_is_ready(kit: Kit) -> None:
    assert await ready(kit) == (200, {})
    assert set(kit.checks) == {"database", "migrations", "keys"}


async def test_a_schema_of_the_release_before_is_not_enough(kit: Kit) -> None:
    kit.require_revision(newest("contacts") + 1)
    assert await ready(kit) == (503, {"migrations": "SchemaTooOld"})


async def test_a_schema_of_the_next_release_is(kit: Kit) -> None:
    kit.require_revision(newest("contacts") - 1)
    assert await ready(kit) == (200, {})


async def test_a_schema_without_a_revision_is_not(own_kith: KithDatabase, kit: Kit) -> None:
    await own_kith.as_admin("DELETE FROM contacts.alembic_version")
    kit.database._urls = {role: own_kith.url(f"contacts_{role}") for role in ("api", "worker")}
    assert await ready(kit) == (503, {"migrations": "SchemaTooOld"})


async def test_a_key_that_others_seal_with_and_it_does_not_know_makes_it_unready(kith: KithDatabase, kit: Kit) -> None:
    app = create_app(kit, title="t", routers=[])
    async with app.router.lifespan_context(app), client_of(kit) as client:
        kit.started = True
        strange = keys.vault().rotate(keys.vault().encrypt("x")).replace(b"1:", b"2:", 1)
        await kith.as_admin("UPDATE contacts.sealed_keys SET sealed = $1", strange)
        answer = await client.get("/health/ready")
        assert answer.json()["failed"] == {"keys": "SecretUnreadable"}


async def test_a_hash_key_that_is_gone_makes_it_unready(kith: KithDatabase, kit: Kit) -> None:
    app = create_app(kit, title="t", routers=[])
    async with app.router.lifespan_context(app), client_of(kit) as client:
        await kith.as_admin("DELETE FROM contacts.sealed_keys")
        assert (await client.get("/health/ready")).json()["failed"] == {"keys": "SecretUnreadable"}


async def test_secret_keys_of_another_home_do_not_even_start(settings_for: Callable[..., Any]) -> None:
    kit = Kit.build(settings_for("contacts", secret_keys=[f"9:{Fernet.generate_key().decode()}"]))
    app = create_app(kit, title="t", routers=[])
    with pytest.raises(SecretUnreadable):
        async with app.router.lifespan_context(app):
            pass


@pytest.mark.parametrize("trusted", [[], ["contacts:1:" + keys.public_keys()[0].rpartition(":")[2]]])
async def test_an_identity_key_that_nobody_was_told_to_trust_makes_it_unready(
    settings_for: Callable[..., Any], trusted: list[str]
) -> None:
    kit = Kit.build(settings_for("contacts", identity_public_keys=trusted))
    assert await ready(kit) == (503, {"keys": "KeysUnusable"})


async def test_a_database_that_does_not_answer_makes_it_unready_within_seconds(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.web.app.CHECK_SECONDS", 0.05)
    kit.checks.clear()  # the others need time too

    async def hang() -> None:
        await kit.database.api_pool.fetchval(BUSY)

    kit.checks["database"] = hang
    assert await ready(kit) == (503, {"database": "TimeoutError"})


async def test_a_process_that_stops_is_not_ready_and_lives(kit: Kit) -> None:
    app = create_app(kit, title="t", routers=[])
    async with app.router.lifespan_context(app), client_of(kit) as client:
        kit.drain()
        assert (await client.get("/health/ready")).status_code == 503
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/startup")).status_code == 200


async def test_live_and_startup_ask_nobody(settings_for: Callable[..., Any]) -> None:
    async with client_of(Kit.build(settings_for("contacts"))) as client:  # its database was never opened
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/startup")).status_code == 503
        assert (await client.get("/health/ready")).status_code == 503


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_the_number_that_is_required_is_that_of_the_head(kith: KithDatabase, schema: str) -> None:
    [row] = await kith.as_admin(f"SELECT version_num FROM {schema}.alembic_version")
    assert row["version_num"] == f"{schema}_{newest(schema):04}"
