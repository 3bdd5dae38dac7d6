"""PostgreSQL settings that suit the machine, as one configuration file."""

import os
from pathlib import Path

MIB = 1024 * 1024
SMALL_SHARED_MEMORY = 256 * MIB


def memory_bytes(cgroup: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """Give the memory that we may use: the machine's, or a container's limit when that is lower."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = cgroup.read_text().strip()
    except OSError:
        return installed
    return min(installed, int(limit)) if limit.isdecimal() else installed


def settings(memory: int, *, throwaway: bool) -> dict[str, str]:
    """Choose the settings; `throwaway` gives up durability, for databases that live for one test run."""
    mebibytes = memory // MIB
    chosen = {
        "max_connections": "200",
        "shared_buffers": f"{_between(mebibytes // 16, 128, 1024)}MB",
        "effective_cache_size": f"{max(mebibytes // 2, 256)}MB",
        "maintenance_work_mem": f"{_between(mebibytes // 32, 64, 512)}MB",
        "work_mem": f"{_between(mebibytes // 1024, 4, 16)}MB",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        # A table that fills within seconds is looked at within seconds: until then the planner takes it for empty, and
        # batches go through all of it for each of their rows.
        "autovacuum_naptime": "10s",
        # Our statements are short and many: compiling them costs more than it saves.
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_line_prefix": "%m [%p] %u@%d ",
        # Statements carry personal data as parameters; an error's detail may quote a row.
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_error_verbosity": "terse",
        "password_encryption": "scram-sha-256",
    }
    if _shared_memory_bytes() < SMALL_SHARED_MEMORY:
        # Containers often have 64 MB of /dev/shm, too little for a parallel hash join.
        chosen["dynamic_shared_memory_type"] = "mmap"
    if throwaway:
        chosen |= {
            "shared_buffers": "128MB",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
        }
    return chosen


def render(chosen: dict[str, str]) -> str:
    """Write the settings in the syntax of postgresql.conf."""
    lines = [f"{name} = {quoted(value)}" for name, value in chosen.items()]
    return "\n".join(["# Written by Kith at every start: edits are lost.", *lines, ""])


def quoted(value: str) -> str:
    """Quote one value of postgresql.conf."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _between(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def _shared_memory_bytes() -> int:
    try:
        status = os.statvfs("/dev/shm")  # noqa: S108 - asks for its size, writes nothing
    except OSError:
        return 0
    return status.f_frsize * status.f_blocks
