"""kill -9 under load: whatever was acknowledged is there once, and the totals are right."""

import asyncio
import signal
from random import Random

import pytest

from deploy.local.processes import PART_NAMES
from tests.faults.load import Load
from tests.faults.verify import everything_is_there_once
from tests.system.client import Client
from tests.system.stack import Stack

TARGETS = (*PART_NAMES, "postgres")
RANDOM_KILLS = 20
BREATH_SECONDS = (0.2, 3.0)


@pytest.mark.timeout(1200)
async def test_every_process_and_postgres_killed_again_and_again_lose_nothing(
    stack: Stack, client: Client, load: Load, chance: Random
) -> None:
    order = [*chance.sample(TARGETS, len(TARGETS)), *chance.choices(TARGETS, k=RANDOM_KILLS)]

    async with load:
        for name in order:
            await asyncio.sleep(chance.uniform(*BREATH_SECONDS))
            await stack.kill_and_await(name)

    assert len(load.ledger.orders) > len(order)
    await everything_is_there_once(stack, client, load)


async def test_processes_told_to_stop_under_load_end_well_and_lose_nothing(
    stack: Stack, client: Client, load: Load
) -> None:
    async with load:
        for name in PART_NAMES:
            await asyncio.sleep(0.5)
            old = stack.pid(name)
            stack.kill(name, signal.SIGTERM)
            await stack.until(lambda name=name, old=old: stack.pid(name) != old, f"{name} has ended")  # type: ignore[misc]  # bound now
            await stack.until(lambda name=name: stack.is_ready(name), f"{name} is ready")  # type: ignore[misc]  # bound now

    for name in PART_NAMES:
        assert f"{name} ended with exit code 0" in stack.log.read_text()
    await everything_is_there_once(stack, client, load)


async def test_everything_killed_at_once_is_there_again_after_the_next_start(
    stack: Stack, client: Client, load: Load
) -> None:
    async with load:
        await asyncio.sleep(2)
        stack.kill("up")
        await asyncio.to_thread(stack.wait)
        await asyncio.to_thread(stack.start)
        await asyncio.sleep(1)

    await everything_is_there_once(stack, client, load)
