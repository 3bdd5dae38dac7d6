"""`kith up` that obeys its tester: processes named in the file `run/held` are stopped and stay down until they are not.

Whatever dies otherwise is started again, however young it was.
"""

import os
import signal
import sys
from typing import NoReturn

from deploy.local import ports
from deploy.local.group import Child
from deploy.local.home import Home
from deploy.local.processes import PART_NAMES, part_named
from deploy.local.stream import Stream
from deploy.local.up import PATIENCE_SECONDS, Run

DATABASE = "postgres"
HELD = "held"
LOOK_SECONDS = 0.05
DATABASE_STOP_SECONDS = 8


class Supervisor(Run):
    """The real run, with a hand on every switch."""

    def __init__(self, home: Home, stream: Stream) -> None:
        super().__init__(home, stream, keep_going=True)
        self._held: frozenset[str] = frozenset()
        self._watching = False

    def _watch(self) -> NoReturn:
        self._watching = True
        while True:
            self._attend(LOOK_SECONDS)
            wanted = held_in(self._home)
            before, self._held = self._held, wanted
            for name in wanted - before:
                self._hold(name)
            for name in before - wanted:
                self._resume(name)

    def _on_end(self, child: Child) -> None:
        if child.name not in PART_NAMES or not self._watching:
            super()._on_end(child)
            return
        self._stream.say(f"{child.name} {child.ending}.")
        if child.name not in self._held:
            self._start_again(child.name)

    def _on_database_death(self) -> None:
        if DATABASE not in self._held:
            super()._on_database_death()

    def _hold(self, name: str) -> None:
        if name == DATABASE:
            self._database.stop(DATABASE_STOP_SECONDS)
        elif name in self._group.children:
            os.kill(self._group.children[name].process.pid, signal.SIGTERM)

    def _resume(self, name: str) -> None:
        if name == DATABASE:
            self._database.start()
            self._note_state()
        elif name not in self._group.children:
            self._start_again(name)

    def _start_again(self, name: str) -> None:
        self._listeners[name] = ports.reserve(self._surroundings.ports[name], PATIENCE_SECONDS)
        self._start(part_named(name))
        self._note_state()


def held_in(home: Home) -> frozenset[str]:
    """Return the names of the processes that shall be down."""
    try:
        return frozenset((home.run / HELD).read_text().split())
    except FileNotFoundError:
        return frozenset()


if __name__ == "__main__":
    sys.exit(Supervisor(Home.from_environment(), Stream()).run())
