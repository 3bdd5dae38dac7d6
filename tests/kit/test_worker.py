"""Background loops: restarted when they crash, ended when told to."""

import asyncio
import time

import pytest
from prometheus_client import REGISTRY

from services.kit.backoff import Backoff
from services.kit.worker import Worker
from tests.waiting import until


def quick(worker: Worker) -> Worker:
    for loop in worker._loops.values():
        loop.backoff = Backoff(0.01, 0.02)
    return worker


async def test_a_crashed_loop_is_started_again_and_others_do_not_notice() -> None:
    starts: list[str] = []

    async def crash() -> None:
        starts.append("crash")
        raise ArithmeticError

    async def steady() -> None:
        starts.append("steady")
        await asyncio.sleep(60)

    worker = Worker("tests")
    worker.add("crash", crash)
    worker.add("steady", steady)

    async def crashed_twice() -> bool:
        return starts.count("crash") >= 3

    async with quick(worker).running():
        await until(crashed_twice)
        report = await worker.report()
        assert REGISTRY.get_sample_value("kith_loop_up", {"service": "tests", "loop": "steady"}) == 1
    assert starts.count("steady") == 1
    assert report["crash"] == {"running": True, "restarts": starts.count("crash"), "last_error": "ArithmeticError"}
    assert REGISTRY.get_sample_value("kith_loop_up", {"service": "tests", "loop": "steady"}) == 0


async def test_a_loop_that_can_finish_may_do_so() -> None:
    done = asyncio.Event()
    asked = asyncio.Event()

    async def careful() -> None:
        await asked.wait()
        await asyncio.sleep(0.05)
        done.set()

    worker = Worker("tests")
    worker.add("careful", careful, finish=asked.set)
    async with worker.running():
        await asyncio.sleep(0)
    assert done.is_set()


async def test_a_loop_that_does_not_end_is_cut_off() -> None:
    async def stubborn() -> None:
        await asyncio.sleep(60)

    worker = Worker("tests", stop_seconds=0.1)
    worker.add("stubborn", stubborn, finish=lambda: None)
    began = time.monotonic()
    async with worker.running():
        await asyncio.sleep(0)
    assert time.monotonic() - began < 20


async def test_a_loop_that_waits_for_its_restart_ends_at_once() -> None:
    async def crash() -> None:
        raise ArithmeticError

    worker = Worker("tests")
    worker.add("crash", crash, finish=lambda: None)
    for loop in worker._loops.values():
        loop.backoff = Backoff(60, 60)
    began = time.monotonic()
    async with worker.running():
        await asyncio.sleep(0.05)
    assert time.monotonic() - began < 20


async def test_the_log_of_a_crash_quotes_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    async def crash() -> None:
        message = "Ada Lovelace cannot be reached"
        raise ArithmeticError(message)

    worker = Worker("tests")
    worker.add("crash", crash)
    async with worker.running():
        await asyncio.sleep(0.05)
    printed = capsys.readouterr().out
    assert "test_worker.py" in printed
    assert "Lovelace" not in printed


def test_names_of_loops_are_unique() -> None:
    async def nothing() -> None:
        return

    worker = Worker("tests")
    worker.add("one", nothing)
    with pytest.raises(ValueError, match="one"):
        worker.add("one", nothing)


def test_pauses_grow_to_a_limit_with_jitter() -> None:
    without = Backoff(1, 10, chance=lambda: 0.0)
    assert [without.pause() for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    without.reset()
    assert without.pause() == 1
    half = Backoff(1, 10, chance=lambda: 1.0)
    assert [half.pause() for _ in range(3)] == [0.5, 1, 2]
    many = Backoff()
    assert all(0 < many.pause() <= 30 for _ in range(100))
