"""The commands of docs/first-hour.md work, in the order in which a reader runs them."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.settled import pause
from tests.system.client import Client, Json, eventually
from tests.system.stack import Stack

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "first-hour.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(document: Path, between: str) -> str:
    """Return the shell blocks of a document as one script; what starts Kith stands in text blocks."""
    return between.join(BLOCK.findall(document.read_text()))


async def test_every_command_of_the_first_hour_works(
    stack: Stack, new_workspace: Callable[[], Awaitable[Client]], tmp_path: Path
) -> None:
    client = await new_workspace()
    await a_customer_of_the_best_tier(client)
    (tmp_path / ".kith").mkdir()
    key = client.http.headers["Authorization"].removeprefix("Bearer ")
    (tmp_path / ".kith" / "admin.key").write_text(f"{key}\n")
    # The reader looks at each answer: the next block may count on what the last one caused.
    script = commands(GUIDE, pause(stack.state["database_url"])).replace("http://127.0.0.1:8080", stack.url)

    process = await asyncio.create_subprocess_exec(
        "bash",
        *("-euo", "pipefail", "-c", script),
        cwd=tmp_path,
        env=dict(os.environ) | {"PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()
    assert "/problems/" not in output.decode()
    assert '"status": "open"' in output.decode()


async def a_customer_of_the_best_tier(client: Client) -> None:
    """Stand in for the demo: somebody who bought and is owed care."""
    await client.configure(reporting_currency="USD")
    buyer = {"display_name": "Ada", "emails": [{"address": "ada@mail.example"}]}
    total = {"amount": "90.00", "currency": "USD"}
    order = {"source": "manual", "external_id": "1", "customer": buyer, "total": total}
    await client.post("/v1/orders", order | {"placed_at": datetime.now(UTC).isoformat()})

    async def cared_for() -> list[Json]:
        return await client.items("/v1/reminders", status="open")

    await eventually(cared_for, "a reminder is open")
