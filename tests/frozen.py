"""Processes that do nothing for a while, as where a disk or a whole machine hangs."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def frozen(pids: Sequence[int]) -> Iterator[None]:
    """Freeze processes until the context is left."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
