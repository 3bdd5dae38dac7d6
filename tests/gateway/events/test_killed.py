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


async def journaled(kith: KithDatabase) -> int:
    [row] = await kith.as_admin("SELECT count(*) AS number FROM gateway.journal")
    number: int = row["number"]
    return number


async def is_past(kith: KithDatabase, goal: int) -> bool:
    return await journaled(kith) >= goal


async def test_a_killed_follower_writes_every_event_exactly_once(
    own_kith: KithDatabase, workspace_id: UUID, clock: FixedClock
) -> None:
    chance = random.Random(7)
    database = own_kith.connect("contacts")
    await database.start()
    people = [new_id() for _ in range(10)]
    for version in range(1, 31):
        stage = Stage({"contacts": database}, clock)
        await stage.tell("contacts", workspace_id, *(person(one, version) for one in people))
    await database.stop()
    kills = 0
    while await journaled(own_kith) < 300:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.gateway.events.follower_process", own_kith.admin_url, cwd=ROOT
        )
        goal = min(300, await journaled(own_kith) + chance.randrange(50, 110))
        await until(partial(is_past, own_kith, goal), seconds=30)
        await asyncio.sleep(chance.random() / 25)
        process.kill()
        await process.wait()
        kills += 1
    assert kills >= 3
    rows = await own_kith.as_admin("SELECT position, object_id, version FROM gateway.journal ORDER BY position")
    assert [row["position"] for row in rows] == list(range(1, 301))
    versions = defaultdict(list)
    for row in rows:
        versions[row["object_id"]].append(row["version"])
    assert versions == {one: list(range(1, 31)) for one in people}
