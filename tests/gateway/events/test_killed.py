"""A journal whose follower is killed again and again holds every event once, those of one object in their order."""

import asyncio
import random
import sys
from collections import defaultdict
from functools import partial
from pathlib import Path
from uuid import UUID

from services.kit.clock import FixedClock
from services.kit.ids import new_id
from tests.cluster import KithDatabase
from tests.gateway.events.stage import Stage, person
from tests.waiting import until

ROOT = Path(__file__).parents[3]
KILLS = 2


async def journaled(kith: KithDatabase) -> int:
    [row] = await kith.as_admin("SELECT count(*) AS number FROM gateway.journal")
    number: int = row["number"]
    return number


async def is_past(kith: KithDatabase, goal: int) -> bool:
    return await journaled(kith) >= goal


async def tell(kith: KithDatabase, clock: FixedClock, workspace_id: UUID, people: list[UUID], first: int) -> None:
    """Tell ten versions of everybody."""
    database = kith.connect("contacts")
    await database.start()
    stage = Stage({"contacts": database}, clock)
    for version in range(first, first + 10):
        await stage.tell("contacts", workspace_id, *(person(one, version) for one in people))
    await database.stop()


async def follow_until_killed(kith: KithDatabase, goal: int, pause: float) -> None:
    """Let a process follow, and kill it a moment after it has passed the goal."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.gateway.events.follower_process", kith.admin_url, cwd=ROOT
    )
    try:
        await until(partial(is_past, kith, goal))
        await asyncio.sleep(pause)
    finally:
        process.kill()
        await process.wait()


async def test_a_killed_follower_writes_every_event_exactly_once(
    own_kith: KithDatabase, workspace_id: UUID, clock: FixedClock
) -> None:
    chance = random.Random(7)
    people = [new_id() for _ in range(10)]
    for kill in range(KILLS):
        # No more than it is killed over: else it might be through with everything before the first kill.
        await tell(own_kith, clock, workspace_id, people, 10 * kill + 1)
        await follow_until_killed(own_kith, 100 * (kill + 1) - chance.randrange(30, 90), chance.random() / 25)
    await follow_until_killed(own_kith, 100 * KILLS, 0)
    rows = await own_kith.as_admin("SELECT position, object_id, version FROM gateway.journal ORDER BY position")
    assert [row["position"] for row in rows] == list(range(1, 100 * KILLS + 1))
    versions = defaultdict(list)
    for row in rows:
        versions[row["object_id"]].append(row["version"])
    assert versions == {one: list(range(1, 10 * KILLS + 1)) for one in people}
