"""Replicas share one bucket through the database, and no request waits for it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from gateway.door.limiter import Limiter
from gateway.door.limits import Policy
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.ids import new_id

POLICY = Policy(quota=100, seconds=50)  # 2 a second, slices of 2


class Stopwatch:
    """A monotonic clock that stands still."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def new_limiter(database: Database, clock: FixedClock, stopwatch: Stopwatch) -> Callable[[], Limiter]:
    return lambda: Limiter(database, clock, stopwatch, POLICY)


async def ask(limiter: Limiter, stopwatch: Stopwatch, workspace_id: UUID, key_id: UUID, times: int) -> int:
    passed = 0
    for _ in range(times):
        _, ok = limiter.lease(workspace_id, key_id)
        passed += ok
        await limiter.stop()
        stopwatch.seconds += 0.3
    return passed


async def test_one_replica_passes_the_quota_and_no_more(
    new_limiter: Callable[[], Limiter], stopwatch: Stopwatch, workspace_id: UUID
) -> None:
    assert await ask(new_limiter(), stopwatch, workspace_id, new_id(), 130) == 100


async def test_two_replicas_pass_the_quota_together(
    new_limiter: Callable[[], Limiter], stopwatch: Stopwatch, workspace_id: UUID
) -> None:
    one, two, key = new_limiter(), new_limiter(), new_id()
    passed = 0
    for _ in range(80):
        passed += await ask(one, stopwatch, workspace_id, key, 1)
        passed += await ask(two, stopwatch, workspace_id, key, 1)
    assert 100 - 2 * POLICY.slice <= passed <= 100 + 2 * POLICY.slice


async def test_keys_do_not_share(new_limiter: Callable[[], Limiter], stopwatch: Stopwatch, workspace_id: UUID) -> None:
    limiter = new_limiter()
    assert await ask(limiter, stopwatch, workspace_id, new_id(), 101) == 100
    assert await ask(limiter, stopwatch, workspace_id, new_id(), 1) == 1


async def test_the_bucket_refills_with_time(
    new_limiter: Callable[[], Limiter], stopwatch: Stopwatch, workspace_id: UUID, clock: FixedClock
) -> None:
    limiter, key = new_limiter(), new_id()
    assert await ask(limiter, stopwatch, workspace_id, key, 110) == 100
    clock.advance(timedelta(seconds=5))
    assert await ask(limiter, stopwatch, workspace_id, key, 20) == 10


async def test_an_hour_of_rest_gives_one_quota_and_no_more(
    new_limiter: Callable[[], Limiter], stopwatch: Stopwatch, workspace_id: UUID, clock: FixedClock
) -> None:
    limiter, key = new_limiter(), new_id()
    await ask(limiter, stopwatch, workspace_id, key, 110)
    clock.advance(timedelta(hours=1))
    stopwatch.seconds += 3600
    assert await ask(limiter, stopwatch, workspace_id, key, 130) == 100


async def test_a_burst_is_not_held_up_by_the_database(new_limiter: Callable[[], Limiter], workspace_id: UUID) -> None:
    limiter = new_limiter()
    passed = [limiter.lease(workspace_id, new_id())[1] for _ in range(20)]
    assert all(passed)
    await limiter.stop()


async def test_limits_do_not_turn_everybody_away_when_the_database_is_gone(
    clock: FixedClock, stopwatch: Stopwatch, workspace_id: UUID
) -> None:
    gone = Database("gateway", api_url="postgresql://x@127.0.0.1:1/x", worker_url="postgresql://x@127.0.0.1:1/x")
    gone._pools["worker"] = _Refusing()  # type: ignore[assignment]  # a pool whose server is away
    limiter = Limiter(gone, clock, stopwatch, POLICY)
    assert await ask(limiter, stopwatch, workspace_id, new_id(), 10) == 10


class _Refusing:
    async def fetchrow(self, *_: object) -> None:
        raise ConnectionRefusedError
