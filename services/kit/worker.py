"""The background work of one process: named loops that are restarted when they crash and end when they are told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from services.kit.backoff import Backoff
from services.kit.failures import where
from services.kit.metrics import LOOP_RESTARTS, LOOP_UP
from services.kit.wakeups import wait_for

log = structlog.get_logger(__name__)

HEALTHY_SECONDS = 60.0
"""A loop that ran so long before it crashed is restarted quickly again."""

Run = Callable[[], Awaitable[None]]


@dataclass
class Loop:
    """One loop and how it has been doing."""

    name: str
    run: Run
    finish: Callable[[], None] | None = None
    """Asks the loop to end by itself; without it the loop is cancelled, which rolls its transaction back."""
    backoff: Backoff = field(default_factory=lambda: Backoff(0.5, 5))
    task: "asyncio.Task[None] | None" = None
    restarts: int = 0
    last_error: str | None = None


class Worker:
    """Runs loops side by side; each crashes and restarts alone."""

    def __init__(self, service: str, *, stop_seconds: float = 20) -> None:
        """Let loops finish what they are doing for `stop_seconds` at most when they are stopped."""
        self.service = service
        self._stop_seconds = stop_seconds
        self._loops: dict[str, Loop] = {}
        self._stopping = asyncio.Event()

    def add(self, name: str, run: Run, *, finish: Callable[[], None] | None = None) -> None:
        """Add a loop before the start; its name is unique in the process."""
        if name in self._loops:
            message = f"there is a loop {name} already"
            raise ValueError(message)
        self._loops[name] = Loop(name, run, finish)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the loops while the context is open."""
        self.start()
        try:
            yield
        finally:
            await self.stop()

    def start(self) -> None:
        """Start every loop."""
        for loop in self._loops.values():
            loop.task = asyncio.create_task(self._keep_running(loop), name=loop.name)

    async def stop(self) -> None:
        """End every loop: those that can finish may, for a while; the rest is cancelled."""
        self._stopping.set()
        tasks = {loop.task for loop in self._loops.values() if loop.task is not None}
        for loop in self._loops.values():
            if loop.finish is not None:
                loop.finish()
            elif loop.task is not None:
                loop.task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._stop_seconds)
            for task in late:
                log.warning("loop_cut_off", loop=task.get_name())
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def report(self) -> dict[str, object]:
        """Return the state of each loop, for the health details."""
        return {
            loop.name: {
                "running": loop.task is not None and not loop.task.done(),
                "restarts": loop.restarts,
                "last_error": loop.last_error,
            }
            for loop in self._loops.values()
        }

    async def _keep_running(self, loop: Loop) -> None:
        up = LOOP_UP.labels(self.service, loop.name)
        while not self._stopping.is_set():
            up.set(1)
            began = asyncio.get_running_loop().time()
            try:
                await loop.run()
            except Exception as error:  # noqa: BLE001 - whatever a loop dies of, it is restarted
                self._note_crash(loop, error)
            finally:
                up.set(0)
            if self._stopping.is_set():
                return
            if asyncio.get_running_loop().time() - began > HEALTHY_SECONDS:
                loop.backoff.reset()
            await wait_for(self._stopping, loop.backoff.pause())

    def _note_crash(self, loop: Loop, error: Exception) -> None:
        loop.restarts += 1
        loop.last_error = type(error).__name__
        LOOP_RESTARTS.labels(self.service, loop.name).inc()
        log.error("loop_crashed", loop=loop.name, error=loop.last_error, where=where(error))
