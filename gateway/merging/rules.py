"""Merging lists that several services page by themselves, so that nothing is skipped or shown twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

Item = dict[str, Any]
Key = tuple[datetime, UUID]


@dataclass(slots=True)
class Stream:
    """One service's part of the list: the page it is at, and what of it is still to be shown."""

    by: str
    """The time that the list is ordered by."""
    cursor: str | None = None
    """With which the present page is read; None for the first one."""
    next_cursor: str | None = None
    items: list[Item] = field(default_factory=list)
    ended: bool = False
    """Nothing comes after the present page."""

    @property
    def is_dry(self) -> bool:
        """Tell whether the next page must be read before anything can be said about the order."""
        return not self.items and not self.ended

    def load(self, items: list[Item], next_cursor: str | None, after: Key | None, *, down: bool) -> None:
        """Take over a page; what lies at or before `after` was shown already."""
        self.items = [item for item in items if after is None or comes_after(key_of(item, self.by), after, down=down)]
        self.next_cursor = next_cursor
        self.ended = next_cursor is None

    def advance(self) -> None:
        """Go on to the next page."""
        self.cursor = self.next_cursor


def key_of(item: Item, by: str) -> Key:
    """Return what the list is ordered by: a time, then the id."""
    return datetime.fromisoformat(item[by]), UUID(item["id"])


def comes_after(key: Key, other: Key, *, down: bool) -> bool:
    """Tell whether `key` stands behind `other` in the list."""
    return key < other if down else key > other


def take_next(streams: Mapping[str, Stream], *, down: bool) -> Item | None:
    """Take the item that comes next over all services; None where nothing is left. No stream may be dry."""
    filled = [stream for stream in streams.values() if stream.items]
    if not filled:
        return None
    first = (max if down else min)(filled, key=lambda stream: key_of(stream.items[0], stream.by))
    return first.items.pop(0)
