"""The shape that all tables of `campaigns` share; read by Alembic only, never while serving."""

from sqlalchemy.orm import DeclarativeBase

from services.kit.tables import TYPES, new_metadata


class Base(DeclarativeBase):
    """Tables of the schema `campaigns`."""

    metadata = new_metadata("campaigns")
    type_annotation_map = TYPES
