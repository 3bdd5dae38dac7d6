"""A circuit breaker: stops calling a peer that does not answer, and tries again with one call after a while."""

import math
from collections.abc import Callable

FAILURES = 5
OPEN_SECONDS = 2.0


class Circuit:
    """The state of one peer: closed (calls go through), open (refused at once), half open (one call tries)."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Take a clock that never runs backwards, in seconds."""
        self._now = now
        self._failures = 0
        self._closed_again_at = -math.inf

    @property
    def is_open(self) -> bool:
        """Tell whether calls are refused."""
        return self._failures >= FAILURES

    def lets_through(self) -> bool:
        """Tell whether a call may be made now; in an open circuit, one call after each pause may.

        Nobody waits for that call to end: it may be a long poll, which answers after half a minute.
        """
        if not self.is_open:
            return True
        if self._now() < self._closed_again_at:
            return False
        self._closed_again_at = self._now() + OPEN_SECONDS
        return True

    def note(self, *, failed: bool) -> None:
        """Take note of how a call ended; the peer's own problems are answers, not failures."""
        self._failures = self._failures + 1 if failed else 0
        if self.is_open:
            self._closed_again_at = self._now() + OPEN_SECONDS

    def forget(self) -> None:
        """Take back a try that was broken off from our side."""
        self._closed_again_at = -math.inf

    def seconds_left(self) -> int:
        """Return after how many seconds a call may be tried."""
        return max(1, math.ceil(self._closed_again_at - self._now()))
