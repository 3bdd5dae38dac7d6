"""Every process begins with the same background loops; one that wires its own forgets one of them."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKERS = sorted(path for top in ("services", "gateway") for path in (ROOT / top).rglob("worker.py"))
PROCESSES = [path for path in WORKERS if path.parent.name != "kit"]


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.parent.name)
def test_a_worker_begins_with_the_loops_that_all_share(path: Path) -> None:
    assert "base_worker(kit)" in path.read_text(encoding="utf-8")


def test_there_are_four() -> None:
    assert len(PROCESSES) == 4
