"""The database of a local run: the embedded cluster, or the server that KITH_DATABASE_URL names."""

import asyncio
from collections.abc import Mapping

import asyncpg

from deploy.environment import given
from deploy.local.errors import LocalRunError
from deploy.local.home import Home
from deploy.local.postgres import MAJOR_VERSION, Cluster, ClusterInfo
from migrations import SCHEMAS
from migrations.addresses import Roles, role_url
from migrations.provision import provision

DATABASE = "kith"


class LocalDatabase:
    """Starts and stops the server if it is ours; knows its address either way."""

    def __init__(self, home: Home) -> None:
        self.external = given("KITH_DATABASE_URL")
        self.cluster = None if self.external else Cluster(home.postgres)
        self._info: ClusterInfo | None = None

    def start(self) -> str:
        """Start the server and return the address of Kith's database, as a role that may create roles."""
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
    from migrations import runner  # noqa: PLC0415 - the processes that only serve do not pay for Alembic's memory

    try:
        if admin_dsn is not None:
            asyncio.run(create_database(admin_dsn, DATABASE))
        asyncio.run(check_version(database_url))
        asyncio.run(provision(database_url, passwords))
    except (OSError, asyncpg.PostgresError) as error:
        message = f"The database cannot be used: {error}"
        raise LocalRunError(message) from error
    for schema in SCHEMAS:
        runner.upgrade(schema, role_url(database_url, Roles(schema).owner, passwords))


async def check_version(database_url: str) -> None:
    """Refuse a server that is older than the one Kith is tested with."""
    connection = await asyncpg.connect(database_url)
    try:
        major = connection.get_server_version().major
    finally:
        await connection.close()
    if major < int(MAJOR_VERSION):
        message = f"The database of KITH_DATABASE_URL is PostgreSQL {major}; Kith needs {MAJOR_VERSION} or newer."
        raise LocalRunError(message)


async def create_database(admin_dsn: str, name: str) -> None:
    """Create a database unless it exists."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
