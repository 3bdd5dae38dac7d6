"""The folder of one local run: what lies where, who may read it, and that only one run uses it at a time."""

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.local.errors import LocalRunError, unusable

PATIENCE_SECONDS = 1.0


class Home:
    """`$KITH_HOME`: secrets, the database, and notes about the running processes."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.secrets = self.path / "secrets"
        self.run = self.path / "run"
        self.postgres = self.path / "postgres"
        self._lock = self.path / "lock"
        self._state = self.run / "state.json"
        self._descriptor: int | None = None

    @classmethod
    def from_environment(cls) -> "Home":
        """Return the home that KITH_HOME names, by default `.kith` in the current folder."""
        return cls(Path(os.environ.get("KITH_HOME") or ".kith"))

    @property
    def admin_key(self) -> Path:
        """Where the first workspace's key is written."""
        return Path(os.environ.get("KITH_BOOTSTRAP_ADMIN_KEY_FILE") or self.path / "admin.key").absolute()

    def prepare(self) -> None:
        """Create the folders; a clear sentence where that is not allowed."""
        try:
            self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
            for folder in (self.secrets, self.run):
                folder.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            message = f"The folder {self.path} cannot be written: {error.strerror}. Set KITH_HOME to another one."
            raise LocalRunError(message) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the home for this process. The lock ends with the process, so a killed run leaves no stale one."""
        try:
            self._descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            message = f"{unusable(error)} Start Kith as the user who did so before, or set KITH_HOME to another folder."
            raise LocalRunError(message) from error
        try:
            _lock_within(self._descriptor, PATIENCE_SECONDS)
        except BlockingIOError as error:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip() or "unknown"
            self.release_in_child()
            message = f"Kith runs in {self.path} already (process {holder}): stop it, or set KITH_HOME to another one."
            raise LocalRunError(message) from error
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)
        try:
            yield
        finally:
            self.release_in_child()

    def release_in_child(self) -> None:
        """Close our handle of the lock; a forked child must not keep it after its parent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def note_state(self, state: dict[str, Any]) -> None:
        """Write down addresses and process ids for other commands and for tests."""
        write_private(self._state, json.dumps(state, indent=1) + "\n")

    def note_pid(self, name: str, pid: int) -> None:
        """Write the process id of one process, at once: somebody may read it at this moment."""
        write_private(self.run / f"{name}.pid", f"{pid}\n")

    @property
    def ended_uncleanly(self) -> bool:
        """Whether the last run left its notes behind, so that its processes may be ending this very moment."""
        return any(self.run.iterdir())

    def forget_run(self) -> None:
        """Remove the notes of a run that ended."""
        self._state.unlink(missing_ok=True)
        for path in self.run.glob("*.pid"):
            path.unlink(missing_ok=True)

    def state(self) -> dict[str, Any] | None:
        """Return the running processes' addresses, or None when Kith does not run here."""
        try:
            found: dict[str, Any] = json.loads(self._state.read_text())
        except (OSError, ValueError):
            return None
        # The notes of a killed run lie there for a moment of the next one too, whose process is another.
        return found if self._is_locked() and self._lock.read_text() == str(found["pid"]) else None

    def _is_locked(self) -> bool:
        try:
            descriptor = os.open(self._lock, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


def _lock_within(descriptor: int, seconds: float) -> None:
    # Whoever only asks whether Kith runs holds a free lock for an instant, which is not to be taken for a run.
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
