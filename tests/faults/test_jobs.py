"""Jobs under faults, with real processes: held in sight when they keep failing, taken up when their worker dies."""

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from tests.system.client import Client, Json, eventually
from tests.system.stack import Stack

HEADER = ("external_id", "customer_email", "placed_at", "total", "currency")
MANY = 4_000
LAST = f"o{MANY - 1}"
BREAK = (
    "CREATE FUNCTION contacts.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of order'; END $$",
    "CREATE TRIGGER refuse BEFORE INSERT ON contacts.orders FOR EACH ROW EXECUTE FUNCTION contacts.refuse()",
)
MEND = "DROP FUNCTION contacts.refuse CASCADE"
HALT = (
    """
    CREATE FUNCTION contacts.halt() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$
    """,
    f"""
    CREATE TRIGGER halt BEFORE INSERT ON contacts.orders
    FOR EACH ROW WHEN (NEW.external_id = '{LAST}') EXECUTE FUNCTION contacts.halt()
    """,
    "SELECT pg_advisory_lock(4711)",
)
"""Lets an import come to its last row, and no further until it is released."""
RELEASE = ("SELECT pg_advisory_unlock(4711)", "DROP FUNCTION contacts.halt CASCADE")


@pytest.fixture
async def admin(stack: Stack) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A superuser's connection."""
    connection = await asyncpg.connect(stack.state["database_url"])
    yield connection
    await connection.close()


async def import_orders(client: Client, source: str, ids: list[str]) -> Json:
    """Upload a file of orders; return its job."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(HEADER)
    for number, external_id in enumerate(ids):
        rows.writerow((external_id, f"i{number % 50}@{source}.example", "2026-11-01T10:00:00+08:00", "100.00", "TWD"))
    form = {"kind": "orders", "format": "csv", "source": source}
    answer = await client.send("POST", "/v1/imports", data=form, files={"file": ("orders.csv", text.getvalue())})
    assert answer.status_code == 202, answer.text
    found: Json = answer.json()
    return found


async def new_source(client: Client) -> str:
    """Create a source for the orders of one test; return its key."""
    key = f"file-{uuid4().hex[:8]}"
    await client.post("/v1/sources", {"platform": "generic", "name": key, "key": key}, expected=201)
    return key


async def until_status(client: Client, job: Json, status: str) -> Json:
    """Wait until a job has a status."""

    async def reached() -> Json | None:
        found = await client.get(f"/v1/jobs/{job['id']}")
        return found if found["status"] == status else None

    found: Json = await eventually(reached, f"the job is {status}", 240)
    return found


async def test_a_job_that_keeps_failing_is_held_in_sight_and_goes_on_when_it_is_resumed(
    stack: Stack, client: Client, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    source = await new_source(client)
    for statement in BREAK:
        await admin.execute(statement)
    try:
        job = await import_orders(client, source, ["one", "two"])
        held = await until_status(client, job, "failed")
        listed = await client.items("/v1/jobs", status="failed")
    finally:
        await admin.execute(MEND)
    assert held["problem"]["status"] == 500
    assert "out of order" not in str(held), "what the database said may quote a row"
    assert job["id"] in {one["id"] for one in listed}
    assert await client.items("/v1/orders", source=source) == []

    await stack.kill_and_await("contacts-worker")  # a held job waits for as long as it takes, whoever dies meanwhile
    await client.post(f"/v1/jobs/{job['id']}/resume", {})

    await until_status(client, job, "succeeded")
    orders = await client.items("/v1/orders", source=source)
    assert Counter(order["external_id"] for order in orders) == {"one": 1, "two": 1}


async def test_a_job_whose_worker_is_killed_goes_on_where_it_was(
    stack: Stack, client: Client, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    source = await new_source(client)
    ids = [f"o{number}" for number in range(MANY)]
    for statement in HALT:
        await admin.execute(statement)
    try:
        job = await import_orders(client, source, ids)

        async def halfway() -> bool:
            return bool((await client.get(f"/v1/jobs/{job['id']}"))["done"])

        await eventually(halfway, "a part of the file is in")
        await stack.kill_and_await("contacts-worker")
    finally:
        for statement in RELEASE:
            await admin.execute(statement)

    done = await until_status(client, job, "succeeded")
    assert done["done"] == MANY
    orders = await client.items("/v1/orders", source=source)
    assert Counter(order["external_id"] for order in orders) == Counter(ids)
