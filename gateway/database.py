"""The shape that all tables of `gateway` share; read by Alembic only, never while serving."""

from sqlalchemy.orm import DeclarativeBase

from services.kit.tables import TYPES, new_metadata


class Base(DeclarativeBase):
    """Tables of the schema `gateway`."""

    metadata = new_metadata("gateway")
    type_annotation_map = TYPES
