"""The shape that all tables of `scoring` share; read by Alembic only, never while serving."""

from sqlalchemy.orm import DeclarativeBase

from services.kit.tables import TYPES, new_metadata


class Base(DeclarativeBase):
    """Tables of the schema `scoring`."""

    metadata = new_metadata("scoring")
    type_annotation_map = TYPES
