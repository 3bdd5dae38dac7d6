"""The arithmetic of rate limits: buckets that refill evenly, one replica's own or leased by all in slices."""

from dataclasses import dataclass
from math import ceil

from gateway.door.headers import Header

SLICES = 50
"""A lease is a fiftieth of the quota: so much, at most, may lie unused with each replica."""
EMPTY_SECONDS = 0.25
"""After a refusal the shared bucket is not asked again for so long, so that a runaway costs no look-ups."""


@dataclass(frozen=True, slots=True)
class Policy:
    """So many requests in so many seconds; the bucket refills evenly."""

    quota: int
    seconds: int
    name: str = "default"

    @property
    def slice(self) -> int:
        """How many requests one lease is for."""
        return max(1, self.quota // SLICES)

    @property
    def rate(self) -> float:
        """Requests that come back per second."""
        return self.quota / self.seconds

    def headers(self, left: int) -> list[Header]:
        """Return the RateLimit headers of an answer (draft-ietf-httpapi-ratelimit-headers-10).

        They say the policy, how much of it is left, and in how many seconds all of it is back.
        """
        full = ceil((self.quota - left) / self.rate)
        return [
            (b"ratelimit-policy", f'"{self.name}";q={self.quota};w={self.seconds}'.encode()),
            (b"ratelimit", f'"{self.name}";r={left};t={full}'.encode()),
        ]

    def retry_after(self) -> int:
        """Return the seconds after which a refused caller may hope again."""
        return max(1, ceil(1 / self.rate))


@dataclass(frozen=True, slots=True)
class Grant:
    """What the shared bucket gave, and what it held afterwards; below zero = more was used on credit than there was."""

    granted: int
    left: float


class Lease:
    """One replica's part of one key's bucket. Times are seconds of a monotonic clock.

    A key that is new here starts on credit: its requests pass while the first lease is fetched, and are charged with
    it, so no request ever waits for the database.
    """

    __slots__ = ("_empty_until", "_left", "_owed", "_policy", "_tokens", "fetching", "used_at")

    def __init__(self, policy: Policy, now: float) -> None:
        self._policy = policy
        self._tokens = self._owed = policy.slice
        self._left = float(policy.quota - policy.slice)
        self._empty_until = now
        self.fetching = False
        self.used_at = now

    def take(self, now: float) -> bool:
        """Use up one request; False where nothing is left here."""
        self.used_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def wants_more(self, now: float) -> bool:
        """Tell whether it is time to ask the shared bucket: on credit, or half used up."""
        low = self._owed > 0 or self._tokens * 2 <= self._policy.slice
        return low and not self.fetching and now >= self._empty_until

    @property
    def charge(self) -> int:
        """What was taken on credit and must come out of the shared bucket in any case."""
        return self._owed

    @property
    def wish(self) -> int:
        """How much more is wanted if the shared bucket has that much."""
        return max(0, self._policy.slice - self._tokens)

    def fill(self, grant: Grant, charged: int, now: float) -> None:
        """Enter what the shared bucket gave for a charge."""
        self._owed -= charged
        self._tokens += grant.granted
        if grant.left < 0:
            self._tokens = max(0, self._tokens - ceil(-grant.left))
        self._left = max(0.0, grant.left)
        if not grant.granted:
            self._empty_until = now + EMPTY_SECONDS

    def remaining(self) -> int:
        """Estimate how many requests are left over all replicas."""
        return min(self._policy.quota, int(self._tokens + self._left))

    def headers(self) -> list[Header]:
        """Return the RateLimit headers of an answer."""
        return self._policy.headers(self.remaining())

    def retry_after(self) -> int:
        """Return the seconds after which a refused caller may hope again."""
        return self._policy.retry_after()


class Bucket:
    """A bucket that one replica has for itself, full at first. Times are seconds of a monotonic clock."""

    __slots__ = ("_filled_at", "_left", "_policy")

    def __init__(self, policy: Policy, now: float) -> None:
        self._policy = policy
        self._left = float(policy.quota)
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Use up one; False where none is left."""
        self._left = min(self._policy.quota, self._left + (now - self._filled_at) * self._policy.rate)
        self._filled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def headers(self) -> list[Header]:
        """Return the RateLimit headers of an answer."""
        return self._policy.headers(int(self._left))

    def retry_after(self) -> int:
        """Return the seconds after which a refused caller may hope again."""
        return self._policy.retry_after()
