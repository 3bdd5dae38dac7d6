"""What `postmaster.pid` says about a cluster's server, and whether it is true."""

import os
import subprocess
from pathlib import Path


class Postmaster:
    """The server process of one data directory."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._file = data / "postmaster.pid"

    @property
    def pid(self) -> int | None:
        """The process id in the file, whether or not that process lives."""
        try:
            first_line = self._file.read_text().partition("\n")[0].strip()
        except OSError:
            return None
        return int(first_line) if first_line.isdecimal() else None

    def is_running(self) -> bool:
        """Tell whether the process in the file is the server of this data directory."""
        return self.pid is not None and str(self._data) in _command_line(self.pid)

    def signal(self, number: int) -> None:
        """Signal the server if it runs."""
        if self.pid is not None and self.is_running():
            os.kill(self.pid, number)

    def forget_stale(self) -> None:
        """Remove the file of a server that is gone: PostgreSQL would not start once its id is another process's."""
        if not self.is_running():
            self._file.unlink(missing_ok=True)


def _command_line(pid: int) -> str:
    process = Path(f"/proc/{pid}")
    if Path("/proc/self").exists():
        try:
            return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "command="], check=False, capture_output=True, text=True)
    return shown.stdout
