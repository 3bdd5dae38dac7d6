"""Alembic's environment: one schema at a time, as its owner, under a lock, on a direct connection."""

import asyncio

import asyncpg
from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.drift import described

SCHEMA: str = context.config.attributes["schema"]
URL: str = context.config.attributes["url"]


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Tell whether autogenerate looks at a table: partitions of `events` and `journal` come and go at run time."""
    del parents
    return kind != "table" or name is None or not name.startswith(("events_p", "journal_p"))


def migrate(connection: Connection) -> None:
    """Run the migrations; a second run waits for the first, and neither waits long for anybody's table lock."""
    connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), {"name": f"kith.migrate.{SCHEMA}"})
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=described(SCHEMA),
        include_name=is_ours,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect() -> "asyncpg.Connection[asyncpg.Record]":
    """Open the connection as the schema's owner."""
    return await asyncpg.connect(
        URL, server_settings={"search_path": f"{SCHEMA}, public", "application_name": "kith-migrations"}
    )


async def run() -> None:
    """Run inside SQLAlchemy's bridge from asyncpg to Alembic's synchronous world."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(run())
