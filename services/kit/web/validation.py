"""Turning FastAPI's validation errors into problems that name each field."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

from services.kit.problems import BadRequest, ErrorItem, Invalid, Problem, Where
from services.kit.web.json_body import escape

MAX_ITEMS = 50
PLACES: dict[str, Where] = {"query": "query", "path": "path", "header": "header", "cookie": "header", "body": "body"}


def explain(error: RequestValidationError) -> Problem:
    """Return 400 for parameters and headers, 422 for the body."""
    items = [item_of(fault) for fault in list(error.errors())[:MAX_ITEMS]]
    outside = [item for item in items if item.where != "body"]
    if outside:
        return BadRequest("A parameter or header does not fit.", errors=outside)
    return Invalid("The body does not fit.", errors=items)


def item_of(fault: Mapping[str, Any]) -> ErrorItem:
    """Return one validation error as an item of a problem document."""
    where, *path = fault["loc"]
    place = PLACES.get(str(where), "body")
    message = str(fault["msg"]).removeprefix("Value error, ")
    if place == "body":
        return ErrorItem("body", message, str(fault["type"]), pointer=pointer_of(path))
    return ErrorItem(place, message, str(fault["type"]), name=str(path[0]) if path else None)


def pointer_of(path: Sequence[str | int]) -> str:
    """Return a path of keys and indexes as a JSON pointer fragment: `#/emails/0/address`."""
    return "#" + "".join(f"/{escape(str(step))}" for step in path)
