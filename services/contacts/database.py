"""The shape that all tables of `contacts` share; read by Alembic only, never while serving."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, MetaData, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

TENANT = text("NULLIF(current_setting('app.workspace_id', true), '')::uuid")
"""Default of every workspace_id: the workspace of the open transaction."""

NOW = text("now()")
NO_TEXTS = text("'{}'::text[]")
NO_ITEMS = text("'[]'::jsonb")
NO_KEYS = text("'{}'::jsonb")


class Base(DeclarativeBase):
    """Tables of the schema `contacts`."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain dictionary
        str: Text(),
        int: BigInteger(),
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text()),
        list[object]: JSONB(),
        dict[str, object]: JSONB(),
    }


class Tenant:
    """A row of one workspace, with an id that is unique inside it."""

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT, sort_order=-20)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-19)


class Versioned(Tenant):
    """A row that changes: its version is the ETag, its times order lists."""

    version: Mapped[int] = mapped_column(server_default=text("1"), sort_order=-18)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, sort_order=-17)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW, sort_order=-16)


class Customer(Versioned):
    """What people and accounts have in common: owner, designation, stage, marks, and being deleted or merged."""

    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=-15)
    merged_into: Mapped[UUID | None] = mapped_column(sort_order=-14)
    region: Mapped[str | None] = mapped_column(sort_order=50)
    tags: Mapped[list[str]] = mapped_column(server_default=NO_TEXTS, sort_order=51)
    custom: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS, sort_order=52)
    owner_rep_id: Mapped[UUID | None] = mapped_column(sort_order=53)
    designated_rep_id: Mapped[UUID | None] = mapped_column(sort_order=54)
    designated_at: Mapped[datetime | None] = mapped_column(sort_order=55)
    lifecycle_stage: Mapped[str | None] = mapped_column(sort_order=56)
    do_not_contact: Mapped[bool] = mapped_column(server_default=text("false"), sort_order=57)
    do_not_pursue: Mapped[bool] = mapped_column(server_default=text("false"), sort_order=58)
    internal: Mapped[bool] = mapped_column(server_default=text("false"), sort_order=59)
    provenance: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS, sort_order=60)
