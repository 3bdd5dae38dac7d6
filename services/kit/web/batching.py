"""Answering a batch over HTTP; apart from `batches`, which schemas use and which knows no web framework."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel

from services.kit.problems import Problem
from services.kit.web.batches import BatchRead, Item, Outcomes, split_faulty

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

Atomic = Annotated[bool, Query(description="Take all items or none.")]


async def answer_batch(
    request: Request,
    items: Sequence[Item[T]],
    act: Callable[[list[T]], Awaitable[Sequence[R | Problem]]],
    line: Callable[[R], tuple[int, UUID | None, int]],
    *,
    atomic: bool,
) -> BatchRead:
    """Let `act` judge the items that fit, all at once, and say of each what became of it.

    `line` gives the status, id and version of a result that is no problem.
    """
    outcomes = Outcomes(request.app.state.kit.settings.public_url.rstrip("/"), request.url.path)
    fitting = split_faulty(items, outcomes)
    found = await act([item for _, item in fitting])
    for (place, _), one in zip(fitting, found, strict=True):
        if isinstance(one, Problem):
            outcomes.fail(place, one)
        else:
            outcomes.succeed(place, *line(one))
    return outcomes.answer(atomic=atomic)
