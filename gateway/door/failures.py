"""Keys and tokens that do not count, by the address they come from: so many in a while, then 429 in place of 401.

Each replica counts for itself, in memory that is bounded: a write to the database for each guess would do more harm
than the guess. Keys that count pass from every address: a whole office, and an attacker in it, may share one.
"""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from gateway.door.limits import Bucket, Policy

MOST_ADDRESSES = 10_000
IPV6_SITE = 64
"""Whoever has one address of such a network has all of them."""


class Failures:
    """The buckets of one replica."""

    def __init__(self, policy: Policy, now: Callable[[], float]) -> None:
        """Take the limit of one address; `now` is a monotonic clock in seconds."""
        self._policy = policy
        self._now = now
        self._buckets: dict[str, Bucket] = {}
        """In the order of use."""

    def take(self, address: str | None) -> tuple[Bucket, bool]:
        """Count one failure; return the bucket of its address, and whether it was within the limit."""
        site, now = site_of(address), self._now()
        bucket = self._buckets.pop(site, None) or Bucket(self._policy, now)
        if len(self._buckets) >= MOST_ADDRESSES:
            self._buckets.pop(next(iter(self._buckets)))
        self._buckets[site] = bucket
        return bucket, bucket.take(now)


def site_of(address: str | None) -> str:
    """Return what counts as one address: an IPv4 address or a /64 of IPv6; all that is neither counts as one."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return ""
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(plain) if plain.version == 4 else str(ip_network((plain, IPV6_SITE), strict=False))  # noqa: PLR2004 - IPv4
