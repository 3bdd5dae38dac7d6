"""A whole Kith of its own for one benchmark run, durable as in production, and the ceiling program beside it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

START_SECONDS = 180
STOP_SECONDS = 40


@dataclass(frozen=True, slots=True)
class Stack:
    """A running Kith: its ports, its admin key, its processes."""

    home: Path
    ports: dict[str, int]
    pids: dict[str, int]
    database_url: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """Headers of a call with the admin key."""
        return {"authorization": f"Bearer {self.key}", "content-type": "application/json"}

    def call(self, method: str, path: str, body: object | None = None, headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - any JSON value
        """Make one call through the gateway and return the JSON of the answer; with the admin key unless told."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports['gateway']}{path}", data=data, method=method, headers=headers or self.headers
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback only
            return json.loads(answer.read() or b"null")

    def add_workspace(self, name: str) -> tuple[UUID, str]:
        """Create a workspace; returns its id and an admin key."""
        made = subprocess.run(
            [sys.executable, "-m", "deploy.local", "workspace", "create", name],
            env=os.environ | {"KITH_HOME": str(self.home)},
            capture_output=True,
            check=True,
            text=True,
        )
        workspace_id, key = made.stdout.split()
        return UUID(workspace_id), key


@contextlib.contextmanager
def running_stack() -> Iterator[Stack]:
    """Start Kith in a folder of its own and stop it at the end."""
    home = Path(tempfile.mkdtemp(prefix=".kith-bench-", dir=Path.cwd()))
    environment = os.environ | {"KITH_HOME": str(home), "KITH_PORT": str(free_port()), "KITH_LOG_LEVEL": "warning"}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up"], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_for(lambda: (home / "admin.key").exists() and (home / "run" / "state.json").exists(), process)
            yield read_stack(home)
        finally:
            stop(process)
            # Started as root, the database may lie in Kith's own system folder.
            shutil.rmtree((home / "postgres" / "elsewhere").resolve(), ignore_errors=True)
            shutil.rmtree(home, ignore_errors=True)


def read_stack(home: Path) -> Stack:
    """Return what a running Kith has written down about itself."""
    state = json.loads((home / "run" / "state.json").read_text())
    return Stack(
        home=home,
        ports=state["ports"],
        pids={path.stem: int(path.read_text()) for path in (home / "run").glob("*.pid")},
        database_url=state["database_url"],
        key=(home / "admin.key").read_text().strip(),
    )


@contextlib.contextmanager
def running_ceiling(database_url: str) -> Iterator[int]:
    """Start the ceiling program on the same server and yield its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.ceiling", str(port), database_url])
    try:
        wait_for(lambda: answers(port, "/ready"), process)
        yield port
    finally:
        stop(process)


def wait_for(condition: Any, process: "subprocess.Popen[bytes]") -> None:  # noqa: ANN401 - any callable
    """Wait until a condition holds; an error if the process dies or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            message = f"{process.args!r} did not start"
            raise RuntimeError(message)
        time.sleep(0.1)


def answers(port: int, path: str) -> bool:
    """Tell whether something answers 200 there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end, and make it end if it does not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
