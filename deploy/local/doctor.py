"""`kith doctor`: what a local run needs, and whether it is there."""

import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.environment import SettingsUnusable, given
from deploy.local import ports
from deploy.local.database import check_external
from deploy.local.errors import LocalRunError, unusable
from deploy.local.home import Home
from deploy.local.placement import LINK, find_owner, server_folder
from deploy.local.postgres import MAJOR_VERSION, password_file, version_of
from deploy.local.readiness import is_ready

LEAST_FREE_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    fine: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok   ' if self.fine else 'FAULT'}  {self.text}"


def examine(home: Home) -> Iterator[Finding]:
    """Look at everything; the order is that of a start."""
    yield Finding(fine=True, text=f"Python {sys.version.split()[0]}")
    try:
        yield from _folder(home)
        yield from _database(home)
        yield from _secrets(home)
    except OSError as error:  # such as a home that only somebody else may enter
        yield Finding(fine=False, text=unusable(error))
    state = home.state()
    if state is None:
        yield _port()
    else:
        yield from _processes(state)


def _folder(home: Home) -> Iterator[Finding]:
    try:
        home.prepare()
    except LocalRunError as error:
        yield Finding(fine=False, text=str(error))
        return
    yield Finding(fine=True, text=f"{home.path} can be written")
    free = shutil.disk_usage(home.path).free
    yield Finding(fine=free > LEAST_FREE_BYTES, text=f"{free / LEAST_FREE_BYTES:.1f} GiB free on its disk")


def _database(home: Home) -> Iterator[Finding]:
    try:
        external = given("KITH_DATABASE_URL")
        if external:
            check_external(external)
            yield Finding(fine=True, text="the database of KITH_DATABASE_URL can be used")
            return
        yield Finding(fine=True, text=f"PostgreSQL {MAJOR_VERSION} in {server_folder(find_owner())}")
    except (LocalRunError, SettingsUnusable) as error:
        yield Finding(fine=False, text=str(error))
    else:
        yield _data(home)


def _data(home: Home) -> Finding:
    places = (home.postgres / "data", home.postgres / LINK / "data")
    data = next((place for place in places if place.exists()), None)
    if data is None:
        return Finding(fine=True, text="no database yet: the first start makes it")
    version = version_of(data)
    if not version:
        return Finding(fine=False, text=f"the database in {data} is damaged: it does not say its version")
    if not password_file(home.postgres).exists():
        return Finding(fine=False, text=f"the database password {password_file(home.postgres)} is gone")
    return Finding(fine=version == MAJOR_VERSION, text=f"database of PostgreSQL {version} in {data}")


def _secrets(home: Home) -> Iterator[Finding]:
    for path in sorted([*home.secrets.glob("*"), home.admin_key]):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(fine=False, text=f"{path} can be read by others: chmod 600 it")
    if not home.admin_key.exists():
        yield Finding(fine=True, text=f"no {home.admin_key}: the first start or `kith key create` makes a key")


def _port() -> Finding:
    try:
        number = ports.gateway_port()
        ports.reserve(number).close()
    except LocalRunError as error:
        return Finding(fine=False, text=str(error))
    return Finding(fine=True, text=f"Kith does not run; port {number} is free")


def _processes(state: dict[str, Any]) -> Iterator[Finding]:
    for name, port in state["ports"].items():
        ready, answer = is_ready(port)
        yield Finding(fine=ready, text=f"{name} on port {port} {'is ready' if ready else 'is not ready: ' + answer}")
