"""A feed whose past is gone: restored from an older copy, or no longer kept. Followers notice, and build anew."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from deploy.local.keys import Keys
from deploy.local.placement import Owner, server_folder
from deploy.local.stack import ROOT
from migrations.addresses import login_roles
from tests.faults.log import Log
from tests.system.client import Client, eventually
from tests.system.shops import Shop, ShopOrder
from tests.system.stack import Stack
from tests.system.test_main_job import view_with_reminder

PRODUCER = ("contacts", "contacts-worker")
TABLES = ("scoring.standings", "campaigns.audience")

Admin = asyncpg.Connection


@pytest.fixture
async def admin(stack: Stack) -> AsyncIterator["Admin[asyncpg.Record]"]:
    """A superuser's connection."""
    connection = await asyncpg.connect(stack.state["database_url"])
    yield connection
    await connection.close()


@pytest.fixture
async def shop(new_workspace: Callable[[], Awaitable[Client]]) -> Shop:
    """A shop in a workspace of its own."""
    client = await new_workspace()
    await client.configure(reporting_currency="TWD")
    return await Shop.connect(client, "shopify")


async def sold(shop: Shop) -> tuple[ShopOrder, str]:
    """Send an order and wait until it has become care; return it and the id of its customer."""
    order = shop.order()
    await shop.place(order)
    return order, (await view_with_reminder(shop.client, shop, order))["customer"]["id"]


def run(stack: Stack, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on the stack's database."""
    address = f"--dbname={stack.state['database_url']}"
    programs = server_folder(Owner(os.geteuid(), os.getegid(), dropped=False))
    subprocess.run([programs / program, address, *arguments], check=True, capture_output=True, text=True)


def begin_new_epoch(stack: Stack, schema: str) -> None:
    """Do what operators do after a restore."""
    passwords = Keys(stack.home.secrets).role_passwords(login_roles())
    own = {"KITH_DATABASE_URL": stack.state["database_url"], "KITH_ROLE_PASSWORDS": json.dumps(passwords)}
    command = [sys.executable, "-m", "migrations", "new-epoch", schema]
    subprocess.run(command, cwd=ROOT, env=os.environ | own, check=True, capture_output=True)


async def test_a_producer_that_was_restored_is_noticed_and_its_followers_build_themselves_anew(
    stack: Stack, shop: Shop, admin: "Admin[asyncpg.Record]", tmp_path: Path
) -> None:
    kept = [await sold(shop) for _ in range(3)]
    await Log(admin).settled()
    run(stack, "pg_dump", "--format=custom", "--schema=contacts", f"--file={tmp_path / 'backup'}")
    order, lost = await sold(shop)

    await stack.hold(*PRODUCER)
    try:
        await admin.execute("DROP SCHEMA contacts CASCADE")
        run(stack, "pg_restore", str(tmp_path / "backup"))
        begin_new_epoch(stack, "contacts")
    finally:
        await stack.resume()
    _, later = await sold(shop)

    await Log(admin).settled()
    await stack.until(
        lambda: stack.log.read_text().count("follower_rebuilt") >= 2, "scoring and campaigns have said so"
    )
    assert (await shop.client.send("GET", f"/v1/customers/{lost}")).status_code == 404
    expected = {customer: (await Log(admin).figures())[customer] for customer in [*(one for _, one in kept), later]}
    for table in TABLES:
        assert await Log(admin).figures_in(table, expected) == expected
    listed = await shop.client.items("/v1/customers")
    assert {one["id"] for one in listed} == set(expected)
    # What was lost with the old history the shop may send again, and it becomes care again.
    assert (await shop.place(order))["status"] == "accepted"
    await view_with_reminder(shop.client, shop, order)


async def test_a_follower_that_was_away_for_longer_than_events_are_kept_builds_itself_anew(
    stack: Stack, shop: Shop, admin: "Admin[asyncpg.Record]"
) -> None:
    _, before = await sold(shop)
    await stack.hold("campaigns")
    try:
        missed = [shop.order() for _ in range(3)]
        for order in missed:
            await shop.place(order)
            await shop.stored_order(order.external_id)

        async def scored() -> bool:
            return bool(await admin.fetchval(CAUGHT_UP))

        await eventually(scored, "scoring has applied everything")
        for schema in ("contacts", "scoring"):
            await admin.execute(f"DELETE FROM {schema}.events")
            await admin.execute(f"UPDATE {schema}.feed_state SET oldest = head + 1")
        lost_before = stack.log.read_text().count("reason=expired")
    finally:
        await stack.resume()

    for order in missed:
        await view_with_reminder(shop.client, shop, order)
    await Log(admin).settled()
    await stack.until(lambda: stack.log.read_text().count("reason=expired") > lost_before, "campaigns has said so")
    listed = await shop.client.items("/v1/customers")
    assert len(listed) == 1 + len(missed)
    assert before in {one["id"] for one in listed}
    assert all(one["orders_count"] == 1 for one in listed)


CAUGHT_UP = """
SELECT NOT EXISTS (SELECT 1 FROM contacts.outbox) AND NOT EXISTS (SELECT 1 FROM scoring.outbox)
    AND (SELECT position FROM scoring.cursors WHERE follower = 'facts-from-contacts')
        = (SELECT head FROM contacts.feed_state)
"""
