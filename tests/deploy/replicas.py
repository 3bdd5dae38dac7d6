"""Several replicas of every process, started by the production entry point, killed one by one.

As a program (`python -m tests.deploy.replicas FILE`) it imports everything once and forks each replica that the file
names, so that sixteen processes start in the time of three.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from deploy import serve
from deploy.local.group import Group
from deploy.local.home import write_private
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.readiness import is_ready
from deploy.local.stream import Stream
from deploy.processes import NAMES, PROCESSES
from services.kit.settings import PREFIX
from tests.cluster import KithDatabase
from tests.conftest import settings_values
from tests.deploy.containerfile import ROOT

START_SECONDS = 240.0
STOP_SECONDS = 120.0
PIECE = 65536
POOLS = {"api_pool_size": "3", "worker_pool_size": "3"}


@dataclass(frozen=True)
class Replica:
    """One process: `contacts-api-1` serves requests, `contacts-worker-2` does background work."""

    process: str
    role: str
    number: int
    port: int

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return f"{self.process}-{self.role}-{self.number}"


class Balancer:
    """One address for all replicas of a process, as a Service of Kubernetes is one; passes bytes, knows no HTTP.

    A replica is connected to when its caller has begun to speak: it has no connection that carries nothing yet.
    """

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.port = 0
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._pass, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, and cut what is connected."""
        assert self._server is not None
        self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            first = await reader.read(PIECE)
            there = await self._reach() if first else None
            if there is not None:
                there[1].write(first)
                for source, target in ((reader, there[1]), (there[0], writer)):
                    pipe = asyncio.create_task(self._pour(source, target))
                    self._pipes.add(pipe)
                    pipe.add_done_callback(self._pipes.discard)
                return
        writer.close()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Connect to the replica whose turn it is, or to the one after it where that is dead."""
        self._turn += 1
        for turn in range(self._turn, self._turn + len(self.ports)):
            with suppress(OSError):
                return await asyncio.open_connection(LOOPBACK, self.ports[turn % len(self.ports)])
        return None

    async def _pour(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while piece := await source.read(PIECE):
                target.write(piece)
                await target.drain()
        except OSError:
            pass
        finally:
            target.close()


class Replicas:
    """Everything that a deployment runs, `number` times."""

    def __init__(self, folder: Path, database: KithDatabase, number: int) -> None:
        self._folder = folder
        self._database = database
        self._parent: subprocess.Popen[bytes] | None = None
        self.all = [
            Replica(process, role, which, free_port())
            for process in NAMES
            for role in ("api", "worker")
            for which in range(1, number + 1)
        ]
        self._balancers = {
            process: Balancer([each.port for each in self.all if (each.process, each.role) == (process, "api")])
            for process in NAMES
        }

    async def __aenter__(self) -> Self:
        for balancer in self._balancers.values():
            await balancer.start()
        plan = {each.name: {"process": each.process, "environment": self._environment(each)} for each in self.all}
        (self._folder / "plan.json").write_text(json.dumps(plan))
        self._parent = self._start()
        for each in self.all:
            await self._is_ready(each)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)
        for balancer in self._balancers.values():
            await balancer.stop()

    @property
    def url(self) -> str:
        """Address of the gateways."""
        return f"http://{LOOPBACK}:{self._balancers['gateway'].port}"

    @property
    def log(self) -> Path:
        """What all of them have said."""
        return self._folder / "log"

    def settings(self, process: str) -> dict[str, Any]:
        """Return settings of a process that are the same for all its replicas."""
        peers = {name: f"http://{LOOPBACK}:{balancer.port}" for name, balancer in self._balancers.items()}
        return settings_values(self._database, process) | POOLS | {"peers": peers, "public_url": self.url}

    def kill(self, name: str) -> None:
        """End a replica so that it cannot say goodbye; it stays dead."""
        os.kill(self._pids()[name], signal.SIGKILL)

    async def restart(self, name: str) -> None:
        """Replace a replica as a rolling update does: no new callers, then SIGTERM, then another one."""
        (replica,) = [each for each in self.all if each.name == name]
        callers = self._balancers[replica.process].ports if replica.role == "api" else [replica.port]
        callers.remove(replica.port)
        # Connections are accepted in turn: when this one is answered, all that were made before it have been accepted.
        # It takes the place of preStop in deploy/kubernetes, where more must learn that a replica goes.
        await self._is_ready(replica)
        old = self._pids()[name]
        os.kill(old, signal.SIGTERM)
        deadline = time.monotonic() + START_SECONDS
        while self._pids()[name] == old:
            assert time.monotonic() < deadline, f"{name} did not come back:\n{self.log.read_text()}"
            await asyncio.sleep(0.05)
        await self._is_ready(replica)
        callers.append(replica.port)

    def stop(self) -> dict[str, int]:
        """Ask everything to stop; return the exit codes of those that did not stop before."""
        assert self._parent is not None
        if self._parent.poll() is None:
            self._parent.send_signal(signal.SIGTERM)
            self._parent.wait(STOP_SECONDS)
        codes: dict[str, int] = json.loads((self._folder / "codes.json").read_text())
        return codes

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.deploy.replicas", str(self._folder)]
        with self.log.open("wb") as log:
            return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def _environment(self, replica: Replica) -> dict[str, str]:
        values = self.settings(replica.process) | {
            "host": LOOPBACK,
            "port": str(replica.port),
            "run_worker": str(replica.role == "worker"),
            "log_level": "warning",
        }
        del values["service"]
        return {f"{PREFIX}{key.upper()}": as_text(value) for key, value in values.items()}

    def _pids(self) -> dict[str, int]:
        pids: dict[str, int] = json.loads((self._folder / "pids.json").read_text())
        return pids

    async def _is_ready(self, replica: Replica) -> None:
        """Wait until a replica says so."""
        deadline = time.monotonic() + START_SECONDS
        while not (await asyncio.to_thread(is_ready, replica.port))[0]:
            assert self._parent is not None
            assert self._parent.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"{replica.name} is not ready:\n{self.log.read_text()}"
            await asyncio.sleep(0.05)


def as_text(value: object) -> str:
    """Return a setting as its variable holds it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def run(folder: Path) -> None:
    """Start every replica of the plan; one that stops in good order starts again, one that dies stays dead."""
    plan: dict[str, Any] = json.loads((folder / "plan.json").read_text())
    for process in PROCESSES:
        process.settings_class()
        process.factory()
    group, stopping = Group(Stream(), patience=STOP_SECONDS / 2), []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))

    def work(name: str) -> int:
        os.environ.update(plan[name]["environment"])
        return serve.main([plan[name]["process"]])

    def start(*names: str) -> None:
        for name in names:
            group.start(name, lambda name=name: work(name))  # type: ignore[misc]  # bound now
        pids = {name: child.process.pid for name, child in group.children.items()}
        write_private(folder / "pids.json", json.dumps(pids))

    start(*plan)
    while not stopping:
        start(*[child.name for child in group.pump() if child.code == 0])
    last = dict(group.children)
    group.stop(list(last))
    (folder / "codes.json").write_text(json.dumps({name: child.code for name, child in last.items()}))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
