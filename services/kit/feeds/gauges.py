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

SILENCE_SECONDS = 30.0
"""A producer answers a long poll at least so often, also where nothing happened."""
REASONS = ("failing_event", "rebuilding", "expired", "epoch_changed", "beyond_head")


class FollowerGauges:
    """The measurements of one follower."""

    def __init__(self, service: str, follower: str, clock: Clock) -> None:
        self._labels = (service, follower)
        self._clock = clock
        self._behind = 0
        self._waiting_since: datetime | None = None
        self._heard_at = clock.now()
        FOLLOWER_LAG_SECONDS.labels(*self._labels).set_function(self.lag_seconds)
        self.stopped(None)

    def lag_seconds(self) -> float:
        """Return the age of the oldest event not applied yet; of the silence where the producer does not answer.

        Asked whenever it is measured: it goes on growing while no batch comes or none can be applied.
        """
        now = self._clock.now()
        if self._waiting_since is not None:
            return max(0.0, (now - self._waiting_since).total_seconds())
        silence = (now - self._heard_at).total_seconds()
        return silence if silence > SILENCE_SECONDS else 0.0

    def received(self, position: int, received: Received) -> None:
        """Show the lag before a batch is applied."""
        self._heard_at = self._clock.now()
        self._wait_for(received.head.position - position, received.events[0].time if received.events else None)

    def applied(self, events: int) -> None:
        """Show the lag after a batch; the age stays that of the batch unless nothing is left."""
        self._behind = max(0, self._behind - events)
        FOLLOWER_LAG_EVENTS.labels(*self._labels).set(self._behind)
        if not self._behind:
            self._waiting_since = None
        FOLLOWER_EVENTS.labels(*self._labels).inc(events)

    def elsewhere(self) -> None:
        """Show no lag: another process applies the events, and shows its own."""
        self._heard_at = self._clock.now()
        self._wait_for(0, None)

    def _wait_for(self, events: int, since: str | None) -> None:
        self._behind = max(0, events)
        self._waiting_since = datetime.fromisoformat(since) if since else None
        FOLLOWER_LAG_EVENTS.labels(*self._labels).set(self._behind)

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
