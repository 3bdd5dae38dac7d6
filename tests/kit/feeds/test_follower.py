"""A follower: each event takes effect exactly once, and whatever cannot be applied stops it in plain sight."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import structlog
from prometheus_client import REGISTRY

from services.kit.clock import FixedClock, SystemClock
from services.kit.feeds import Follower, Sequencer
from services.kit.feeds.cursors import CursorMoved
from services.kit.feeds.epochs import renew_epoch
from services.kit.feeds.events import Place
from services.kit.feeds.follower import PATIENCE_SECONDS
from services.kit.feeds.problems import EpochChanged
from services.kit.feeds.source import FeedSource, Received
from services.kit.ids import new_id
from services.kit.problems import Unavailable
from tests.kit.feeds.stage import Stage, Sums
from tests.waiting import until


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"service": "scoring", "follower": "sums", **labels})


def stopped() -> set[str]:
    reasons = ("failing_event", "rebuilding", "expired", "epoch_changed", "beyond_head")
    return {reason for reason in reasons if gauge("kith_follower_stopped", reason=reason)}


async def number(stage: Stage) -> None:
    assert await Sequencer(stage.producer, SystemClock()).number_all()


@contextlib.asynccontextmanager
async def running(*followers: Follower) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(follower.run()) for follower in followers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_caught_up(stage: Stage, position: int) -> None:
    async def there() -> bool:
        return (await stage.cursor())[1] >= position

    await until(there)


async def test_it_applies_all_events_in_order_and_remembers_where_it_stands(stage: Stage, workspace_id: UUID) -> None:
    one, two = sorted([new_id(), new_id()])
    await stage.count(workspace_id, one, two, times=30)
    await stage.count(workspace_id, two, times=5)
    await number(stage)
    follower = stage.follower(Sums(), batch=7)
    while await follower.step():
        pass
    assert await stage.totals() == {one: 30, two: 35}
    assert await stage.disorders() == 0
    assert (await stage.cursor())[1:] == (65, "following")


async def test_events_of_no_interest_only_move_the_cursor(stage: Stage, workspace_id: UUID) -> None:
    class Indifferent(Sums):
        types = frozenset({"something.else"})

    await stage.count(workspace_id, new_id())
    await number(stage)
    handler = Indifferent()
    assert await stage.follower(handler).step() == 1
    assert handler.batches == []
    assert (await stage.cursor())[1] == 1


async def test_a_follower_cut_off_in_the_middle_of_a_batch_applies_it_once(stage: Stage, workspace_id: UUID) -> None:
    thing = new_id()
    await stage.count(workspace_id, thing, times=10)
    await number(stage)
    held = Sums()
    held.hold = asyncio.Event()
    cut_off = asyncio.create_task(stage.follower(held).step())
    await held.applying.wait()
    cut_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut_off
    assert await stage.totals() == {}
    await stage.follower(Sums()).step()
    assert await stage.totals() == {thing: 10}


async def test_two_processes_with_one_name_apply_each_event_once(stage: Stage, workspace_id: UUID) -> None:
    things = sorted(new_id() for _ in range(5))
    followers = [stage.follower(Sums(), batch=3, wait=0.2) for _ in range(3)]
    async with running(*followers):
        for _ in range(20):
            await stage.count(workspace_id, *things)
            await number(stage)
        await until_caught_up(stage, 100)
    assert await stage.totals() == dict.fromkeys(things, 20)
    assert await stage.disorders() == 0


async def test_a_batch_held_by_one_process_makes_the_other_stand_by(stage: Stage, workspace_id: UUID) -> None:
    await stage.count(workspace_id, new_id())
    await number(stage)
    held = Sums()
    held.hold = asyncio.Event()
    first = asyncio.create_task(stage.follower(held).step())
    await held.applying.wait()
    second = Sums()
    with pytest.raises(CursorMoved):
        await stage.follower(second).step()
    assert second.batches == []
    held.hold.set()
    assert await first == 1


async def test_a_failing_event_stops_it_and_nothing_is_skipped(stage: Stage, workspace_id: UUID) -> None:
    good, bad, later = new_id(), new_id(), new_id()
    await stage.count(workspace_id, good, times=13)
    await stage.count(workspace_id, bad)
    await stage.count(workspace_id, later, times=9)
    await number(stage)
    handler = Sums()
    handler.poison = bad

    async def failing() -> bool:
        return stopped() == {"failing_event"}

    async def going_on() -> bool:
        return stopped() == set() and (await stage.cursor())[1] == 23

    async with running(stage.follower(handler, wait=0.1)):
        await until(failing)
        assert await stage.totals() == {good: 13}, "what stands before the failing event has taken effect"
        await asyncio.sleep(0.2)
        assert (await stage.cursor())[1] == 13
        assert gauge("kith_follower_lag_events") == 10
        handler.poison = None
        await until(going_on)
    assert await stage.totals() == {good: 13, bad: 1, later: 9}


async def test_the_log_of_a_failing_event_names_ids_only(
    stage: Stage, workspace_id: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = new_id()
    await stage.count(workspace_id, bad)
    await number(stage)
    handler = Sums()
    handler.poison = bad
    with pytest.raises(ArithmeticError):
        await stage.follower(handler).step()
    printed = capsys.readouterr().out
    assert str(bad) in printed
    assert "ArithmeticError" in printed
    assert "cannot be counted" not in printed


async def test_lag_is_shown_in_events_and_seconds(stage: Stage, workspace_id: UUID) -> None:
    stage.clock = FixedClock(datetime.now(UTC) + timedelta(minutes=5))
    await stage.count(workspace_id, new_id(), times=10)
    await number(stage)
    follower = stage.follower(Sums(), batch=4)
    await follower.step()
    assert gauge("kith_follower_lag_events") == 6
    assert 200 < (gauge("kith_follower_lag_seconds") or 0) <= 300
    await follower.step()
    await follower.step()
    assert gauge("kith_follower_lag_events") == 0
    assert gauge("kith_follower_lag_seconds") == 0


async def test_lag_grows_while_nothing_can_be_applied_and_while_nobody_answers(
    stage: Stage, workspace_id: UUID
) -> None:
    now = datetime.now(UTC)
    stage.clock = clock = FixedClock(now)
    failing = Sums()
    failing.poison = new_id()
    await stage.count(workspace_id, failing.poison)
    await number(stage)
    follower = stage.follower(failing)
    with pytest.raises(ArithmeticError):
        await follower.step()
    clock.set(now + timedelta(minutes=10))
    assert 500 < (gauge("kith_follower_lag_seconds") or 0) <= 600
    failing.poison = None
    await follower.step()
    assert gauge("kith_follower_lag_seconds") == 0
    clock.advance(timedelta(seconds=20))
    assert gauge("kith_follower_lag_seconds") == 0, "a long poll may take so long"
    clock.advance(timedelta(minutes=1))
    assert gauge("kith_follower_lag_seconds") == 80, "nobody has answered since"


async def test_a_new_epoch_makes_it_rebuild_from_the_snapshot(stage: Stage, workspace_id: UUID) -> None:
    kept, lost = sorted([new_id(), new_id()])
    await stage.count(workspace_id, kept, lost, times=4)
    await number(stage)
    follower = stage.follower(Sums())
    await follower.step()
    # A restore takes the producer back: one thing is gone, the other has an older version.
    await stage.database.as_admin("DELETE FROM contacts.things WHERE id = $1", lost)
    await stage.database.as_admin("UPDATE contacts.things SET version = 2 WHERE id = $1", kept)
    epoch = await renew_epoch(stage.producer)
    await follower.step()
    async with stage.consumer.worker() as session:
        rows = await session.fetch("SELECT id, version FROM counts")
    assert [(row["id"], row["version"]) for row in rows] == [(kept, 2)]
    assert await stage.cursor() == (epoch, 8, "following")
    await stage.count(workspace_id, kept)
    await number(stage)
    assert await follower.step() == 1
    assert stopped() == set()


async def test_a_producer_that_lost_events_makes_it_rebuild(stage: Stage, workspace_id: UUID) -> None:
    thing = new_id()
    await stage.count(workspace_id, thing, times=6)
    await number(stage)
    follower = stage.follower(Sums())
    await follower.step()
    await stage.database.as_admin("DELETE FROM contacts.events WHERE position > 4")
    await stage.database.as_admin("UPDATE contacts.feed_state SET head = 4")
    await follower.step()
    assert (await stage.cursor())[1:] == (4, "following")


async def test_a_follower_older_than_the_retention_rebuilds(own_stage: Stage, workspace_id: UUID) -> None:
    things = sorted(new_id() for _ in range(4))
    await own_stage.count(workspace_id, *things, times=5)
    await Sequencer(own_stage.producer, SystemClock(), batch=5, partition_size=10).number_all()
    later = FixedClock(datetime.now(UTC) + timedelta(days=31))
    await Sequencer(own_stage.producer, later, retention_days=30).purge()
    follower = own_stage.follower(Sums())
    await follower.step()
    assert set(await own_stage.totals()) == set(things)
    assert (await own_stage.cursor())[1:] == (20, "following")


async def test_a_handler_without_a_snapshot_stays_stopped_in_plain_sight(stage: Stage, workspace_id: UUID) -> None:
    class Alone(Sums):
        streams = ()

    await stage.count(workspace_id, new_id())
    await number(stage)
    follower = stage.follower(Alone())
    await follower.step()
    await renew_epoch(stage.producer)
    with pytest.raises(EpochChanged):
        await follower.step()
    assert stopped() == {"epoch_changed"}
    assert (await stage.cursor())[1] == 1


async def test_a_rebuild_that_was_cut_off_begins_anew(stage: Stage, workspace_id: UUID) -> None:
    things = sorted(new_id() for _ in range(3))
    await stage.count(workspace_id, *things, times=2)
    await number(stage)
    await stage.follower(Sums()).step()
    await renew_epoch(stage.producer)
    held = Sums()
    held.hold = asyncio.Event()
    cut_off = asyncio.create_task(stage.follower(held).step())
    await held.applying.wait()
    cut_off.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await cut_off
    assert (await stage.cursor())[2] == "rebuilding"
    await stage.follower(Sums()).step()
    assert (await stage.cursor())[2] == "following"
    assert await stage.totals() == dict.fromkeys(things, 1)


async def test_only_one_process_rebuilds(stage: Stage, workspace_id: UUID) -> None:
    await stage.count(workspace_id, new_id())
    await number(stage)
    await stage.follower(Sums()).step()
    await renew_epoch(stage.producer)
    held = Sums()
    held.hold = asyncio.Event()
    first = asyncio.create_task(stage.follower(held).step())
    await held.applying.wait()
    second = Sums()
    with pytest.raises(CursorMoved):
        await stage.follower(second).step()
    held.hold.set()
    await first
    assert second.batches == []


async def test_a_stopped_producer_is_waited_for(stage: Stage, workspace_id: UUID) -> None:
    thing = new_id()
    await stage.count(workspace_id, thing)
    await number(stage)
    await stage.producer.stop()
    async with running(stage.follower(Sums(), wait=0.1)):
        await asyncio.sleep(0.1)
        await stage.producer.start()
        await until_caught_up(stage, 1)
    assert await stage.totals() == {thing: 1}
    assert stopped() == set()


class Absent(FeedSource):
    """A producer that does not answer, until it is there."""

    away = True

    async def read(self, after: Place | None, limit: int, wait_seconds: float) -> Received:
        if self.away:
            raise Unavailable
        return await super().read(after, limit, wait_seconds)


async def test_of_a_producer_that_is_away_it_tells_at_once_and_warns_only_when_that_lasts(stage: Stage) -> None:
    source = Absent(stage.client, "scoring")
    follower = Follower("sums", source, Sums(), stage.consumer, wait_seconds=0)

    async def told(times: int) -> list[str]:
        with structlog.testing.capture_logs() as lines:
            for _ in range(times):
                await follower._attempt()
        return [line["log_level"] for line in lines if line["event"] == "follower_waits"]

    assert await told(3) == ["info"]
    assert follower._warn_at is not None
    follower._warn_at -= PATIENCE_SECONDS
    assert await told(3) == ["warning"]
    source.away = False
    assert await told(1) == []
    source.away = True
    assert await told(2) == ["info"]
