"""Followers and sequencers that die at any moment: nothing is lost, nothing takes effect twice."""

import asyncio
import random
import sys
from functools import partial
from pathlib import Path
from uuid import UUID

from services.kit.clock import SystemClock
from services.kit.feeds import Sequencer
from services.kit.ids import new_id
from tests.kit.feeds.stage import Stage, Sums
from tests.waiting import until

ROOT = Path(__file__).parents[3]
KILLS = 2


async def position(stage: Stage) -> int:
    found = await stage.database.as_admin("SELECT position FROM scoring.cursors WHERE follower = 'sums'")
    return found[0]["position"] if found else 0


async def is_past(stage: Stage, goal: int) -> bool:
    return await position(stage) >= goal


async def publish(stage: Stage, workspace_id: UUID, things: list[UUID], times: int) -> None:
    """Count things up and number the events."""
    await stage.count(workspace_id, *things, times=times)
    assert await Sequencer(stage.producer, SystemClock()).number_all()


async def follow_until_killed(stage: Stage, goal: int, chance: random.Random) -> None:
    """Let a process follow, and kill it a moment after it has passed the goal."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.kit.feeds.follower_process", stage.database.admin_url, cwd=ROOT
    )
    try:
        await until(partial(is_past, stage, goal))
        await asyncio.sleep(chance.random() / 25)
    finally:
        process.kill()
        await process.wait()


async def test_a_killed_follower_applies_every_event_exactly_once(own_stage: Stage, workspace_id: UUID) -> None:
    chance = random.Random(7)
    things = sorted(new_id() for _ in range(10))
    for kill in range(1, KILLS + 1):
        await publish(own_stage, workspace_id, things, 10)
        await follow_until_killed(own_stage, 100 * kill - chance.randrange(30, 90), chance)
    survivor = asyncio.create_task(own_stage.follower(Sums(), batch=10).run())
    await until(partial(is_past, own_stage, 100 * KILLS))
    survivor.cancel()
    await asyncio.gather(survivor, return_exceptions=True)
    assert await own_stage.totals() == dict.fromkeys(things, 10 * KILLS)
    assert await own_stage.disorders() == 0


async def test_a_sequencer_cut_off_at_any_moment_leaves_no_gap(stage: Stage, workspace_id: UUID) -> None:
    chance = random.Random(11)
    things = sorted(new_id() for _ in range(5))
    written = 0
    for _ in range(30):
        await stage.count(workspace_id, *things, times=3)
        written += 15
        numbering = asyncio.create_task(Sequencer(stage.producer, SystemClock(), batch=4).number_all())
        await asyncio.sleep(chance.random() / 60)
        numbering.cancel()
        await asyncio.gather(numbering, return_exceptions=True)
    await until(Sequencer(stage.producer, SystemClock()).number_all)
    async with stage.producer.worker() as session:
        rows = await session.fetch("SELECT position, version FROM events ORDER BY position")
    assert [row["position"] for row in rows] == list(range(1, written + 1))
