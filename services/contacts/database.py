"""The shape that the tables of `contacts` share; read by Alembic only, never while serving."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kit.tables import (
    FALSE,
    NO_ITEMS,
    NO_KEYS,
    NO_TEXTS,
    NOW,
    TENANT,
    TYPES,
    Tenant,
    Versioned,
    new_metadata,
)

__all__ = ["NOW", "NO_ITEMS", "NO_KEYS", "NO_TEXTS", "SORTED_TEXT", "TENANT", "Base", "Customer", "Tenant", "Versioned"]


SORTED_TEXT = Text(collation="C")
"""Text that lists are sorted by: the same order on every server, and an index serves it."""


class Base(DeclarativeBase):
    """Tables of the schema `contacts`."""

    metadata = new_metadata("contacts")
    type_annotation_map: ClassVar = TYPES


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
    do_not_contact: Mapped[bool] = mapped_column(server_default=FALSE, sort_order=57)
    do_not_pursue: Mapped[bool] = mapped_column(server_default=FALSE, sort_order=58)
    internal: Mapped[bool] = mapped_column(server_default=FALSE, sort_order=59)
    provenance: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS, sort_order=60)
    released_keys: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS, sort_order=61)
    """The match keys of a deleted row, kept for its restoration: whoever shows up with one of them is somebody new."""
