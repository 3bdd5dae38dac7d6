"""Several sequencers and followers as processes that are killed, under writers who all want the same entity."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from services.kit.ids import new_id
from tests.kit.feeds.stage import Stage, count_up
from tests.waiting import until

ROOT = Path(__file__).parents[3]
WRITERS = 10
ROUNDS = 30
OTHERS = 5


class Program:
    """A program of this folder that starts again whenever it was killed."""

    def __init__(self, name: str, stage: Stage) -> None:
        self._command = (sys.executable, "-m", f"tests.kit.feeds.{name}", stage.database.admin_url)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it."""
        self._process = await asyncio.create_subprocess_exec(*self._command, cwd=ROOT)

    async def kill(self) -> None:
        """End it so that it cannot say goodbye."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def running(*programs: Program) -> AsyncIterator[None]:
    """Run programs while the context is open."""
    for program in programs:
        await program.start()
    try:
        yield
    finally:
        for program in programs:
            await program.kill()


async def write(stage: Stage, workspace_id: UUID, hot: UUID, others: list[UUID], chance: random.Random) -> None:
    """Change the one that everybody changes, each time together with another one."""
    for _ in range(ROUNDS):
        async with stage.producer.worker() as session:
            await count_up(session, workspace_id, sorted([hot, chance.choice(others)]))
            await asyncio.sleep(chance.random() / 100)


async def test_two_sequencers_and_two_followers_that_are_killed_keep_a_hot_entity_in_order(
    own_stage: Stage, workspace_id: UUID
) -> None:
    chance = random.Random(23)
    hot, others = new_id(), [new_id() for _ in range(OTHERS)]
    programs = [Program(name, own_stage) for name in ("sequencer_process", "follower_process") for _ in range(2)]
    async with running(*programs):
        writing = asyncio.gather(
            *(write(own_stage, workspace_id, hot, others, random.Random(seed)) for seed in range(WRITERS))
        )
        for _ in range(6):
            await asyncio.sleep(chance.random())
            victim = chance.choice(programs)
            await victim.kill()
            await victim.start()
        await writing

        async def everything_has_arrived() -> bool:
            return sum((await own_stage.totals()).values()) == 2 * WRITERS * ROUNDS

        await until(everything_has_arrived)

    rows = await own_stage.producer.worker_pool.fetch("SELECT position, subject, version FROM events ORDER BY position")
    assert [row["position"] for row in rows] == list(range(1, 2 * WRITERS * ROUNDS + 1))
    versions = [row["version"] for row in rows if row["subject"] == hot]
    assert versions == list(range(1, WRITERS * ROUNDS + 1))
    assert (await own_stage.totals())[hot] == WRITERS * ROUNDS
    assert await own_stage.disorders() == 0
