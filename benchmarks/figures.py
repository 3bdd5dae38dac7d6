"""How a figure is printed: one JSON object a line, each saying what it is a ratio to."""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

Better = Literal["higher", "lower"]


def report(name: str, value: float, unit: str, better: Better, against: str = "") -> None:
    """Print one figure."""
    line = {"name": name, "value": round(value, 4), "unit": unit, "better": better, "against": against}
    print(json.dumps(line), flush=True)


def middle(values: Sequence[float]) -> float:
    """Return the median of repeated runs."""
    return statistics.median(values)


def flush_latency_ms(folder: Path, times: int = 200) -> float:
    """Return the median time of one fdatasync of 8 KB in a folder, in milliseconds: what every durable commit pays."""
    taken: list[float] = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            os.pwrite(file.fileno(), b"x" * 8192, 0)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def proportional_set_mb(pids: Sequence[int]) -> float:
    """Return the sum of the processes' proportional set sizes in megabytes (Linux)."""
    total = 0
    for pid in pids:
        for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if row.startswith("Pss:"):
                total += int(row.split()[1])
    return total / 1024
