"""What travels on a feed: events, and places in the feed."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from uuid import UUID

PLACE = re.compile("([0-9A-Za-z-]{1,80}):([0-9]{1,18})")


class Publishable(Protocol):
    """What the outbox needs of an event; the models of `services.contracts` have it."""

    TYPE: ClassVar[str]

    @property
    def version(self) -> int:
        """Row version of the entity after the change."""

    @property
    def subject(self) -> UUID:
        """The id of the entity that changed."""

    def model_dump_json(self) -> str:
        """Return the event as JSON."""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event as a follower receives it, with its place in the feed."""

    position: int
    workspace_id: UUID
    type: str
    subject: UUID
    time: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a feed. The epoch changes whenever history may have been rewritten: after a restore or rebuild."""

    epoch: str
    position: int

    def __str__(self) -> str:
        """Return the place as the id of the event that stands there."""
        return f"{self.epoch}:{self.position}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read `epoch:position`; ValueError if it is none."""
        found = PLACE.fullmatch(text)
        if found is None:
            message = f"{text!r} is no place in a feed"
            raise ValueError(message)
        return cls(found[1], int(found[2]))
