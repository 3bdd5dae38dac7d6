"""The whole of Kith as real processes that a test may kill, hold down and let run again, one by one."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable

from deploy.local.readiness import is_ready
from deploy.local.stack import LocalStack
from tests.system.supervisor import DATABASE, HELD

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 120.0
NAMES = ("gateway", "contacts", "contacts-worker", "scoring", "campaigns")


class Stack(LocalStack):
    """A LocalStack whose parent starts again whatever dies, unless it is held down."""

    async def kill_and_await(self, name: str) -> None:
        """Kill one process with -9, and wait until another one answers in its place."""
        old = self.pid(name)
        self.kill(name, signal.SIGKILL)
        await self.until(lambda: self.pid(name) != old, f"{name} is started again")
        await self.until(lambda: self.is_ready(name), f"{name} is ready")

    async def hold(self, *names: str) -> None:
        """Stop processes and keep them down; returns when they have ended."""
        ids = [self.pid(name) for name in names]
        self._write_held(" ".join(names))
        await self.until(lambda: not any(map(runs, ids)), f"{', '.join(names)} have ended")

    async def resume(self) -> None:
        """Let everything run again."""
        self._write_held("")
        await self.until(lambda: all(map(self.is_ready, NAMES)), "everything is ready")

    def is_ready(self, name: str) -> bool:
        """Tell whether a process says that it is ready; the database is ready when contacts is."""
        return is_ready(self.state["ports"]["contacts" if name == DATABASE else name])[0]

    async def until(self, check: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until something is so, for a bounded time."""
        deadline = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain until {what}:\n{self.tail()}"
            await asyncio.sleep(POLL_SECONDS)

    def _write_held(self, names: str) -> None:
        (self.home.run / HELD).write_text(names)

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "tests.system.supervisor"]


def runs(pid: int) -> bool:
    """Tell whether there is a process of this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
