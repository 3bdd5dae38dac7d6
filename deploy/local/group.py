"""A group of child processes: starts them, prints what they say, notices when one dies, stops them in good order."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploy.local.forked import Forked, fork
from deploy.local.stream import Lines, Stream

PUMP_SECONDS = 0.2
READ_BYTES = 65536
# Enough for requests in flight (shutdown_seconds) and for followers to give back what they hold.
STOP_SECONDS = 10.0


@dataclass
class Child:
    """One running process of the group."""

    name: str
    process: Forked
    started: float = field(default_factory=time.monotonic)
    lines: Lines = field(default_factory=Lines)
    code: int | None = None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.code is None:
            return "runs"
        if self.code < 0:
            return f"was ended by {signal.Signals(-self.code).name}"
        return f"ended with exit code {self.code}"


class Group:
    """The children and their output. Has no threads, so that it may fork at any time.

    Who was told to stop has `patience` seconds before it is killed.
    """

    def __init__(self, stream: Stream, *, patience: float = STOP_SECONDS) -> None:
        self._stream = stream
        self._patience = patience
        self.children: dict[str, Child] = {}

    def start(self, name: str, work: Callable[[], int]) -> Child:
        """Fork a child that does `work`."""
        child = Child(name, fork(work))
        self.children[name] = child
        return child

    def pump(self, seconds: float = PUMP_SECONDS) -> list[Child]:
        """Print what the children say, for at most this long; return those that have ended."""
        readers = {child.process.output: child for child in self.children.values()}
        ready, _, _ = select.select(list(readers), [], [], seconds)
        for descriptor in ready:
            self._read(readers[descriptor])
        return [child for child in list(self.children.values()) if self._has_ended(child)]

    def stop(self, *waves: Sequence[str]) -> None:
        """Stop the named children, one wave after the other, and then whatever else runs."""
        for wave in (*waves, list(self.children)):
            wanted = [self.children[name] for name in wave if name in self.children]
            self._signal(wanted, signal.SIGTERM)
            if not self._await_end(wanted, self._patience):
                self._signal(wanted, signal.SIGKILL)
                self._await_end(wanted, STOP_SECONDS)

    def kill(self) -> None:
        """End everything at once."""
        self._signal(list(self.children.values()), signal.SIGKILL)

    def _signal(self, children: Sequence[Child], number: signal.Signals) -> None:
        for child in children:
            if child.code is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.process.pid, number)

    def _await_end(self, children: Sequence[Child], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while any(child.code is None for child in children):
            if time.monotonic() > deadline:
                return False
            self.pump()
        return True

    def _has_ended(self, child: Child) -> bool:
        pid, status = os.waitpid(child.process.pid, os.WNOHANG)
        if pid == 0:
            return False
        child.code = os.waitstatus_to_exitcode(status)
        self._read(child)
        for line in child.lines.end():
            self._stream.line(child.name, line)
        os.close(child.process.output)
        del self.children[child.name]
        return True

    def _read(self, child: Child) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(child.process.output, READ_BYTES):
                for line in child.lines.feed(data):
                    self._stream.line(child.name, line)
