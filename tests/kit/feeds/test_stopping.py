"""A producer that is told to stop while followers wait for events."""

import asyncio
import json
import socket
import sys
import time
from pathlib import Path

import httpx

from tests import keys
from tests.callers import Caller
from tests.cluster import KithDatabase
from tests.waiting import until

ROOT = Path(__file__).parents[3]
LOOKED = """
SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND state = 'idle' AND query LIKE '%FROM events WHERE position > $1%'
"""
"""A connection that looked for events last: whoever polls has begun to wait."""


async def test_it_answers_long_polls_and_ends_at_once(own_kith: KithDatabase) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.kit.feeds.server_process",
            own_kith.admin_url,
            str(listener.fileno()),
            keys.private_key("contacts"),
            json.dumps(keys.public_keys()),
            cwd=ROOT,
            pass_fds=[listener.fileno()],
            stdout=asyncio.subprocess.DEVNULL,
        )
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:

        async def is_ready() -> bool:
            try:
                return (await client.get("/health/ready")).status_code == 200
            except httpx.TransportError:
                return False

        async def polls() -> bool:
            return bool(await own_kith.as_admin(LOOKED, own_kith.name))

        await until(is_ready)
        headers = Caller(["feed:read"], issuer="scoring").headers("contacts")
        poll = asyncio.create_task(client.get("/feed?timeout=30000", headers=headers))
        await until(polls)
        told = time.monotonic()
        process.terminate()
        answer = await poll
        code = await process.wait()
    assert (answer.status_code, answer.json()) == (200, [])
    assert code == 0
    assert time.monotonic() - told < 20, "less than the poll would have waited"
