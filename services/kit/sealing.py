"""What a schema keeps sealed: the key that it hashes with, and every column that holds secrets; sealed anew in time.

Which columns those are, the database's catalogue says: a column of ciphertext has the comment `sealed`.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from services.kit.database import Database, Session
from services.kit.metrics import SEALED_WITH_OLD_KEYS
from services.kit.secrets import SecretUnreadable, Vault
from services.kit.worker import Worker

if TYPE_CHECKING:
    import asyncpg

log = structlog.get_logger(__name__)

SEALED, HASHED = "sealed", "hashed"
"""Comments of columns that hold ciphertext of the vault, and keyed hashes of it."""
HASH_KEY = "hash"
AT_ONCE = 200
EVERY_SECONDS = 600.0

READ_KEY = "SELECT sealed FROM sealed_keys WHERE id = $1"
KEEP_KEY = "INSERT INTO sealed_keys (id, sealed) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
# The hash key comes last: while anything else needs an old key, so does it, and nobody becomes ready without that key.
COLUMNS = """
SELECT quote_ident(c.relname) AS table, quote_ident(a.attname) AS column, k.names, k.types
FROM pg_description d
JOIN pg_class c ON c.oid = d.objoid AND NOT c.relispartition
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
JOIN LATERAL (
    SELECT array_agg(quote_ident(p.attname) ORDER BY u.place) AS names,
           array_agg(format_type(p.atttypid, p.atttypmod) ORDER BY u.place) AS types
    FROM pg_index x, unnest(x.indkey::smallint[]) WITH ORDINALITY u (num, place)
    JOIN pg_attribute p ON p.attnum = u.num
    WHERE x.indrelid = c.oid AND x.indisprimary AND p.attrelid = c.oid
) k ON true
WHERE d.classoid = 'pg_class'::regclass AND c.relnamespace = to_regnamespace($1) AND d.description = $2
ORDER BY c.relname = 'sealed_keys', c.relname, a.attname
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of secrets and the key of its table."""

    table: str
    column: str
    names: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def counted(self) -> str:
        """The statement that counts values by the id of their key; empty for those sealed before ids were written."""
        mark = f"position(':'::bytea IN substring({self.column} FOR 33))"
        key_id = f"convert_from(substring({self.column} FOR greatest({mark} - 1, 0)), 'LATIN1')"
        return f"SELECT {key_id} AS key_id, count(*) AS number FROM {self.table} WHERE {self.column} <> '' GROUP BY 1"

    def page(self, *, first: bool) -> str:
        """Return the statement that reads rows in the order of the key: not sealed with `$2`, `$1` at most."""
        keys = ", ".join(self.names)
        after = ", ".join(f"${place}" for place in range(3, 3 + len(self.names)))
        where = "" if first else f"({keys}) > ({after}) AND "
        return (
            f"SELECT {keys}, {self.column} AS stale FROM {self.table}"
            f" WHERE {where}{self.column} <> '' AND NOT ({self.column} >= $2 AND {self.column} < $2 || '\\xff'::bytea)"
            f" ORDER BY {keys} LIMIT $1"
        )

    @property
    def replaced(self) -> str:
        """The statement that puts new values in place, where nobody has changed the old ones meanwhile."""
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate([*self.types, "bytea", "bytea"], 1))
        same = " AND ".join(f"t.{name} = n.{name}" for name in self.names)
        return (
            f"UPDATE {self.table} t SET {self.column} = n.fresh"
            f" FROM unnest({arrays}) AS n ({', '.join(self.names)}, stale, fresh)"
            f" WHERE {same} AND t.{self.column} = n.stale"
        )


async def open_hash_key(session: Session, schema: str, vault: Vault) -> None:
    """Let the vault hash with the schema's key, which the first start makes up; SecretUnreadable if none opens it.

    Worker role.
    """
    sealed = await session.fetchval(READ_KEY, HASH_KEY)
    if sealed is None:
        made = await first_hash_key(session, schema, vault)
        await session.execute(KEEP_KEY, HASH_KEY, vault.encrypt(made))
        sealed = await session.fetchval(READ_KEY, HASH_KEY)  # of two that start at once, the first one's counts
    try:
        vault.hash_with(vault.decrypt(sealed))
    except SecretUnreadable:
        log.error("secret_keys_do_not_open", schema=schema, known=vault.key_ids)  # noqa: TRY400 - the line says all
        raise


async def first_hash_key(session: Session, schema: str, vault: Vault) -> bytes:
    """Return a new key; where values were hashed before there was one, the secret key that they were hashed with."""
    for column in await columns(session, schema, HASHED):
        if await session.fetchval(f"SELECT EXISTS (SELECT FROM {column.table})"):
            return vault.oldest_key
    return secrets.token_bytes(32)


async def count_by_key(session: Session, schema: str) -> dict[str, int]:
    """Return how many values of a schema each key has sealed, by its id. Worker role."""
    counts: dict[str, int] = {}
    for column in await columns(session, schema, SEALED):
        for row in await session.fetch(column.counted):
            counts[row["key_id"]] = counts.get(row["key_id"], 0) + row["number"]
    return counts


async def columns(session: Session, schema: str, kind: str) -> list[Column]:
    """Return the columns of a schema whose comment says that they are of a kind."""
    rows = await session.fetch(COLUMNS, schema, kind)
    return [Column(row["table"], row["column"], tuple(row["names"]), tuple(row["types"])) for row in rows]


class Resealer:
    """Seals anew, with the first key, whatever an older one has sealed; broken off, it goes on where it is needed."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def run(self, every_seconds: float = EVERY_SECONDS) -> None:
        """Look now and again, until cancelled: a replica with the old settings may still be writing."""
        while True:
            done = await self.reseal()
            left = await self.left()
            SEALED_WITH_OLD_KEYS.labels(self._database.schema).set(left)
            log.info("secrets_sealed_anew", values=done, left=left, key_id=self._vault.key_ids[0])
            await asyncio.sleep(every_seconds)

    async def left(self) -> int:
        """Return how many values still need another key than the first."""
        async with self._database.worker() as session:
            counts = await count_by_key(session, self._database.schema)
        return sum(counts.values()) - counts.get(self._vault.key_ids[0], 0)

    async def reseal(self) -> int:
        """Walk through every column once; returns how many values were sealed anew. What cannot be opened stays."""
        async with self._database.worker() as session:
            found = await columns(session, self._database.schema, SEALED)
        return sum([await self._walk(column) for column in found])

    async def _walk(self, column: Column) -> int:
        done = 0
        after: tuple[Any, ...] = ()
        while True:
            async with self._database.worker() as session:
                prefix = f"{self._vault.key_ids[0]}:".encode()
                rows = await session.fetch(column.page(first=not after), AT_ONCE, prefix, *after)
                done += await self._replace(session, column, rows)
            if len(rows) < AT_ONCE:
                return done
            after = tuple(rows[-1])[:-1]

    async def _replace(self, session: Session, column: Column, rows: "list[asyncpg.Record]") -> int:
        fresh: list[tuple[Any, ...]] = []
        for row in rows:
            try:
                fresh.append((*row, self._vault.rotate(row["stale"])))
            except SecretUnreadable:
                log.error("secret_unreadable", table=column.table, column=column.column)  # noqa: TRY400 - the line says all
        if not fresh:
            return 0
        return await session.execute(column.replaced, *map(list, zip(*fresh, strict=True)))


def add_resealer(worker: Worker, database: Database, vault: Vault) -> None:
    """Let a process seal anew while it knows more than one key: that is, while keys are being changed."""
    if len(vault.key_ids) > 1:
        worker.add("reseal", Resealer(database, vault).run)
