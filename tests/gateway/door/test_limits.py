"""A replica never spends more than it leased or owes, and says what is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.door.limits import EMPTY_SECONDS, Grant, Lease, Policy

POLICY = Policy(quota=500, seconds=60)


class Shared:
    """The shared bucket, without a refill."""

    def __init__(self, left: float) -> None:
        self.left = left

    def grant(self, charge: int, wish: int) -> Grant:
        available = self.left - charge
        granted = max(0, min(wish, int(available)))
        self.left = available - granted
        return Grant(granted, self.left)


def fetch(lease: Lease, shared: Shared, now: float) -> None:
    charge = lease.charge
    lease.fill(shared.grant(charge, lease.wish), charge, now)


def test_a_new_key_starts_on_credit_and_is_charged_for_it() -> None:
    lease = Lease(POLICY, 0.0)
    assert lease.wants_more(0.0)
    assert lease.charge == POLICY.slice
    assert lease.take(0.0)
    fetch(lease, Shared(500.0), 0.0)
    assert lease.charge == 0
    assert lease.remaining() == 499


def test_a_used_up_bucket_refuses_and_does_not_ask_at_once_again() -> None:
    lease, shared = Lease(POLICY, 0.0), Shared(0.0)
    fetch(lease, shared, 0.0)
    assert not lease.take(0.0)
    assert not lease.wants_more(0.0)
    assert lease.wants_more(EMPTY_SECONDS)


def test_nobody_asks_twice_at_once() -> None:
    lease = Lease(POLICY, 0.0)
    lease.fetching = True
    assert not lease.wants_more(0.0)


@given(st.lists(st.booleans(), max_size=600), st.integers(min_value=0, max_value=60))
def test_two_replicas_together_overdraw_by_their_credit_at_most(turns: list[bool], left: int) -> None:
    shared = Shared(float(left))
    leases = (Lease(POLICY, 0.0), Lease(POLICY, 0.0))
    passed = 0
    for number, turn in enumerate(turns):
        lease, now = leases[turn], float(number)
        if lease.wants_more(now):
            fetch(lease, shared, now)
        passed += lease.take(now)
    assert passed <= left + 2 * POLICY.slice


@given(st.integers(min_value=1, max_value=2000))
def test_one_replica_passes_exactly_the_quota(count: int) -> None:
    shared, lease, passed = Shared(500.0), Lease(POLICY, 0.0), 0
    for number in range(count):
        if lease.wants_more(float(number)):
            fetch(lease, shared, float(number))
        passed += lease.take(float(number))
    assert passed == min(count, 500)


def test_the_headers_say_what_is_left_and_when_all_is_back() -> None:
    lease = Lease(POLICY, 0.0)
    fetch(lease, Shared(250.0), 0.0)
    assert lease.headers() == [(b"ratelimit-policy", b'"default";q=500;w=60'), (b"ratelimit", b'"default";r=250;t=30')]


@pytest.mark.parametrize(("quota", "seconds", "wait"), [(60, 60, 1), (6, 60, 10), (6000, 60, 1)])
def test_a_refused_caller_is_told_when_one_request_will_have_come_back(quota: int, seconds: int, wait: int) -> None:
    assert Lease(Policy(quota, seconds), 0.0).retry_after() == wait
