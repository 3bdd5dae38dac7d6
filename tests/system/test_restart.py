"""`kith up` on a home that was used before."""

import resource
import subprocess
import sys
from pathlib import Path

from deploy.local.stack import ROOT, LocalStack
from tests.system.client import Client

MOST_IMPORTS = 5
"""Start and stop together take the processor twice as long as importing everything, which is a start in under 5 s. The
clock on the wall would measure whatever else runs on the machine, and seconds of the processor how fast that is."""
IMPORT = "import deploy.local.up\nfor process in deploy.local.up.PARTS: process.process.factory()"


def used() -> float:
    """Return the seconds of processor time that everything we have waited for has used."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def cost_of_importing() -> float:
    """Return the seconds of processor time that importing everything takes here."""
    before = used()
    subprocess.run([sys.executable, "-c", IMPORT], cwd=ROOT, check=True)
    return used() - before


async def test_the_second_start_is_quick_and_keeps_everything(tmp_path: Path) -> None:
    with LocalStack(tmp_path / "home") as first:
        key = first.key
        async with Client(first.url, key) as client:
            person = await client.post("/v1/people", {"given_name": "小明", "family_name": "王"})

    importing = cost_of_importing()
    before = used()
    with LocalStack(tmp_path / "home") as second:
        assert second.key == key
        async with Client(second.url, key) as client:
            again = await client.get(f"/v1/people/{person['id']}")

    assert again["display_name"] == "王小明"
    assert used() - before < MOST_IMPORTS * importing
