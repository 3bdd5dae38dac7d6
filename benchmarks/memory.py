"""Memory of all processes together, after they have worked."""

import json

from benchmarks.figures import proportional_set_mb, report
from benchmarks.intake import Ground, drained, loaded
from benchmarks.orders import LARGE
from benchmarks.stack import Stack


async def measure_memory(ground: Ground) -> None:
    """Print what all processes hold, their parent included; PostgreSQL has its own figure in its settings."""
    first = await loaded(ground.stack.ports["contacts"], ground.orders(LARGE, 20_000).call, 64)
    await drained(ground.stack.database_url)
    against = f"after {len(first.latencies)} orders of {LARGE} bytes and what ran before"
    report("memory_all_processes_mb", proportional_set_mb(pids_of(ground.stack)), "MB", "lower", against)


def pids_of(stack: Stack) -> list[int]:
    """Return the process ids of Kith: parent and children, without the database server."""
    parent = json.loads((stack.home / "run" / "state.json").read_text())["pid"]
    return [parent, *(pid for name, pid in stack.pids.items() if name != "postgres")]
