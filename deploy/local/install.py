"""Builds the virtual environment: the locked packages, the project on its path, and the `kith` command.

Run by make with the system's Python before anything is installed, so it uses the standard library only.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / ".kith-installed"
RUN_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
OLDEST = (3, 11)
NEWER_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")
# By way of a shell, since the system reads no path with blanks or of more than 127 bytes after "#!". Until something
# has been started, Ctrl-C just ends it.
COMMAND = """#!/bin/sh
'''exec' {python} "$0" "$@"
# '''
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.path.insert(0, {root!r})
from deploy.local.cli import main

main()
"""


def main() -> None:
    """Install the lock named by the only argument, unless that was done before."""
    wanted = DEV_LOCK if sys.argv[1:] == ["dev"] else RUN_LOCK
    fingerprint = _fingerprint(wanted)
    if _is_installed(fingerprint):
        return
    _check_python()
    with _alone():
        if not _is_installed(fingerprint):
            _build(wanted, fingerprint)


def _is_installed(fingerprint: str) -> bool:
    known = STAMP.read_text(encoding="utf-8").split() if STAMP.exists() else []
    return fingerprint in known and (VENV / "bin" / "python").exists()


@contextmanager
def _alone() -> Iterator[None]:
    # Two at once would write into one environment; the second finds the work done. The lock ends with its process.
    with Path(__file__).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(wanted: Path, fingerprint: str) -> None:
    _make_venv()
    STAMP.unlink(missing_ok=True)  # what is broken off half way does not count as installed
    print(f"Installing the packages of {wanted.name} into {VENV.name} ...", flush=True)  # noqa: T201 - the first start takes a minute
    _install(wanted)
    _add_project()
    # The development lock contains the other: both are satisfied now.
    done = [fingerprint, _fingerprint(RUN_LOCK)]
    STAMP.write_text("\n".join(done) + "\n", encoding="utf-8")


def _fingerprint(lock: Path) -> str:
    content = lock.read_bytes() + str(ROOT).encode() + Path(__file__).read_bytes()
    return hashlib.sha256(content).hexdigest()


def _check_python() -> None:
    if sys.version_info < OLDEST:
        for name in NEWER_NAMES:
            newer = shutil.which(name)
            if newer:
                os.execv(newer, [newer, *sys.argv])  # noqa: S606 - becomes the newer Python, with the same arguments
        _fail(f"Kith needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
    try:
        import ensurepip  # noqa: F401, PLC0415 - asks whether it is there
        import venv  # noqa: F401, PLC0415 - the same
    except ImportError:
        _fail(
            "Python's venv module is missing: install it (on Debian and Ubuntu `apt-get install python3-venv`) "
            "and run make again."
        )


def _make_venv() -> None:
    python = VENV / "bin" / "python"
    if python.exists() and _succeeds(python, "-m", "pip", "--version"):
        return
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        _fail(f"The virtual environment {VENV} cannot be made: {_last_line(done.stdout + done.stderr)}")


def _succeeds(*command: object) -> bool:
    return subprocess.run([str(part) for part in command], check=False, capture_output=True).returncode == 0


def _install(lock: Path) -> None:
    # The lock is complete and hashed: nothing is resolved, nothing unlisted comes along.
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--no-deps"]
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "-r", str(lock)]
    if subprocess.run([*command, *options], check=False).returncode != 0:
        _fail("The packages could not be installed; pip's own message is above.")


def _add_project() -> None:
    # A path file and a script do what an editable install does, without a build backend and without a network.
    python = VENV / "bin" / "python"
    question = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([str(python), "-c", question], check=True, capture_output=True, text=True).stdout.strip()
    (Path(packages) / "kith.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    script = VENV / "bin" / "kith"
    script.write_text(COMMAND.format(python=shlex.quote(str(python)), root=str(ROOT)), encoding="utf-8")
    script.chmod(0o755)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"


def _fail(message: str) -> None:
    sys.stderr.write(message + "\n")
    raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        _fail("Broken off; the next make goes on from there.")
    except OSError as error:
        _fail(f"{error.filename} cannot be used: {error.strerror}.")
