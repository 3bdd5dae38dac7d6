"""What `postmaster.pid` says about a cluster's server, and whether it is true."""

import os
import subprocess
from pathlib import Path


class Postmaster:
    """The server process of one data directory."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._file = data / "postmaster.pid"

    def running_pid(self) -> int | None:
        """Return the process id in the file if that process is the server of this data directory."""
        pid = self._noted_pid()
        return pid if pid is not None and str(self._data) in _command_line(pid) else None

    def forget_stale(self) -> None:
        """Remove the file of a server that is gone: PostgreSQL would not start once its id is another process's."""
        if self.running_pid() is None:
            self._file.unlink(missing_ok=True)

    def _noted_pid(self) -> int | None:
        try:
            first_line = self._file.read_text().partition("\n")[0].strip()
        except OSError:
            return None
        return int(first_line) if first_line.isdecimal() else None


def _command_line(pid: int) -> str:
    process = Path(f"/proc/{pid}")
    if Path("/proc/self").exists():
        try:
            return os.fsdecode((process / "cmdline").read_bytes().replace(b"\0", b" "))
        except OSError:
            return ""
    # Twice "w": else the line ends where the terminal does, on macOS also in a pipe.
    shown = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], check=False, capture_output=True, text=True)
    return shown.stdout
