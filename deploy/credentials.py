"""`python -m deploy.credentials`: the files of secrets that a deployment mounts, made once, rotated in three steps.

`keys/` holds what was made up and is mounted nowhere; a folder per reader holds what that reader needs, as files that
`KITH_X_FILE` names. Of several keys of one kind the first is used and all are trusted, so that replicas with the old
and the new files understand one another while they are replaced: add a key everywhere, then promote it, then retire
the old one. A key for secrets at rest is retired when `deploy.admin secrets` says that nothing needs it any more.
"""

import json
import secrets
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit, urlunsplit

import typer

from deploy.local.home import write_private
from deploy.local.keys import new_identity_key, new_secret_key, public_half
from deploy.processes import NAMES
from migrations.addresses import Roles, login_roles, role_url

DATABASE = "postgresql://postgres@postgres:5432/kith"
ADMIN = "admin"
MADE = "keys"

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Makes and rotates the secrets of a deployment.")
Folder = Annotated[Path, typer.Argument(help="Folder of the secrets; nobody else may enter it.")]
OfProcess = Annotated[str, typer.Argument(help="gateway, contacts, scoring or campaigns.")]


class Kind(StrEnum):
    """Keys that can be rotated."""

    identity = "identity"
    secret = "secret-keys"  # noqa: S105 - the name of a kind, not one of them


MAKERS: dict[Kind, Callable[[], str]] = {Kind.identity: new_identity_key, Kind.secret: new_secret_key}


class Credentials:
    """The folder of one deployment's secrets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = folder / MADE

    def make(self, database: str = DATABASE) -> None:
        """Make up what is missing; what is there stays as it is."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # also where somebody made it before: it alone keeps others from the readers' files
        self._made.mkdir(mode=0o700, exist_ok=True)
        self._keep("database", lambda: database)
        for role in (ADMIN, *login_roles()):
            self._keep(f"password-{role}", lambda: secrets.token_urlsafe(24))
        for kind, make in MAKERS.items():
            for name in NAMES:
                self._keep(f"{kind}-{name}", make)

    def add(self, kind: Kind, process: str) -> None:
        """Make a new key that is trusted and not used yet."""
        self._replace(kind, process, [*self.keys(kind, process), MAKERS[kind]()])

    def promote(self, kind: Kind, process: str) -> None:
        """Use the newest key; the others stay trusted."""
        *older, newest = self.keys(kind, process)
        self._replace(kind, process, [newest, *older])

    def retire(self, kind: Kind, process: str) -> None:
        """Trust only the key that is used."""
        self._replace(kind, process, self.keys(kind, process)[:1])

    def keys(self, kind: Kind, process: str) -> list[str]:
        """Return the keys of a process, the one in use first."""
        return (self._made / f"{kind}-{process}").read_text(encoding="utf-8").split()

    def write_out(self) -> None:
        """Write each reader's files anew."""
        for name in NAMES:
            self._write(name, self._of_process(name))
        passwords = {role: self._text(f"password-{role}") for role in login_roles()}
        roles = {"role_passwords": json.dumps(passwords)}
        self._write("migrations", roles | {"database_url": without_login(self._text("database"))})
        self._write("provision", roles | {"database_url": self._admin_url()})
        self._write("postgres", {"password": self._text(f"password-{ADMIN}")})

    def _of_process(self, name: str) -> dict[str, str]:
        roles = Roles(name)
        passwords = {role: self._text(f"password-{role}") for role in roles.logins}
        trusted = [f"{each}:{public_half(key)}" for each in NAMES for key in self.keys(Kind.identity, each)]
        return {
            "api_database_url": role_url(self._text("database"), roles.api, passwords),
            "worker_database_url": role_url(self._text("database"), roles.worker, passwords),
            "identity_private_key": self.keys(Kind.identity, name)[0],
            "identity_public_keys": json.dumps(trusted),
            "secret_keys": json.dumps(self.keys(Kind.secret, name)),
        }

    def _admin_url(self) -> str:
        parts = urlsplit(self._text("database"))
        login = f"{quote(parts.username or ADMIN, safe='')}:{quote(self._text(f'password-{ADMIN}'), safe='')}"
        return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))

    def _write(self, reader: str, files: dict[str, str]) -> None:
        # Containers read them as another user than the one who made them. The folder above keeps everybody else out.
        folder = self.folder / reader
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        for name, text in files.items():
            write_private(folder / name, text + "\n")
            (folder / name).chmod(0o444)

    def _keep(self, name: str, make: Callable[[], str]) -> None:
        if not (self._made / name).exists():
            write_private(self._made / name, make() + "\n")

    def _text(self, name: str) -> str:
        return (self._made / name).read_text(encoding="utf-8").strip()

    def _replace(self, kind: Kind, process: str, keys: list[str]) -> None:
        write_private(self._made / f"{kind}-{process}", "\n".join(keys) + "\n")


def without_login(url: str) -> str:
    """Return the address of a database without who connects."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@app.command()
def make(
    folder: Folder,
    database: Annotated[str, typer.Option(help="The database as its administrator, without password.")] = DATABASE,
) -> None:
    """Make up what is missing, and write every reader's files."""
    credentials = Credentials(folder)
    credentials.make(database)
    credentials.write_out()


@app.command()
def add(folder: Folder, kind: Kind, process: OfProcess) -> None:
    """Step 1 of 3: make a new key that everybody trusts and nobody uses yet."""
    change(folder, process, lambda credentials: credentials.add(kind, process))


@app.command()
def promote(folder: Folder, kind: Kind, process: OfProcess) -> None:
    """Step 2 of 3: use the newest key."""
    change(folder, process, lambda credentials: credentials.promote(kind, process))


@app.command()
def retire(folder: Folder, kind: Kind, process: OfProcess) -> None:
    """Step 3 of 3: trust only the key that is used. For secret-keys, ask `deploy.admin secrets` first."""
    change(folder, process, lambda credentials: credentials.retire(kind, process))


def change(folder: Path, process: str, step: Callable[[Credentials], None]) -> None:
    """Do one step of a rotation, and write every reader's files."""
    if process not in NAMES:
        message = f"there is no process {process}"
        raise typer.BadParameter(message)
    credentials = Credentials(folder)
    step(credentials)
    credentials.write_out()


if __name__ == "__main__":
    app()
