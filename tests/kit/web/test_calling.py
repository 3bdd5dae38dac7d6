"""What an endpoint asks for is read once; what would not be carried out is refused then."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Cookie, Depends
from fastapi.routing import APIRoute

from services.kit.web.calling import Endpoint


def not_a_coroutine() -> None:
    """Answer at once."""


async def with_a_cookie(taste: Annotated[str, Cookie()]) -> str:
    """Answer what a cookie says."""
    return taste


async def with_more_to_do(tasks: BackgroundTasks) -> None:
    """Leave something for later."""
    tasks.add_task(not_a_coroutine)


async def opened() -> AsyncIterator[int]:
    """Hold something open."""
    yield 1


async def with_something_open(held: Annotated[int, Depends(opened)]) -> int:
    """Answer what is held open."""
    return held


@pytest.mark.parametrize("call", [not_a_coroutine, with_a_cookie, with_more_to_do, with_something_open])
def test_an_endpoint_that_asks_for_what_is_not_given_stops_the_start(call: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="is no coroutine, or asks for cookies or background tasks"):
        Endpoint(APIRoute("/", call))
