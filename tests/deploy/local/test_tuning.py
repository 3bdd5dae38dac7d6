"""Settings that suit the machine."""

from pathlib import Path

import pytest

from deploy.local.tuning import memory_bytes, quoted, render, settings

GIB = 1024**3


@pytest.mark.parametrize(
    ("memory", "shared_buffers"), [(GIB, "128MB"), (4 * GIB, "256MB"), (16 * GIB, "1024MB"), (256 * GIB, "1024MB")]
)
def test_the_buffers_grow_with_the_machine_within_bounds(memory: int, shared_buffers: str) -> None:
    assert settings(memory, throwaway=False)["shared_buffers"] == shared_buffers


def test_only_a_throwaway_gives_up_durability() -> None:
    assert "fsync" not in settings(GIB, throwaway=False)
    assert settings(GIB, throwaway=True)["fsync"] == "off"


def test_a_containers_limit_counts_when_it_is_lower(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("1048576\n")
    assert memory_bytes(limit) == 1048576
    limit.write_text("max\n")
    assert memory_bytes(limit) == memory_bytes(tmp_path / "missing") > 1048576


def test_values_are_quoted_as_postgresql_reads_them() -> None:
    assert quoted("a'b\\c") == "'a''b\\\\c'"
    assert render({"port": "5432"}).splitlines()[-1] == "port = '5432'"
