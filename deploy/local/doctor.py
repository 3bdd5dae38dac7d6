"""`kith doctor`: what a local run needs, and whether it is there."""

import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.environment import given
from deploy.local import ports
from deploy.local.errors import LocalRunError
from deploy.local.home import Home
from deploy.local.placement import LINK, find_owner, server_folder
from deploy.local.postgres import MAJOR_VERSION
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
    yield from _folder(home)
    yield _server()
    yield _data(home)
    yield from _secrets(home)
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


def _server() -> Finding:
    if given("KITH_DATABASE_URL"):
        return Finding(fine=True, text="KITH_DATABASE_URL names the database")
    try:
        folder = server_folder(find_owner())
    except LocalRunError as error:
        return Finding(fine=False, text=str(error))
    return Finding(fine=True, text=f"PostgreSQL {MAJOR_VERSION} in {folder}")


def _data(home: Home) -> Finding:
    places = (home.postgres / "data", home.postgres / LINK / "data")
    found = next((place / "PG_VERSION" for place in places if (place / "PG_VERSION").exists()), None)
    if found is None:
        return Finding(fine=True, text="no database yet: the first start makes it")
    version = found.read_text().strip()
    return Finding(fine=version == MAJOR_VERSION, text=f"database of PostgreSQL {version} in {found.parent}")


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
