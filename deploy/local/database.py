"""The database of a local run: the embedded cluster, or the server that KITH_DATABASE_URL names."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import asyncpg

from deploy.environment import given
from deploy.local.errors import LocalRunError
from deploy.local.home import Home
from deploy.local.postgres import MAJOR_VERSION, Cluster, ClusterInfo
from migrations import SCHEMAS
from migrations.addresses import Roles, role_url
from migrations.provision import provision
from services.kit.problems import Unavailable

DATABASE = "kith"
CONNECT_SECONDS = 10
MAY_PREPARE = """
SELECT rolsuper OR rolcreaterole AND has_database_privilege(current_database(), 'CREATE')
FROM pg_roles WHERE rolname = current_user
"""


class LocalDatabase:
    """Starts and stops the server if it is ours; knows its address either way."""

    def __init__(self, home: Home) -> None:
        self.external = given("KITH_DATABASE_URL")
        self.cluster = None if self.external else Cluster(home.postgres)
        self._info: ClusterInfo | None = None

    def start(self) -> str:
        """Start the server and return the address of Kith's database, as a role that may create roles."""
        if self.external is not None:
            check_external(self.external)
        if self.cluster is None:
            return self.external or ""
        self._info = self.cluster.start()
        return self._info.dsn(self._info.user, self._info.password, DATABASE)

    def stop(self, within: int) -> None:
        """Stop the server if it is ours, uncleanly if it takes more than `within` seconds."""
        if self.cluster is not None:
            self.cluster.stop(within)

    @property
    def pid(self) -> int | None:
        """Process id of our server; None when it is not ours or does not run."""
        return self.cluster.pid if self.cluster else None

    @property
    def has_died(self) -> bool:
        """Tell whether our server was running and is gone."""
        return self.cluster is not None and self._info is not None and self.cluster.pid is None

    @property
    def log(self) -> str:
        """Where the server's own log is, in words."""
        return str(self._info.log) if self._info else "its own log"

    def make_ready(self, database_url: str, passwords: Mapping[str, str]) -> None:
        """Create the database, the roles and the tables; for a short-lived process of its own."""
        make_ready(database_url, passwords, admin_dsn=self._info.admin_dsn if self._info else None)


def make_ready(database_url: str, passwords: Mapping[str, str], admin_dsn: str | None) -> None:
    """Create the database (where an admin address is given), roles, schemas and tables."""
    with in_a_sentence("The database"):
        if admin_dsn is not None:
            asyncio.run(create_database(admin_dsn, DATABASE))
        asyncio.run(provision(database_url, passwords))
        for schema in SCHEMAS:
            _upgrade(schema, role_url(database_url, Roles(schema).owner, passwords))


def _upgrade(schema: str, url: str) -> None:
    # Imported here: the processes that only serve do not pay for Alembic's and SQLAlchemy's memory, about 10 MB.
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - see above

    from migrations import runner  # noqa: PLC0415 - see above

    try:
        runner.upgrade(schema, url)
    except DBAPIError as error:
        raise error.driver_exception from error


def check_external(database_url: str) -> None:
    """Refuse a database of KITH_DATABASE_URL that cannot be used, without showing the address: it holds a password."""
    try:
        with in_a_sentence("The database of KITH_DATABASE_URL"):
            major, may_prepare = asyncio.run(_look_at(database_url))
    except ValueError:
        # Its own text quotes a part of the address.
        message = "KITH_DATABASE_URL is no address such as postgresql://user:password@host:5432/name."
        raise LocalRunError(message) from None
    if major < int(MAJOR_VERSION):
        message = f"The database of KITH_DATABASE_URL is PostgreSQL {major}; Kith needs {MAJOR_VERSION} or newer."
        raise LocalRunError(message)
    if not may_prepare:
        message = "The role of KITH_DATABASE_URL needs CREATEROLE, and the right to CREATE in its database."
        raise LocalRunError(message)


async def _look_at(database_url: str) -> tuple[int, bool]:
    connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS)
    try:
        return connection.get_server_version().major, await connection.fetchval(MAY_PREPARE)
    finally:
        await connection.close()


@contextmanager
def in_a_sentence(subject: str) -> Iterator[None]:
    """Say in one sentence what a server, or the way to it, answered instead of doing its work."""
    try:
        yield
    except asyncpg.ClientConfigurationError:
        raise
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable) as error:
        message = f"{subject} cannot be used: {_reason(error)}."
        raise LocalRunError(message) from error


def _reason(cause: Exception) -> str:
    if isinstance(cause, TimeoutError):
        return f"it does not answer within {CONNECT_SECONDS} seconds"
    if isinstance(cause, ConnectionRefusedError):
        return "the connection is refused"
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause)
    # The lines after the first one may quote a row.
    return text.partition("\n")[0].rstrip(".") or type(cause).__name__


async def create_database(admin_dsn: str, name: str) -> None:
    """Create a database unless it exists."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
