"""Processes that do nothing for a while, as where a disk or a whole machine hangs."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


@contextmanager
def frozen(pids: Sequence[int]) -> Iterator[None]:
    """Freeze processes until the context is left."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
