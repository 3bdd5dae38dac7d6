"""`python -m migrations`: what operations call."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import orjson
import pytest

from tests.cluster import PASSWORDS, KithDatabase

ROOT = Path(__file__).parents[2]


async def run(kith: KithDatabase, *arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "migrations",
        *arguments,
        cwd=ROOT,
        env=os.environ | {"KITH_DATABASE_URL": kith.admin_url, "KITH_ROLE_PASSWORDS": orjson.dumps(PASSWORDS).decode()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def revisions(kith: KithDatabase) -> list[str]:
    rows = await kith.as_admin("SELECT version_num FROM contacts.alembic_version")
    return [row["version_num"] for row in rows]


async def test_two_upgrades_at_once_wait_for_each_other(own_kith: KithDatabase) -> None:
    before = await revisions(own_kith)
    await own_kith.as_admin("DROP SCHEMA contacts CASCADE")
    await own_kith.as_admin("DROP SCHEMA contacts_jobs CASCADE")
    assert await run(own_kith, "provision") == (0, "")
    ended = await asyncio.gather(run(own_kith, "upgrade"), run(own_kith, "upgrade"))
    assert [code for code, _ in ended] == [0, 0], ended
    assert await revisions(own_kith) == before


async def test_a_difference_is_told_and_fails_the_check(own_kith: KithDatabase) -> None:
    await own_kith.as_admin("ALTER TABLE scoring.jobs ADD COLUMN extra text")
    code, said = await run(own_kith, "check")
    assert code == 1
    assert "scoring: - jobs.extra: text" in said


async def test_a_migration_waits_only_shortly_for_a_table_in_use(own_kith: KithDatabase) -> None:
    # Applying the second revision again fails, but only after it got the lock that it waits for.
    await own_kith.as_admin("UPDATE gateway.alembic_version SET version_num = 'gateway_0001'")
    holder = await asyncpg.connect(own_kith.admin_url)
    try:
        await holder.execute("BEGIN; LOCK TABLE gateway.alembic_version IN ACCESS EXCLUSIVE MODE")
        code, said = await asyncio.wait_for(run(own_kith, "upgrade"), 90)
    finally:
        await holder.close()
    assert code != 0
    assert "lock timeout" in said


@pytest.mark.parametrize("missing", ["KITH_DATABASE_URL", "KITH_ROLE_PASSWORDS"])
async def test_a_missing_setting_is_named(own_kith: KithDatabase, missing: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "migrations",
        "upgrade",
        cwd=ROOT,
        env={"PATH": os.defpath, "KITH_DATABASE_URL": own_kith.admin_url, "KITH_ROLE_PASSWORDS": "{}"} | {missing: ""},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode != 0
    assert missing.removeprefix("KITH_").lower() in said.decode()


async def test_a_new_epoch_is_begun_and_told(own_kith: KithDatabase) -> None:
    code, said = await run(own_kith, "new-epoch", "contacts")
    [row] = await own_kith.as_admin("SELECT epoch FROM contacts.feed_state")
    assert (code, said.strip()) == (0, row["epoch"])
