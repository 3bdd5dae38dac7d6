"""`kith demo` on a running Kith: lively, repeatable, and every line that it prints works."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from deploy.demo import program
from deploy.demo.program import Target
from deploy.local.errors import LocalRunError
from tests.system.client import Client
from tests.system.stack import Stack

ROOT = Path(__file__).resolve().parents[2]


async def run_demo(stack: Stack, key: str) -> tuple[int, str]:
    """Run the command as a person does; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local", "demo", "--url", stack.url, "--key", key),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_the_demo_fills_a_workspace_once_and_shows_where_to_look(
    stack: Stack, new_workspace: Callable[[], Awaitable[Client]]
) -> None:
    client = await new_workspace()
    key = client.http.headers["Authorization"].removeprefix("Bearer ")

    code, printed = await run_demo(stack, key)
    assert code == 0, printed

    people = await client.items("/v1/people")
    diamonds = await client.items("/v1/scores", kind="value_tier", value="diamond")
    reminders = await client.items("/v1/reminders", status="open")
    assert len(people) > 480
    assert diamonds
    assert {one["customer_id"] for one in reminders} <= await customers_with_webhooks(client)
    assert reminders

    lines = [line.strip() for line in printed.splitlines() if line.strip().startswith("curl")]
    assert len(lines) >= 5
    for line in lines:
        assert json.loads(await shell(f'KEY="{key}"; {line}')), line

    code, printed = await run_demo(stack, key)
    assert code == 0, printed
    assert "nothing has changed" in printed
    assert len(await client.items("/v1/people")) == len(people)
    assert len(await client.items("/v1/reminders", status="open")) == len(reminders)


async def customers_with_webhooks(client: Client) -> set[str]:
    """Return who has an order that came as a webhook: history that was imported starts no care."""
    found = set()
    for source in await client.items("/v1/sources"):
        for delivery in await client.items(f"/v1/sources/{source['id']}/deliveries"):
            order = await client.get(f"/v1/orders/{delivery['order_id']}")
            found.add(order["customer_id"])
    return found


async def shell(line: str) -> str:
    """Run a line as it was printed."""
    process = await asyncio.create_subprocess_shell(
        line, stdout=asyncio.subprocess.PIPE, env=dict(os.environ) | {"PYTHONIOENCODING": "utf-8"}
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, line
    return output.decode()


async def test_a_workspace_with_other_customers_is_left_alone(
    stack: Stack, new_workspace: Callable[[], Awaitable[Client]]
) -> None:
    client = await new_workspace()
    await client.post("/v1/people", {"given_name": "Ada"})
    key = client.http.headers["Authorization"].removeprefix("Bearer ")

    code, printed = await run_demo(stack, key)

    assert code == 1
    assert "kith workspace create" in printed
    assert len(await client.items("/v1/people")) == 1


async def test_a_wrong_key_and_a_stopped_kith_are_said_in_words(stack: Stack) -> None:
    with pytest.raises(LocalRunError, match=re.escape("admin.key")):
        await program.fill(Target(stack.url, "kith_live_nonsense", "x"))

    with pytest.raises(LocalRunError, match="make run"):
        await program.fill(Target("http://127.0.0.1:9", "kith_live_nonsense", "x"))
