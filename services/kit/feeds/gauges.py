"""What a follower shows of itself: how far behind it is, and whether it needs help."""

from datetime import datetime

from services.kit.clock import Clock
from services.kit.feeds.source import Received
from services.kit.metrics import (
    FOLLOWER_ERRORS,
    FOLLOWER_EVENTS,
    FOLLOWER_LAG_EVENTS,
    FOLLOWER_LAG_SECONDS,
    FOLLOWER_STOPPED,
)

REASONS = ("failing_event", "rebuilding", "expired", "epoch_changed", "beyond_head")


class FollowerGauges:
    """The measurements of one follower."""

    def __init__(self, service: str, follower: str, clock: Clock) -> None:
        self._labels = (service, follower)
        self._clock = clock
        self._behind = 0
        self.stopped(None)

    def received(self, position: int, received: Received) -> None:
        """Show the lag before a batch is applied: the age of its first event."""
        self._behind = max(0, received.head.position - position)
        FOLLOWER_LAG_EVENTS.labels(*self._labels).set(self._behind)
        age = 0.0
        if received.events:
            age = (self._clock.now() - datetime.fromisoformat(received.events[0].time)).total_seconds()
        FOLLOWER_LAG_SECONDS.labels(*self._labels).set(max(0.0, age))

    def applied(self, events: int) -> None:
        """Show the lag after a batch; the age stays that of the batch unless nothing is left."""
        self._behind = max(0, self._behind - events)
        FOLLOWER_LAG_EVENTS.labels(*self._labels).set(self._behind)
        if not self._behind:
            FOLLOWER_LAG_SECONDS.labels(*self._labels).set(0)
        FOLLOWER_EVENTS.labels(*self._labels).inc(events)

    def failed(self) -> None:
        """Count a failed try."""
        FOLLOWER_ERRORS.labels(*self._labels).inc()

    def stopped(self, reason: str | None) -> None:
        """Show why the follower cannot go on; None: it can."""
        for known in REASONS:
            FOLLOWER_STOPPED.labels(*self._labels, known).set(known == reason)

    def going_on(self) -> None:
        """Show that the follower goes on."""
        self.stopped(None)
