"""The base of every event: who it is about, which version, and nothing personal."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Effects(StrEnum):
    """How far a fact may reach: `scores` moves scores and segments but starts no message or reminder."""

    NONE = "none"
    SCORES = "scores"
    ALL = "all"


class Event(BaseModel):
    """A change of one entity. Fields are only ever added, so older readers ignore what they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]
    SUBJECT: ClassVar[str]
    """Name of the field that identifies the entity; events of one entity stay in order."""

    version: int
    """Row version of the entity after the change."""

    @property
    def subject(self) -> UUID:
        """The id of the entity that changed."""
        value: UUID = getattr(self, self.SUBJECT)
        return value
