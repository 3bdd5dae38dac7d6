"""The throw-away PostgreSQL of a test run: provisioned and migrated once, emptied after every test that used it."""

import asyncio
import tempfile
from pathlib import Path

import asyncpg

from deploy.local.postgres import Cluster
from migrations import SCHEMAS, runner
from migrations.addresses import Roles, login_roles, role_url
from migrations.provision import provision
from services.kit.database import Database
from services.kit.sealing import HASH_KEY
from tests import keys

PASSWORDS = {role: f"password-of-{role}" for role in login_roles()}
TEMPLATE = "kith_template"

# What migrations themselves put into tables is kept beside them, and put back when a test is over.
KEEP_SEEDS = """
CREATE SCHEMA seeds;
DO $body$
DECLARE t record; filled boolean;
BEGIN
    FOR t IN SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY (:schemas) LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I)', t.nspname, t.relname) INTO filled;
        IF filled AND t.relname <> 'alembic_version' THEN
            EXECUTE format('CREATE TABLE seeds.%I AS TABLE %I.%I', t.nspname || '.' || t.relname, t.nspname, t.relname);
        END IF;
    END LOOP;
END $body$
"""
# Most tables are empty after most tests: asking each is cheaper than truncating all of them.
EMPTY = """
DO $body$
DECLARE t record; filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    SET LOCAL lock_timeout = '60s';
    FOR t IN SELECT n.nspname, c.relname, to_regclass(format('seeds.%I', n.nspname || '.' || c.relname)) AS seed
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY (:schemas)
             AND c.relname <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I)', t.nspname, t.relname) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %I.%I', t.nspname, t.relname);
        END IF;
        IF t.seed IS NOT NULL THEN
            EXECUTE format('INSERT INTO %I.%I OVERRIDING SYSTEM VALUE TABLE %s', t.nspname, t.relname, t.seed);
        END IF;
    END LOOP;
END $body$
"""


class KithDatabase:
    """One database with all schemas of Kith in it."""

    def __init__(self, name: str, admin_url: str) -> None:
        self.name = name
        self.admin_url = admin_url

    def url(self, role: str) -> str:
        """Return the address for a login role, such as `contacts_api`."""
        return role_url(self.admin_url, role, PASSWORDS)

    def connect(self, schema: str, *, pool_size: int = 8) -> Database:
        """Return a Database of a schema, not started yet."""
        roles = Roles(schema)
        return Database(
            schema,
            api_url=self.url(roles.api),
            worker_url=self.url(roles.worker),
            api_pool_size=pool_size,
            worker_pool_size=pool_size,
        )

    async def as_admin(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Run a statement as superuser, whom row security does not bind."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            return await connection.fetch(sql, *args)
        finally:
            await connection.close()

    async def keep_hash_keys(self) -> None:
        """Give every schema the hash key of the tests, as its first start would one of its own."""
        for schema in SCHEMAS:
            sealed = keys.vault().encrypt(keys.hash_key())
            await self.as_admin(f"INSERT INTO {schema}.sealed_keys (id, sealed) VALUES ('{HASH_KEY}', $1)", sealed)

    async def keep_seeds(self) -> None:
        """Remember the rows that are there from the start."""
        await self._script(KEEP_SEEDS)

    async def empty(self) -> None:
        """Remove every row that tests left behind."""
        await self._script(EMPTY)

    async def _script(self, sql: str) -> None:
        connection = await asyncpg.connect(self.admin_url)
        try:
            await connection.execute(sql.replace(":schemas", _all_schemas()))
        finally:
            await connection.close()


class TestCluster:
    """A cluster with a migrated template, from which databases are cloned in a tenth of a second."""

    __test__ = False

    def __init__(self) -> None:
        self._cluster = Cluster(Path(tempfile.mkdtemp(prefix="kith-test-")), throwaway=True)
        self._clones = 0

    def start(self) -> None:
        """Start the server and migrate the template. Blocks; needs no running event loop."""
        self.info = self._cluster.start()
        asyncio.run(self._run(f"CREATE DATABASE {TEMPLATE}"))
        template = self._database(TEMPLATE)
        asyncio.run(provision(template.admin_url, PASSWORDS))
        for schema in SCHEMAS:
            runner.upgrade(schema, template.url(Roles(schema).owner))
        asyncio.run(template.keep_hash_keys())
        asyncio.run(template.keep_seeds())

    def stop(self) -> None:
        """Stop the server and remove its files."""
        self._cluster.stop()

    async def clone(self) -> KithDatabase:
        """Return a fresh database of its own."""
        self._clones += 1
        name = f"kith_{self._clones}"
        await self._run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self._database(name)

    async def drop(self, database: KithDatabase) -> None:
        """Remove a clone, cutting off whoever still uses it."""
        await self._run(f"DROP DATABASE {database.name} WITH (FORCE)")

    def _database(self, name: str) -> KithDatabase:
        return KithDatabase(name, self.info.dsn(self.info.user, self.info.password, name))

    async def _run(self, sql: str) -> None:
        connection = await asyncpg.connect(self.info.admin_dsn)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


def _all_schemas() -> str:
    names = [name for schema in SCHEMAS for name in (schema, Roles(schema).jobs_schema)]
    return f"ARRAY[{', '.join(repr(name) for name in names)}]"
