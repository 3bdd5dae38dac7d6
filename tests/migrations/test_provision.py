"""Roles and schemas: what provisioning grants, and that it can be repeated."""

import asyncpg
import pytest

from migrations import SCHEMAS, runner
from migrations.addresses import Roles, role_url
from migrations.provision import provision
from tests.cluster import PASSWORDS, KithDatabase


async def test_it_can_be_repeated_and_changes_passwords(own_kith: KithDatabase) -> None:
    changed = PASSWORDS | {"contacts_api": "another one"}
    await provision(own_kith.admin_url, changed)
    connection = await asyncpg.connect(role_url(own_kith.admin_url, "contacts_api", changed))
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(own_kith.url("contacts_api"))
    await provision(own_kith.admin_url, PASSWORDS)


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_a_role_cannot_enter_the_schema_of_another_service(kith: KithDatabase, schema: str) -> None:
    connection = await asyncpg.connect(kith.url(Roles(schema).worker))
    other = next(name for name in SCHEMAS if name != schema)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT * FROM {other}.outbox")
    finally:
        await connection.close()


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_the_api_role_cannot_create_tables(kith: KithDatabase, schema: str) -> None:
    connection = await asyncpg.connect(kith.url(Roles(schema).api))
    try:
        for place in (schema, f"{schema}_jobs", "public"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"CREATE TABLE {place}.mine (id int)")
    finally:
        await connection.close()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_history_has_one_end(schema: str) -> None:
    assert len(runner.heads(schema)) == 1
