"""Connections and transactions: two roles per service, the workspace set inside every transaction of the first."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson
import structlog

from services.kit.audit.author import AUTHOR
from services.kit.problems import Unavailable
from services.kit.wakeups import Wakeups

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]

log = structlog.get_logger(__name__)

UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,  # its disk is full, its memory or its connections are used up
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ReadOnlySQLTransactionError,
    TimeoutError,
)
"""Failures of the database itself, not of the statement: the caller may try again."""

REQUEST_SECONDS = 15.0
"""Longest statement of a request: whoever waits for a connection and then for a database that hangs is answered
503 by us, before the gateway gives up on us."""
BACKGROUND_SECONDS = 60.0
"""Longest statement of background work."""
CONNECTION_SECONDS = 10.0
"""Longest wait for a free connection."""
PARTING_SECONDS = 2.0
"""How long a rollback, or the end of a statement that was given up, is waited for; then the connection is cut."""


class Session:
    """One transaction. Business code runs statements in it; only the kit begins and commits.

    It begins with its first statement: a request that is refused before never troubles the database.
    """

    __slots__ = ("_after_commit", "_opening", "_savepoints", "connection", "position", "wakeups", "workspace_id")

    def __init__(
        self, connection: "Connection", workspace_id: UUID | None, wakeups: Wakeups, opening: str = "BEGIN"
    ) -> None:
        self.connection = connection
        self._opening: str | None = opening
        """What has still to be said before the first statement."""
        self.workspace_id = workspace_id
        self.wakeups = wakeups
        self._after_commit: list[Callable[[], None]] = []
        self._savepoints = 0
        self.position = 0
        """Sequence number of the last event published here; a later read elsewhere can wait for it."""

    @property
    def tenant(self) -> UUID:
        """The workspace of this transaction; an error where it belongs to none (worker role)."""
        if self.workspace_id is None:
            message = "this transaction belongs to no single workspace"
            raise RuntimeError(message)
        return self.workspace_id

    @property
    def begun(self) -> bool:
        """Whether there is anything to commit or to roll back."""
        return self._opening is None

    async def command(self, statement: str) -> None:
        """Run a statement without parameters and answer; as the first one it takes no round trip of its own."""
        if self._opening is None:
            await self.connection.execute(statement)
        else:
            await self._open(statement)

    async def _open(self, first: str = "") -> "Connection":
        """Return the connection with the transaction begun, if that is still to be done with a first statement."""
        if self._opening is not None:
            opening, self._opening = self._opening, None
            await guarded(self.connection, f"{opening}; {first}" if first else opening)
        return self.connection

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Run a statement and return all rows."""
        return await (await self._open()).fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        """Run a statement and return its first row."""
        return await (await self._open()).fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - as dynamic as the column it reads
        """Run a statement and return the first column of its first row."""
        return await (await self._open()).fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement and return how many rows it touched."""
        status = await (await self._open()).execute(sql, *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once per row; prefer one statement over unnest() arrays."""
        await (await self._open()).executemany(sql, rows)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once the transaction is durable; never when it is rolled back."""
        self._after_commit.append(callback)

    def committed(self) -> None:
        """Run what waited for the commit."""
        for callback in self._after_commit:
            callback()

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Roll back only what runs inside when it fails."""
        self._savepoints += 1
        name = f"kith_{self._savepoints}"
        waiting = len(self._after_commit)
        await self.command(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            del self._after_commit[waiting:]
            await self.connection.execute(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        await self.connection.execute(f"RELEASE SAVEPOINT {name}")


class Database:
    """The connections of one process to its own schema."""

    def __init__(
        self,
        schema: str,
        *,
        api_url: str,
        worker_url: str,
        direct_url: str | None = None,
        api_pool_size: int = 12,
        worker_pool_size: int = 8,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self.schema = schema
        self.wakeups = Wakeups(schema)
        self.direct_url = direct_url or worker_url
        self._urls = {"api": api_url, "worker": worker_url}
        self._sizes = {"api": api_pool_size, "worker": worker_pool_size}
        self._seconds = {"api": request_seconds, "worker": BACKGROUND_SECONDS}
        self._pools: dict[str, Pool] = {}

    async def start(self) -> None:
        """Open both pools."""
        for role, url in self._urls.items():
            self._pools[role] = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=self._sizes[role],
                command_timeout=self._seconds[role],
                server_settings={
                    "search_path": f"{self.schema},pg_catalog",
                    "application_name": f"kith-{self.schema}-{role}",
                    "timezone": "UTC",
                    "jit": "off",
                    "statement_timeout": f"{self._seconds[role]:.0f}s" if role == "api" else "0",
                    "idle_in_transaction_session_timeout": "60s",
                    # Batches are planned for the tables as they are: a plan made while they were empty reads all of
                    # a table that has grown since, row by row of the batch.
                    "plan_cache_mode": "force_custom_plan" if role == "worker" else "auto",
                },
                init=prepare_connection,
                reset=keep_as_is,
            )

    async def stop(self) -> None:
        """Close both pools; connections still busy after five seconds are cut."""
        for pool in self._pools.values():
            try:
                await asyncio.wait_for(pool.close(), 5)
            except TimeoutError:
                pool.terminate()
        self._pools.clear()

    @property
    def api_pool(self) -> "Pool":
        """Raw connections of the role that row security binds."""
        return self._pools["api"]

    @property
    def worker_pool(self) -> "Pool":
        """Raw connections of the background role; every statement names its workspace."""
        return self._pools["worker"]

    @contextlib.asynccontextmanager
    async def write(self, workspace_id: UUID) -> AsyncIterator[Session]:
        """Open a read-write transaction that can see one workspace only; what a known author changes is audited."""
        # No READ WRITE: it would overrule an operator who made the database read-only for a while.
        begin = begin_for(workspace_id, "BEGIN")
        if (author := AUTHOR.get()) is not None:
            begin = f"{begin}; {author.setting}"
        async with self._transaction("api", begin, workspace_id) as session:
            yield session

    @contextlib.asynccontextmanager
    async def read(self, workspace_id: UUID) -> AsyncIterator[Session]:
        """Open a read-only transaction that can see one workspace only."""
        async with self._transaction("api", begin_for(workspace_id, "BEGIN READ ONLY"), workspace_id) as session:
            yield session

    @contextlib.asynccontextmanager
    async def worker(self) -> AsyncIterator[Session]:
        """Open a transaction of the background role, which spans workspaces."""
        async with self._transaction("worker", "BEGIN", None) as session:
            yield session

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """Open a connection of its own past any pooler: LISTEN, leader locks."""
        connection = await asyncpg.connect(
            self.direct_url,
            command_timeout=BACKGROUND_SECONDS,
            server_settings={
                "search_path": f"{self.schema},pg_catalog",
                "application_name": f"kith-{self.schema}-direct",
            },
        )
        try:
            yield connection
        finally:
            await connection.close(timeout=2)

    @contextlib.asynccontextmanager
    async def _transaction(self, role: str, begin: str, workspace_id: UUID | None) -> AsyncIterator[Session]:
        async with self._acquire(role) as connection:
            session = Session(connection, workspace_id, self.wakeups, begin)
            try:
                yield session
            except BaseException:
                if session.begun:
                    await roll_back(connection)
                raise
            if session.begun:
                await guarded(connection, "COMMIT")
        session.committed()

    @contextlib.asynccontextmanager
    async def _acquire(self, role: str) -> AsyncIterator["Connection"]:
        pool = self._pools[role]
        try:
            connection = await pool.acquire(timeout=CONNECTION_SECONDS)
        except UNREACHABLE as error:
            raise Unavailable(retry_after=1) from error
        try:
            yield connection
        finally:
            await pool.release(connection, timeout=PARTING_SECONDS)


def begin_for(workspace_id: UUID, begin: str) -> str:
    """Return BEGIN and the tenant setting as one simple query, so that both cost one round trip.

    The id is a UUID object, so its text can hold nothing but hexadecimal digits and dashes.
    """
    return f"{begin}; SET LOCAL app.workspace_id = '{UUID(str(workspace_id))}'"


async def guarded(connection: "Connection", statement: str) -> None:
    """Run BEGIN or COMMIT; a database that is away becomes a 503 that may be tried again.

    Whether a COMMIT took effect is not known then: a repetition with the same Idempotency-Key finds out.
    """
    try:
        await connection.execute(statement)
    except UNREACHABLE as error:
        connection.terminate()
        raise Unavailable(retry_after=1) from error


async def roll_back(connection: "Connection") -> None:
    """Undo the open transaction; a connection that is gone, or does not answer, has nothing left to undo."""
    try:
        async with asyncio.timeout(PARTING_SECONDS):
            if not connection.is_closed():
                await connection.execute("ROLLBACK")
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        connection.terminate()
        log.warning("rollback_failed", error=type(error).__name__)


async def prepare_connection(connection: "Connection") -> None:
    """Teach a new connection to read and write json as Python values."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, schema="pg_catalog", encoder=encode_json, decoder=orjson.loads, format="text"
        )


async def keep_as_is(connection: "Connection") -> None:
    """Leave a returned connection alone: we set nothing but SET LOCAL, so the default reset is a wasted round trip.

    asyncpg itself still rolls an open transaction back before this is called.
    """
    del connection


def encode_json(value: object) -> str:
    """Return JSON text for a json or jsonb parameter."""
    return orjson.dumps(value, default=plain_id).decode()


def plain_id(value: object) -> str:
    """Return an id as text: the driver's ids are of a class of their own, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
