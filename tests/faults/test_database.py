"""A database that hangs, only reads, is full, or commits without anybody hearing of it."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.faults.load import Load
from tests.faults.senders import RETRIED
from tests.faults.verify import everything_is_there_once
from tests.frozen import frozen
from tests.system.client import Client, Json, eventually
from tests.system.shops import Shop
from tests.system.stack import Stack
from tests.system.test_main_job import view_with_reminder

FROZEN_SECONDS = 13.0
WAITING_FOR_STANDBY = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'contacts_api'"
SMALL_DISK = "16m"
UNSHARE = shutil.which("unshare")
MAY_MOUNT = UNSHARE is not None and subprocess.run([UNSHARE, "--mount", "true"], check=False).returncode == 0
FILLER = "INSERT INTO filler SELECT md5(random()::text) FROM generate_series(1, 10000)"


@asynccontextmanager
async def administered(stack: Stack) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Connect as superuser."""
    connection = await asyncpg.connect(stack.state["database_url"])
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def configured(stack: Stack, **wanted: str) -> AsyncIterator[None]:
    """Let the server run with other settings for a while."""
    async with administered(stack) as admin:
        for name, value in wanted.items():
            await admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        await admin.execute("SELECT pg_reload_conf()")
        # The server tells its backends when it has read them itself, and serves no new connection before it has told.
        await eventually(partial(all_are_set, stack, wanted), "the settings are read")
        try:
            yield
        finally:
            for name in wanted:
                await admin.execute(f"ALTER SYSTEM RESET {name}")
            await admin.execute("SELECT pg_reload_conf()")


async def all_are_set(stack: Stack, wanted: dict[str, str]) -> bool:
    """Tell whether a new connection finds these settings."""
    async with administered(stack) as admin:
        return all([await admin.fetchval(f"SHOW {name}") == value for name, value in wanted.items()])


def with_backends(pid: int) -> list[int]:
    """Return the ids of a server and of all its backends."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [pid, *map(int, listed.stdout.split())]


def is_put_off(answer: httpx.Response) -> bool:
    """Tell whether an answer is a problem that says when to come back."""
    problem = answer.headers["content-type"] == "application/problem+json"
    return answer.status_code == 503 and problem and int(answer.headers["retry-after"]) >= 1


def person() -> Json:
    """Return the body of somebody new."""
    return {"emails": [{"address": f"{uuid4()}@mail.example"}]}


async def everything_goes_on(client: Client, shop: Shop) -> None:
    """Wait until a webhook becomes a reminder again."""

    async def taken() -> Json | None:
        answer = await shop.deliver(shop.topic_created, body)
        return answer.json() if answer.status_code == 200 else None

    order = shop.order()
    body = order.body()
    await eventually(taken, "a webhook is taken")
    await view_with_reminder(client, shop, order)


async def test_a_database_that_only_reads_answers_reads_puts_writes_off_and_recovers(
    stack: Stack, client: Client
) -> None:
    shop = await Shop.connect(client, "shopify")
    order = shop.order()
    known = await client.post("/v1/people", person(), expected=201)

    async with configured(stack, default_transaction_read_only="on"):
        written = await client.send("POST", "/v1/people", json=person())
        patched = await client.send("PATCH", f"/v1/people/{known['id']}", json={"given_name": "Ada"})
        delivered = await shop.deliver(shop.topic_created, order.body())
        reads = [
            await client.send("GET", path)
            for path in (f"/v1/people/{known['id']}", "/v1/customers", "/v1/scores?kind=value_tier", "/v1/me")
        ]

    assert [is_put_off(answer) for answer in (written, patched, delivered)] == [True] * 3, written.text
    assert [answer.status_code for answer in reads] == [200] * len(reads)
    await everything_goes_on(client, shop)


async def test_a_database_that_hangs_is_waited_for_within_limits_and_loses_nothing(
    stack: Stack, client: Client, load: Load
) -> None:
    shop = await Shop.connect(client, "shopify")

    async def write() -> int:
        return (await client.send("POST", "/v1/people", json=person())).status_code

    async def deliver() -> int:
        return (await shop.deliver(shop.topic_created, shop.order().body())).status_code

    async with load:
        await asyncio.sleep(1)
        with frozen(with_backends(stack.pid("postgres"))):
            probes = [asyncio.create_task(send()) for send in (write, deliver) for _ in range(20)]
            await asyncio.sleep(FROZEN_SECONDS)
        # Every one is answered before the client's patience ends, which is longer than the gateway's.
        statuses = set(await asyncio.gather(*probes))
        await asyncio.sleep(2)

    assert statuses <= {200, 201, *RETRIED}
    await everything_is_there_once(stack, client, load)


async def test_a_write_whose_answer_was_lost_by_the_kill_is_answered_the_same_when_it_is_repeated(
    stack: Stack, client: Client
) -> None:
    known = await client.post("/v1/people", person(), expected=201)
    writes = [
        ("POST", "/v1/people", person()),
        ("POST", f"/v1/people/{known['id']}/tags", {"add": ["vip"]}),
        ("PUT", f"/v1/orders/external/manual/{uuid4()}", {"customer_id": known["id"], "total": money("120.00")}),
    ]
    requests: list[dict[str, Any]] = [
        {"method": method, "url": path, "json": body, "headers": {"Idempotency-Key": str(uuid4())}}
        for method, path, body in writes
    ]

    # The server has committed, but waits for a standby that never comes before it says so.
    async with configured(stack, synchronous_standby_names="nobody"):
        attempts = [asyncio.create_task(client.http.request(**request)) for request in requests]
        async with administered(stack) as admin:

            async def all_committed() -> bool:
                return bool(await admin.fetchval(WAITING_FOR_STANDBY) == len(writes))

            await eventually(all_committed, "every write is committed")
        stack.kill("contacts")
        lost = await asyncio.gather(*attempts)
    # Where contacts is back in time for the gateway's second attempt, the server is still busy with the first one.
    assert {answer.status_code for answer in lost} <= {409, 503}
    await stack.until(lambda: stack.is_ready("contacts"), "contacts is ready")

    for request in requests:
        first, second = [await client.http.request(**request) for _ in range(2)]
        assert first.is_success, first.text
        assert first.headers["idempotency-replayed"] == "true", "it had taken effect"
        assert (second.status_code, second.content) == (first.status_code, first.content)
    assert (await client.get(f"/v1/people/{known['id']}"))["tags"] == ["vip"]
    assert len(await client.items("/v1/orders", customer_id=known["id"])) == 1


def money(amount: str) -> Json:
    """Return an amount as the API takes it."""
    return {"amount": amount, "currency": "TWD"}


@pytest.fixture
def small_disk(stack: Stack, tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes that belongs to the server's user."""
    folder = Path(f"/proc/{stack.pid('postgres')}/cwd").resolve().parent / f"small-{uuid4().hex[:8]}"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)], check=True)
    owner = Path(f"/proc/{stack.pid('postgres')}").stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.skipif(not MAY_MOUNT, reason="the right to mount a small disk is not part of the repository")
async def test_a_full_disk_puts_writes_off_lets_reads_go_on_and_recovers(
    stack: Stack, client: Client, small_disk: Path
) -> None:
    shop = await Shop.connect(client, "shopify")
    async with administered(stack) as admin:
        await admin.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
        await admin.execute("ALTER TABLE contacts.deliveries SET TABLESPACE small")
        await admin.execute("CREATE TABLE filler (body text) TABLESPACE small")
        try:
            await fill(admin)
            refused = await first_refusal(shop)
            listed = await client.send("GET", f"/v1/sources/{shop.source_id}/deliveries")
            ready = stack.is_ready("contacts")
        finally:
            await admin.execute("DROP TABLE filler")
            await admin.execute("ALTER TABLE contacts.deliveries SET TABLESPACE pg_default")
            await admin.execute("DROP TABLESPACE small")

    assert is_put_off(refused)
    assert listed.status_code == 200
    assert ready
    await everything_goes_on(client, shop)


async def fill(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Leave no room on the small disk."""
    with suppress(asyncpg.DiskFullError):
        while True:
            await admin.execute(FILLER)


async def first_refusal(shop: Shop) -> httpx.Response:
    """Send orders until one finds no room: pages that are half full still take some."""
    for _ in range(200):
        body = shop.order(fields={"note": str(uuid4()) * 300}).body()
        answer = await shop.deliver(shop.topic_created, body)
        if answer.status_code != 200:
            return answer
    raise AssertionError("the disk never filled up")
