"""Fixtures of all tests: a real PostgreSQL, a clock that stands still, keys, and no network beyond this machine."""

import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.ids import new_id
from services.kit.settings import ServiceSettings
from tests import keys
from tests.cluster import KithDatabase, TestCluster
from tests.privacy import pytest_configure

__all__ = ["pytest_configure"]


def refuse_other_machines(event: str, arguments: tuple[Any, ...]) -> None:
    """Let no test talk to another machine."""
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    if not (host.startswith("127.") or host in {"::1", "localhost"}):
        message = f"a test wanted to connect to {host}; only this machine is allowed"
        raise RuntimeError(message)


sys.addaudithook(refuse_other_machines)

# Each run makes up the same examples, so that one that fails has to do with what was changed. How long they take has to
# do with the machine: the time limit is that of the whole test.
hypothesis_settings.register_profile(
    "kith", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("kith")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCluster]:
    """The PostgreSQL server of the whole run, its template migrated."""
    server = TestCluster()
    server.start()
    yield server
    shutil.copy(server.info.log, tmp_path_factory.mktemp("postgres") / "server.log")
    server.stop()


@pytest.fixture(scope="session")
async def shared_database(cluster: TestCluster) -> KithDatabase:
    """The database that most tests share; ask for `kith` instead, which empties it again."""
    return await cluster.clone()


@pytest.fixture
async def kith(shared_database: KithDatabase) -> AsyncIterator[KithDatabase]:
    """A migrated database; what the test commits is removed afterwards."""
    yield shared_database
    await shared_database.empty()


@pytest.fixture
async def own_kith(cluster: TestCluster) -> AsyncIterator[KithDatabase]:
    """A database for this test alone: for partitions, restores and processes that get killed."""
    database = await cluster.clone()
    yield database
    await cluster.drop(database)


@pytest.fixture(scope="session")
async def open_databases(shared_database: KithDatabase) -> AsyncIterator[dict[str, Database]]:
    """Connection pools into the shared database, opened once per schema."""
    databases: dict[str, Database] = {}
    yield databases
    for database in databases.values():
        await database.stop()


@pytest.fixture
def database_for(kith: KithDatabase, open_databases: dict[str, Database]) -> Callable[[str], Awaitable[Database]]:
    """Opener of connection pools: give it the name of a schema, await, and get its Database, started."""

    async def open_database(schema: str) -> Database:
        if schema not in open_databases:
            database = kith.connect(schema)
            await database.start()
            open_databases[schema] = database
        return open_databases[schema]

    return open_database


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at Sunday 2026-11-22 08:00 UTC."""
    return FixedClock(datetime(2026, 11, 22, 8, tzinfo=UTC))


@pytest.fixture
def workspace_id() -> UUID:
    """A workspace that no other test has."""
    return new_id()


@pytest.fixture
def settings_for(kith: KithDatabase) -> Callable[..., Any]:
    """Return settings of a process on the test database.

    `settings_for("contacts", ContactsSettings, peers={...})`; without a class, plain ServiceSettings.
    """

    def build(service: str, kind: type[ServiceSettings] = ServiceSettings, **more: object) -> ServiceSettings:
        return kind.model_validate(settings_values(kith, service) | {"run_worker": False} | more)

    return build


def settings_values(database: KithDatabase, service: str) -> dict[str, object]:
    """Return what every process must be told, as values for its settings class."""
    return {
        "service": service,
        "api_database_url": database.url(f"{service}_api"),
        "worker_database_url": database.url(f"{service}_worker"),
        "identity_private_key": keys.private_key(service),
        "identity_public_keys": list(keys.public_keys()),
        "secret_keys": list(keys.secret_keys()),
        "api_pool_size": 4,
        "worker_pool_size": 4,
    }
