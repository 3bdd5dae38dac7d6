"""Waiting in tests for what other coroutines and processes do."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], Awaitable[object]], *, seconds: float = 60) -> None:
    """Wait until a condition holds; TimeoutError if it does not in time."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is awaited is in a database or another process
            await asyncio.sleep(0.01)
