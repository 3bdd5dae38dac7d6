"""The models describe what the migrations make, down to checks and index expressions."""

import asyncio

import pytest

from migrations import SCHEMAS, runner
from migrations.addresses import Roles
from tests.cluster import KithDatabase


async def faults(kith: KithDatabase, schema: str) -> list[str]:
    # Alembic and its comparison run a loop of their own.
    return await asyncio.to_thread(runner.faults, schema, kith.url(Roles(schema).owner))


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_models_and_migrations_agree(kith: KithDatabase, schema: str) -> None:
    assert await faults(kith, schema) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("ALTER TABLE contacts.jobs ADD COLUMN extra text", "- jobs.extra: text"),
        ("ALTER TABLE contacts.jobs ALTER COLUMN title SET NOT NULL", "- jobs.title: text not null"),
        ("ALTER TABLE contacts.jobs DROP CONSTRAINT jobs_status_check", "+ jobs jobs_status_check: CHECK"),
        ("DROP INDEX contacts.jobs_open_idx", "+ jobs CREATE INDEX jobs_open_idx"),
        ("ALTER TABLE contacts.jobs ALTER COLUMN done SET DEFAULT 7", "- jobs.done: bigint not null default"),
        ("CREATE TABLE contacts.more (id bigint)", "- more.id: bigint"),
    ],
)
async def test_any_difference_is_found(own_kith: KithDatabase, change: str, found: str) -> None:
    await own_kith.as_admin(change)
    assert any(line.startswith(found) for line in await faults(own_kith, "contacts"))
