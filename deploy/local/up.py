"""`kith up`: database, migrations, the processes in order of dependence, and everything down again at the end."""

import gc
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deploy.environment import SettingsUnusable, read_settings
from deploy.local import ports
from deploy.local.bootstrap import write_first_key
from deploy.local.database import LocalDatabase
from deploy.local.errors import LocalRunError
from deploy.local.files import raise_limit
from deploy.local.group import Child, Group
from deploy.local.home import Home
from deploy.local.keys import Keys
from deploy.local.processes import PART_NAMES, PARTS, Part, Surroundings, part_named
from deploy.local.readiness import is_ready
from deploy.local.stream import Stream
from deploy.serve import serve
from migrations.addresses import login_roles
from services.kit.settings import ServiceSettings

READY_SECONDS = 120.0
# A process that dies sooner than this after its start would only die again.
STABLE_SECONDS = 3.0
POLL_SECONDS = 0.05
WATCH_SECONDS = 0.5
DATABASE_STOP_SECONDS = 8
# The gateway of a run that was killed a moment ago may hold its port until it has ended too.
PATIENCE_SECONDS = 5.0
SETUP = "setup"
REFUSED = 1
"""Exit code of a child that has said in a sentence why it cannot go on."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ANNOUNCEMENT = """
Kith is ready after {seconds:.1f} s. Stop it with Ctrl-C.
  API    {url}
  Docs   {url}/docs
  Key    {key}  (admin of the first workspace)
  Try    curl -H "Authorization: Bearer $(cat {key})" {url}/v1/me
  Fill   make demo  (in another terminal)
"""


class StopRequested(BaseException):
    """Somebody pressed Ctrl-C or sent a signal; no handler of errors may swallow it."""


class ProcessDied(Exception):
    """A process ended that should run; carries the exit code that the whole run ends with."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code if code > 0 else 1


class Run:
    """One run of everything. `keep_going` starts a dead process again instead of ending the run."""

    def __init__(self, home: Home, stream: Stream, *, keep_going: bool = False) -> None:
        self._home = home
        self._stream = stream
        self._keep_going = keep_going
        self._group = Group(stream)
        self._database = LocalDatabase(home)
        self._listeners: dict[str, socket.socket] = {}
        self._stopping = False
        self._ending = ""
        self._began = time.monotonic()

    def run(self) -> int:
        """Run until a signal or a death; return the exit code."""
        raise_limit()
        self._home.prepare()
        with ExitStack() as stack:
            stack.enter_context(self._home.locked())
            self._patience = PATIENCE_SECONDS if self._home.ended_uncleanly else 0.0
            self._home.forget_run()
            for number in SIGNALS:
                signal.signal(number, self._on_signal)
            stack.callback(self._down)
            try:
                self._up()
                self._watch()
            except StopRequested:
                return 0
            except ProcessDied as death:
                self._stream.say(f"{death} Everything stops.")
                self._ending = f"Kith has stopped, because {death}"
                return death.code

    def _up(self) -> None:
        for name in PART_NAMES:
            self._listeners[name] = ports.reserve(ports.gateway_port() if name == "gateway" else 0, self._patience)
        self._ops_reservations = {name: ports.reserve(0) for name in PART_NAMES}
        self._ending = "Kith has stopped."
        keys = Keys(self._home.secrets)
        passwords = keys.role_passwords(login_roles())
        database_url = self._database.start()
        setup = self._fork(SETUP, lambda: self._database.make_ready(database_url, passwords))
        self._surroundings = Surroundings(
            database_url=database_url,
            passwords=passwords,
            keys=keys,
            ports={name: ports.port_of(listener) for name, listener in self._listeners.items()},
            ops_ports={name: ports.port_of(reserved) for name, reserved in self._ops_reservations.items()},
        )
        if sys.platform != "linux":
            # Linux lets others listen on a port that is only held; elsewhere it must be let go again.
            self._close(self._ops_reservations)
        self._settings = {part.name: self._read_settings(part) for part in PARTS}
        self._warm_up()
        self._await_end(setup)
        for part in PARTS:
            self._await_ready(self._start(part))
        self._await_end(self._fork(SETUP, lambda: write_first_key(self._surroundings, self._home.admin_key)))
        self._note_state()
        self._announce()

    def _read_settings(self, part: Part) -> ServiceSettings:
        # Read before anything is forked: a wrong variable is said once, in words, and not by a dying child.
        try:
            return read_settings(part.process.settings_class(), **self._surroundings.values(part))
        except SettingsUnusable as error:
            raise LocalRunError(str(error)) from error

    def _warm_up(self) -> None:
        # Made once and frozen: the children share these pages instead of each holding its own. Nothing is opened yet.
        # The gateway first: what it reads its routes from is large, and whoever comes after it takes its place.
        self._apps = {part.name: part.process.factory()(self._settings[part.name]) for part in reversed(PARTS)}
        gc.collect()
        gc.freeze()

    def _start(self, part: Part) -> Child:
        listener = self._listeners.pop(part.name)
        child = self._fork(part.name, lambda: self._serve(part, listener))
        # Ours must be closed: as long as it is open, callers of a dead process would wait instead of being refused.
        listener.close()
        self._home.note_pid(part.name, child.process.pid)
        return child

    def _serve(self, part: Part, listener: socket.socket) -> int:
        self._close(self._listeners)
        os.nice(part.niceness)
        return serve(self._apps[part.name], listener)

    def _close(self, sockets: Mapping[str, socket.socket]) -> None:
        for each in sockets.values():
            each.close()

    def _fork(self, name: str, work: Callable[[], int | None]) -> Child:
        def cut_off() -> int:
            self._home.release_in_child()
            try:
                return work() or 0
            except LocalRunError as error:
                sys.stderr.write(f"{error}\n")
                return REFUSED

        return self._group.start(name, cut_off)

    def _await_end(self, child: Child) -> None:
        while child.code is None:
            self._attend()

    def _await_ready(self, child: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        answer = ""
        while time.monotonic() < deadline:
            self._attend(POLL_SECONDS)
            ready, answer = is_ready(self._surroundings.ports[child.name])
            if ready:
                return
        message = f"{child.name} is not ready after {READY_SECONDS:.0f} s: {answer}."
        raise ProcessDied(message, 1)

    def _watch(self) -> NoReturn:
        while True:
            self._attend(WATCH_SECONDS)

    def _attend(self, seconds: float = POLL_SECONDS) -> None:
        ended = self._group.pump(seconds)
        # First the server: what ends because it is gone is not the reason.
        if self._database.has_died:
            self._on_database_death()
        for child in ended:
            self._on_end(child)

    def _on_end(self, child: Child) -> None:
        if child.name == SETUP and child.code == 0:
            return
        if child.name == SETUP and child.code == REFUSED:
            raise LocalRunError(child.lines.last)
        reason = f"{child.name} {child.ending}."
        stable = time.monotonic() - child.started > STABLE_SECONDS
        if not (self._keep_going and stable and child.name in PART_NAMES):
            raise ProcessDied(reason, child.code or 1)
        self._stream.say(f"{reason} It starts again.")
        self._listeners[child.name] = ports.reserve(self._surroundings.ports[child.name], PATIENCE_SECONDS)
        self._start(part_named(child.name))
        self._note_state()

    def _on_database_death(self) -> None:
        reason = f"PostgreSQL has ended; its log is {self._database.log}."
        if not self._keep_going:
            raise ProcessDied(reason, 1)
        self._stream.say(f"{reason} It starts again.")
        self._database.start()
        self._note_state()

    def _note_state(self) -> None:
        if self._database.pid is not None:
            self._home.note_pid("postgres", self._database.pid)
        self._home.note_state(
            {
                "pid": os.getpid(),
                "url": f"http://{ports.LOOPBACK}:{self._surroundings.ports['gateway']}",
                "ports": self._surroundings.ports,
                "ops_ports": self._surroundings.ops_ports,
                "database_url": self._surroundings.database_url,
            }
        )

    def _announce(self) -> None:
        seconds = time.monotonic() - self._began
        url = f"http://{ports.LOOPBACK}:{self._surroundings.ports['gateway']}"
        key = self._home.admin_key
        shown = key.relative_to(Path.cwd()) if key.is_relative_to(Path.cwd()) else key
        self._stream.show(ANNOUNCEMENT.format(seconds=seconds, url=url, key=shlex.quote(str(shown))))

    def _down(self) -> None:
        self._stopping = True
        self._group.stop(["gateway"], list(PART_NAMES))
        self._database.stop(DATABASE_STOP_SECONDS)
        self._home.forget_run()
        if self._ending:
            self._stream.say(self._ending)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._stopping:
            # Asked a second time: the impatient get an unclean stop, which the next start recovers from.
            self._group.kill()
            return
        self._stopping = True
        raise StopRequested
