"""Child processes: what they say is printed under their name, how they end is noticed, none outlives the parent."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local.errors import LocalRunError
from deploy.local.forked import CRASHED
from deploy.local.group import Child, Group
from deploy.local.stream import Lines, Stream

PATIENCE_SECONDS = 60


def ended(group: Group, child: Child) -> Child:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while child.code is None:
        group.pump()
        assert time.monotonic() < deadline, "the child does not end"
    return child


def talk() -> int:
    print("one")  # noqa: T201 - what a process prints is the point
    os.write(2, b"two\nhalf a line")
    return 3


def sleep() -> int:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.write(1, b"asleep\n")
    time.sleep(600)
    return 1


def sleep_deaf() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"asleep\n")
    time.sleep(600)
    return 1


def end_oneself() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def until(group: Group, output: io.StringIO, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while text not in output.getvalue():
        group.pump()
        assert time.monotonic() < deadline, f"{text!r} was not said"


def test_what_a_child_says_is_printed_under_its_name() -> None:
    output = io.StringIO()
    group = Group(Stream(output))
    child = ended(group, group.start("contacts", talk))
    assert child.code == 3
    assert child.ending == "ended with exit code 3"
    assert output.getvalue().splitlines() == [
        "contacts        | one",
        "contacts        | two",
        "contacts        | half a line",
    ]


def test_json_lines_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_LOG_FORMAT", "json")
    output = io.StringIO()
    stream = Stream(output)
    stream.line("contacts", '{"event": "started"}')
    stream.say("Kith is ready.")
    assert output.getvalue().splitlines() == ['{"event": "started"}', "kith            | Kith is ready."]


def test_a_signal_that_ends_a_child_is_named() -> None:
    group = Group(Stream(io.StringIO()))
    child = ended(group, group.start("scoring", end_oneself))
    assert child.ending == "was ended by SIGKILL"


def test_a_child_that_raises_says_what_and_never_runs_its_parents_code() -> None:
    output = io.StringIO()
    group = Group(Stream(output))

    def fail() -> int:
        message = "no luck"
        raise LocalRunError(message)

    try:
        child = ended(group, group.start("contacts", fail))
    except LocalRunError:
        pytest.fail("the child came back into the parent's code")
    assert child.code == CRASHED
    assert "no luck" in output.getvalue()


def test_a_stop_lets_each_wave_end_by_itself() -> None:
    output = io.StringIO()
    group = Group(Stream(output), patience=PATIENCE_SECONDS)
    waves = [group.start("gateway", sleep), group.start("contacts", sleep)]
    until(group, output, "gateway         | asleep")
    until(group, output, "contacts        | asleep")
    group.stop(["gateway"])
    assert [child.code for child in waves] == [0, 0]
    assert not group.children


def test_a_stop_ends_the_deaf_too() -> None:
    output = io.StringIO()
    group = Group(Stream(output), patience=0.1)
    deaf = group.start("contacts", sleep_deaf)
    until(group, output, "contacts        | asleep")
    group.stop()
    assert deaf.code == -signal.SIGKILL
    assert not group.children


PARENT = """
import os, time
from deploy.local.group import Group
from deploy.local.stream import Stream
group = Group(Stream())
child = group.start("contacts", lambda: time.sleep(600) or 0)
print(child.process.pid, flush=True)
time.sleep(600)
"""


def test_a_child_dies_with_its_parent_even_if_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the child still runs"
        time.sleep(0.05)


def test_lines_are_cut_wherever_the_bytes_arrive() -> None:
    lines = Lines()
    assert lines.feed("grüß".encode()[:3]) == []
    assert lines.feed("grüß".encode()[3:] + b"\nnext") == ["grüß"]
    assert lines.end() == ["next"]
    assert lines.end() == []
