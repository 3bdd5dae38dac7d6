"""Memory goes back to the system, and what processes share is loaded before they part."""

import subprocess
import sys

from deploy.local.stack import ROOT

GIVE_BACK = """
from pathlib import Path
from deploy.allocator import give_back

def resident():
    [row] = [row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmRSS:")]
    return int(row.split()[1]) // 1024

before = resident()
pieces = [bytearray(50_000) for _ in range(1_000)]
pieces.append(bytearray(5_000))
del pieces[:-1]
held = resident()
give_back()
print(held - before, resident() - before)
"""
LOADED = """
import sys
import deploy.local.up
from deploy.processes import PROCESSES
for process in PROCESSES:
    process.settings_class(), process.factory()
print(*sys.modules)
"""


def run(program: str) -> list[str]:
    """Run a program in an interpreter of its own; return the words that it said."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_what_is_free_below_what_is_in_use_is_given_back() -> None:
    held, kept = map(int, run(GIVE_BACK))
    assert held > 40
    assert kept < 10


def test_the_parent_of_the_local_run_has_loaded_what_its_children_call_peers_with_and_nothing_for_migrations() -> None:
    loaded = set(run(LOADED))
    assert {"anyio._backends._asyncio", "uvicorn.lifespan.on"} <= loaded
    assert not {"alembic", "sqlalchemy"} & loaded
