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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def test_it_answers_long_polls_and_ends_at_once(kith: KithDatabase) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.kit.feeds.server_process",
        kith.admin_url,
        str(port),
        keys.private_key("contacts"),
        json.dumps(keys.public_keys()),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
    )
    headers = Caller(["feed:read"], issuer="scoring").headers("contacts")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=40) as client:

        async def is_ready() -> bool:
            try:
                return (await client.get("/health/ready")).status_code == 200
            except httpx.TransportError:
                return False

        await until(is_ready, seconds=30)
        poll = asyncio.create_task(client.get("/feed?timeout=30000"))
        await asyncio.sleep(0.3)
        told = time.monotonic()
        process.terminate()
        answer = await poll
        code = await process.wait()
    assert (answer.status_code, answer.json()) == (200, [])
    assert code == 0
    assert time.monotonic() - told < 4
