"""Waiting a moment for what other services have just told: callers create something there and use it here at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WAIT_SECONDS = 2.0
LOOK_SECONDS = 0.05


async def until(look: Callable[[], Awaitable[T]], is_there: Callable[[T], bool]) -> T:
    """Look again until it is there or two seconds have passed; returns what was seen last."""
    seen = await look()
    for _ in range(int(WAIT_SECONDS / LOOK_SECONDS)):
        if is_there(seen):
            break
        await asyncio.sleep(LOOK_SECONDS)
        seen = await look()
    return seen
