"""A forked child process: cut off from its parent's affairs, and never alive without it."""

import ctypes
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

SET_PARENT_DEATH_SIGNAL = 1
CRASHED = 70


@dataclass(frozen=True, slots=True)
class Forked:
    """A running child: its process id and the pipe that its output comes from."""

    pid: int
    output: int


def fork(work: Callable[[], int]) -> Forked:
    """Run `work` in a child process, which ends with its result as exit code."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _run_in_child(work, parent, writing)
    os.close(writing)
    os.set_blocking(reading, False)
    return Forked(pid, reading)


def _run_in_child(work: Callable[[], int], parent: int, output: int) -> None:
    # Whatever happens, this process ends here: the parent's stack below us is not ours to run.
    code = CRASHED
    try:
        _become_own_process(parent, output)
        code = work()
    except BaseException:  # noqa: BLE001 - also SystemExit and KeyboardInterrupt, see above
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become_own_process(parent: int, output: int) -> None:
    os.setpgid(0, 0)  # Ctrl-C in the terminal is for the parent, which stops us in good order
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(CRASHED)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(CRASHED)
