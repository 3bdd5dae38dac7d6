"""Keys that do not count are counted by address, in memory that does not grow with the addresses."""

import pytest

from gateway.door import failures
from gateway.door.failures import Failures, site_of
from gateway.door.limits import Policy

POLICY = Policy(quota=3, seconds=60, name="failed-authentication")


@pytest.fixture
def seconds() -> list[float]:
    """The monotonic clock: change its one item."""
    return [0.0]


@pytest.fixture
def counted(seconds: list[float]) -> Failures:
    return Failures(POLICY, lambda: seconds[0])


def take(counted: Failures, address: str | None, times: int) -> list[bool]:
    return [counted.take(address)[1] for _ in range(times)]


def test_an_address_has_its_quota_and_no_other_uses_it_up(counted: Failures) -> None:
    assert take(counted, "192.0.2.7", 5) == [True, True, True, False, False]
    assert take(counted, "192.0.2.8", 1) == [True]


def test_what_was_used_up_comes_back_evenly_and_no_more_than_that(counted: Failures, seconds: list[float]) -> None:
    take(counted, "192.0.2.7", 4)
    seconds[0] = 20.0
    assert take(counted, "192.0.2.7", 2) == [True, False]
    seconds[0] = 3600.0
    assert take(counted, "192.0.2.7", 4) == [True, True, True, False]


def test_the_headers_name_the_policy_and_say_what_is_left(counted: Failures) -> None:
    bucket, _ = counted.take("192.0.2.7")
    assert bucket.headers() == [
        (b"ratelimit-policy", b'"failed-authentication";q=3;w=60'),
        (b"ratelimit", b'"failed-authentication";r=2;t=20'),
    ]
    assert bucket.retry_after() == 20


def test_of_too_many_addresses_those_that_were_not_heard_of_for_longest_are_forgotten(
    counted: Failures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "MOST_ADDRESSES", 3)
    take(counted, "192.0.2.1", 4)
    for last in (2, 3, 1, 4, 5):
        take(counted, f"192.0.2.{last}", 1)
    assert list(counted._buckets) == ["192.0.2.1", "192.0.2.4", "192.0.2.5"]
    assert take(counted, "192.0.2.1", 1) == [False]


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:a::1", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:b::2", "2001:db8:0:1::/64"),
        ("2001:db8:0:2::1", "2001:db8:0:2::/64"),
        ("unknown", ""),
        ("x" * 60_000, ""),
        (None, ""),
    ],
)
def test_an_address_is_one_of_ipv4_or_a_site_of_ipv6(address: str | None, site: str) -> None:
    assert site_of(address) == site
