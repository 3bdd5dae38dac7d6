"""Finds where a migrated schema differs from what the models describe.

Alembic's own comparison overlooks CHECK constraints and cannot compare collated index columns or defaults that call
functions. So the models' tables are created beside the real ones, as temporary tables in a transaction that is rolled
back, and PostgreSQL's own descriptions of both are compared.
"""

import asyncio
import re
from collections.abc import Iterable
from importlib import import_module

import asyncpg
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

COLUMNS = """
SELECT c.relname || '.' || a.attname || ': ' || format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
       || CASE a.attidentity WHEN 'a' THEN ' identity' WHEN 'd' THEN ' identity by default' ELSE '' END
       || CASE WHEN d.adbin IS NULL THEN '' ELSE
          CASE a.attgenerated WHEN '' THEN ' default ' ELSE ' generated ' END || pg_get_expr(d.adbin, d.adrelid) END
       || coalesce(' (' || col_description(c.oid, a.attnum) || ')', '')
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
"""
CONSTRAINTS = """
SELECT c.relname || ' ' || k.conname || ': ' || pg_get_constraintdef(k.oid)
FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype <> 'n'
"""
INDEXES = """
SELECT c.relname || ' ' || pg_get_indexdef(i.indexrelid)
FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid
"""
TABLES = """
WHERE c.relnamespace = CASE WHEN :schema = 'pg_temp' THEN pg_my_temp_schema() ELSE to_regnamespace(:schema) END
AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'
"""


def described(schema: str) -> MetaData:
    """Return the tables of a schema as its service describes them."""
    package = "gateway" if schema == "gateway" else f"services.{schema}"
    metadata: MetaData = import_module(f"{package}.models").metadata
    return metadata


def find_drift(schema: str, url: str) -> list[str]:
    """Return one line per difference: `+` is in the models only, `-` in the database only. Blocks."""
    return asyncio.run(_find_drift(schema, url))


async def _find_drift(schema: str, url: str) -> list[str]:
    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(url)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare, schema)
    finally:
        await engine.dispose()


def _compare(connection: Connection, schema: str) -> list[str]:
    with connection.begin() as transaction:
        connection.execute(text("SET LOCAL search_path = pg_temp, public"))
        described(schema).create_all(connection, checkfirst=False)
        wanted = _facts(connection, "pg_temp")
        found = _facts(connection, schema)
        transaction.rollback()
    return sorted([f"+ {line}" for line in wanted - found] + [f"- {line}" for line in found - wanted])


def _facts(connection: Connection, schema: str) -> set[str]:
    sql = f"{COLUMNS} {TABLES} UNION ALL {CONSTRAINTS} {TABLES} UNION ALL {INDEXES} {TABLES}"
    return set(_without_schema(connection.scalars(text(sql), {"schema": schema}), schema))


def _without_schema(lines: Iterable[str], schema: str) -> Iterable[str]:
    prefix = re.compile(rf"\b(?:{schema}|pg_temp(?:_\d+)?)\.")
    return (prefix.sub("", line) for line in lines)
