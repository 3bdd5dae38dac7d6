"""The tables that every schema has and the columns that business tables share; read by Alembic, never while serving.

The metadata names no schema: each role's `search_path` holds its own schema alone, so one description fits all four.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

NAMING = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}
TENANT = text("NULLIF(current_setting('app.workspace_id', true), '')::uuid")
"""Default of every workspace_id: the workspace of the open transaction."""
NOW = text("now()")
ZERO = text("0")
FALSE = text("false")
NO_TEXTS = text("'{}'::text[]")
NO_ITEMS = text("'[]'::jsonb")
NO_KEYS = text("'{}'::jsonb")

TYPES = {
    str: Text(),
    int: BigInteger(),
    datetime: DateTime(timezone=True),
    list[str]: ARRAY(Text()),
    list[object]: JSONB(),
    dict[str, object]: JSONB(),
}
"""`type_annotation_map` of every declarative base: no varchar, no 32-bit integers, no naive times."""

JOB_STATUSES = "'queued', 'running', 'paused', 'cancelling', 'cancelled', 'succeeded', 'failed'"


class Tenant:
    """A row of one workspace, with an id that is unique inside it."""

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT, sort_order=-20)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-19)


class Versioned(Tenant):
    """A row that changes: its version is the ETag, its times order lists."""

    version: Mapped[int] = mapped_column(server_default=text("1"), sort_order=-18)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, sort_order=-17)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW, sort_order=-16)


def new_metadata(schema: str) -> MetaData:
    """Return the metadata of one schema, the kit's tables already in it."""
    metadata = MetaData(naming_convention=NAMING, info={"schema": schema})
    for declare in (_outbox, _events, _feed_state, _cursors, _idempotency_keys, _jobs, _public_handles, _sealed_keys):
        declare(metadata)
    for declare in (_audit_inbox, _audit_entries, _audit_chains):
        declare(metadata)
    return metadata


def workspace_id() -> Column[UUID]:
    """Return the column that says whose row it is; it leads every key."""
    return Column("workspace_id", Uuid(), nullable=False, server_default=TENANT)


def row_id() -> Column[UUID]:
    """Return the id column; ids are made by the program, never by the database."""
    return Column("id", Uuid(), nullable=False)


def version() -> Column[int]:
    """Return the row version, which is the ETag."""
    return Column("version", BigInteger(), nullable=False, server_default=text("1"))


def instant(name: str, *, nullable: bool = True, default_now: bool = False) -> Column[datetime]:
    """Return a column that holds an instant."""
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=NOW if default_now else None)


def timestamps() -> tuple[Column[datetime], Column[datetime]]:
    """Return created_at and updated_at."""
    return instant("created_at", nullable=False, default_now=True), instant(
        "updated_at", nullable=False, default_now=True
    )


def _happening() -> list[Column[object]]:
    return [
        Column("workspace_id", Uuid(), nullable=False),
        Column("type", Text(), nullable=False),
        Column("subject", Uuid(), nullable=False),
        Column("version", BigInteger(), nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, server_default=NOW),
        Column("data", JSON(), nullable=False),
    ]


def _outbox(metadata: MetaData) -> None:
    # Rows live for milliseconds: vacuumed by count, not by share of the table.
    Table(
        "outbox",
        metadata,
        Column("seq", BigInteger(), Identity(always=True), nullable=False),
        *_happening(),
        PrimaryKeyConstraint("seq"),
    )


def _events(metadata: MetaData) -> None:
    Table(
        "events",
        metadata,
        Column("position", BigInteger(), nullable=False, autoincrement=False),
        *_happening(),
        PrimaryKeyConstraint("position"),
        postgresql_partition_by="RANGE (position)",
    )


def _feed_state(metadata: MetaData) -> None:
    Table(
        "feed_state",
        metadata,
        Column("only", Boolean(), nullable=False, server_default=text("true")),
        Column("epoch", Text(), nullable=False),
        Column("lineage", Text()),
        Column("head", BigInteger(), nullable=False, server_default=ZERO),
        Column("oldest", BigInteger(), nullable=False, server_default=text("1")),
        instant("updated_at", nullable=False, default_now=True),
        PrimaryKeyConstraint("only"),
        CheckConstraint('"only"', name="only"),
    )


def _cursors(metadata: MetaData) -> None:
    Table(
        "cursors",
        metadata,
        Column("follower", Text(), nullable=False),
        Column("epoch", Text(), nullable=False, server_default=text("''")),
        Column("position", BigInteger(), nullable=False, server_default=ZERO),
        Column("state", Text(), nullable=False, server_default=text("'following'")),
        instant("updated_at", nullable=False, default_now=True),
        PrimaryKeyConstraint("follower"),
        CheckConstraint("state IN ('following', 'rebuilding')", name="state"),
    )


def _idempotency_keys(metadata: MetaData) -> None:
    Table(
        "idempotency_keys",
        metadata,
        workspace_id(),
        Column("actor_id", Uuid(), nullable=False),
        Column("key", Text(), nullable=False),
        Column("fingerprint", LargeBinary(), nullable=False, comment="plain: a digest of the request"),
        Column("status", Integer(), nullable=False),
        Column("headers", JSONB(), nullable=False, server_default=NO_KEYS),
        Column("body", LargeBinary(), nullable=False, comment="sealed"),
        Column("subjects", ARRAY(Uuid()), nullable=False, server_default=text("'{}'::uuid[]")),
        instant("created_at", nullable=False, default_now=True),
        instant("expires_at", nullable=False),
        instant("forget_at"),
        PrimaryKeyConstraint("workspace_id", "actor_id", "key"),
        Index("idempotency_keys_expiry_idx", "workspace_id", "expires_at"),
    )


def _jobs(metadata: MetaData) -> None:
    Table(
        "jobs",
        metadata,
        workspace_id(),
        row_id(),
        version(),
        *timestamps(),
        Column("kind", Text(), nullable=False),
        Column("title", Text()),
        Column("status", Text(), nullable=False, server_default=text("'queued'")),
        Column("payload", JSONB(), nullable=False, server_default=NO_KEYS),
        Column("dedupe_key", Text()),
        Column("total", BigInteger()),
        *(Column(name, BigInteger(), nullable=False, server_default=ZERO) for name in ("done", "failed", "skipped")),
        Column("state", JSONB(), nullable=False, server_default=NO_KEYS),
        Column("runner", Uuid()),
        Column("tries", BigInteger(), nullable=False, server_default=ZERO),
        Column("result", JSONB()),
        Column("result_url", Text()),
        Column("errors_url", Text()),
        Column("problem", JSONB()),
        instant("started_at"),
        instant("finished_at"),
        PrimaryKeyConstraint("workspace_id", "id"),
        CheckConstraint(f"status IN ({JOB_STATUSES})", name="status"),
        Index("jobs_created_idx", "workspace_id", "created_at", "id"),
        Index("jobs_open_idx", "workspace_id", "id", postgresql_where=text("finished_at IS NULL")),
        Index(
            "jobs_dedupe_idx",
            "workspace_id",
            "kind",
            "dedupe_key",
            unique=True,
            postgresql_where=text("dedupe_key IS NOT NULL AND finished_at IS NULL"),
        ),
    )


def _public_handles(metadata: MetaData) -> None:
    Table(
        "public_handles",
        metadata,
        Column("handle_hash", LargeBinary(), nullable=False, comment="hashed"),
        Column("purpose", Text(), nullable=False),
        workspace_id(),
        Column("object_id", Uuid(), nullable=False),
        instant("created_at", nullable=False, default_now=True),
        instant("expires_at"),
        instant("revoked_at"),
        PrimaryKeyConstraint("handle_hash"),
        Index("public_handles_object_idx", "workspace_id", "object_id"),
    )


def _sealed_keys(metadata: MetaData) -> None:
    # Keys of this schema's own that must outlive those of the settings, under which they are sealed (ADR 0011).
    Table(
        "sealed_keys",
        metadata,
        Column("id", Text(), nullable=False),
        Column("sealed", LargeBinary(), nullable=False, comment="sealed"),
        instant("created_at", nullable=False, default_now=True),
        PrimaryKeyConstraint("id"),
    )


def _audited() -> list[Column[Any]]:
    return [
        workspace_id(),
        Column("id", Uuid(), nullable=False, server_default=text("uuidv7()")),
        instant("occurred_at", nullable=False, default_now=True),
        Column("actor_id", Uuid()),
        Column("actor_kind", Text(), nullable=False),
        Column("rep_id", Uuid()),
        Column("service", Text()),
        Column("operation", Text(), nullable=False),
        Column("request_id", Text()),
        Column("object_type", Text(), nullable=False),
        Column("object_id", Uuid()),
        Column("before", JSONB()),
        Column("after", JSONB()),
    ]


def _audit_inbox(metadata: MetaData) -> None:
    Table(
        "audit_inbox",
        metadata,
        Column("seq", BigInteger(), Identity(always=True), nullable=False),
        *_audited(),
        Column("salt", Uuid(), nullable=False, server_default=text("gen_random_uuid()")),
        PrimaryKeyConstraint("seq"),
    )


def _audit_entries(metadata: MetaData) -> None:
    Table(
        "audit_entries",
        metadata,
        *_audited(),
        Column("salt", Uuid()),
        Column("position", BigInteger(), nullable=False),
        Column("digest", LargeBinary(), nullable=False, comment="plain: a digest of the values"),
        Column("hash", LargeBinary(), nullable=False, comment="plain: a link of the chain"),
        instant("redacted_at"),
        PrimaryKeyConstraint("workspace_id", "id"),
        UniqueConstraint("workspace_id", "position"),
        Index("audit_entries_occurred_idx", "workspace_id", "occurred_at", "id"),
        Index("audit_entries_object_idx", "workspace_id", "object_id", "occurred_at", "id"),
        Index("audit_entries_actor_idx", "workspace_id", "actor_id", "occurred_at", "id"),
    )


def _audit_chains(metadata: MetaData) -> None:
    start = text("decode(repeat('00', 32), 'hex')")
    Table(
        "audit_chains",
        metadata,
        workspace_id(),
        Column("head", BigInteger(), nullable=False, server_default=ZERO),
        Column("hash", LargeBinary(), nullable=False, server_default=start, comment="plain: a link of the chain"),
        Column("tail", BigInteger(), nullable=False, server_default=ZERO),
        Column("tail_hash", LargeBinary(), nullable=False, server_default=start, comment="plain: a link of the chain"),
        PrimaryKeyConstraint("workspace_id"),
    )
