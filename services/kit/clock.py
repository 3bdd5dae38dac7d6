"""Where the time comes from: passed in, never asked of the operating system by business code."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

YEARS = range(1900, 2200)
"""The years that a fact may lie in: beyond them calendars overflow, once a zone or a span of days is added."""


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is told to move; for tests and replays."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            message = "FixedClock needs an aware time"
            raise ValueError(message)
        self._now = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on by a duration."""
        self._now += by

    def set(self, at: datetime) -> None:
        """Jump to an instant."""
        self._now = at.astimezone(UTC)
