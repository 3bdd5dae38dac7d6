"""A whole Kith for a test: started in a home of its own on a free port, killed in parts, stopped and started again."""

import atexit
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.local.errors import LocalRunError
from deploy.local.home import Home
from services.kit.settings import PREFIX

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240.0
STOP_SECONDS = 120.0
TAIL_LINES = 40
PATIENT = {"connect_seconds": "20", "part_seconds": "20", "failed_auth_quota": "1000000"}
"""A test is no matter of how fast the machine is: nothing is left out because it was late, and nobody turned away who
tries all wrong keys at once."""


class LocalStack:
    """`kith up` in a process of its own. `settings` are KITH_ variables without their prefix.

    Names of processes are those of the four, `contacts-worker`, `postgres`, and `up` for their parent.
    """

    def __init__(self, home: Path, *, keep_going: bool = False, **settings: str) -> None:
        self.home = Home(home)
        self._keep_going = keep_going
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start, and wait until everything is ready."""
        self.home.path.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), cwd=ROOT, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while self.home.state() is None:
            if self._process.poll() is not None:
                message = f"kith up ended with {self._process.returncode}:\n{self.tail()}"
                raise LocalRunError(message)
            if time.monotonic() > deadline:
                self.stop()
                message = f"kith up was not ready after {START_SECONDS:.0f} s:\n{self.tail()}"
                raise LocalRunError(message)
            time.sleep(0.05)
        return self

    def stop(self) -> int:
        """Ask everything to stop; return the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def wait(self) -> int:
        """Wait until everything has ended by itself; return the exit code."""
        if self._process is None:
            return 0
        return self._process.wait(STOP_SECONDS)

    def pid(self, name: str) -> int:
        """Return the process id of one process."""
        if name == "up":
            return int(self.state["pid"])
        return int((self.home.run / f"{name}.pid").read_text())

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Signal one process, by default so that it cannot say goodbye."""
        os.kill(self.pid(name), number)

    @property
    def state(self) -> dict[str, Any]:
        """Addresses of what runs."""
        state = self.home.state()
        if state is None:
            message = f"Kith does not run:\n{self.tail()}"
            raise LocalRunError(message)
        return state

    @property
    def url(self) -> str:
        """Address of the gateway."""
        return str(self.state["url"])

    @property
    def key(self) -> str:
        """The admin key of the first workspace."""
        return self.home.admin_key.read_text().strip()

    @property
    def log(self) -> Path:
        """What all processes have said."""
        return self.home.path / "log"

    def tail(self) -> str:
        """Return the last lines of the log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-TAIL_LINES:])

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "deploy.local", "up", *(["--keep-going"] if self._keep_going else [])]

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        own = {"home": str(self.home.path), "port": "0", "system_folder": str(system_folder())}
        given = PATIENT | own | self._settings
        return inherited | {f"{PREFIX}{name.upper()}": value for name, value in given.items()}


@functools.cache
def system_folder() -> Path:
    """Return a folder for databases whose home the server's user cannot enter; it goes when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="kith-stacks-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
