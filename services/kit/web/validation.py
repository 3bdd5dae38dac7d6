"""Turning FastAPI's validation errors into problems that name each field."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.kit.problems import BadRequest, ErrorItem, Invalid, Problem, Where
from services.kit.web.json_body import escape

MAX_ITEMS = 50
MISSING = "missing"
PLACES: dict[str, Where] = {"query": "query", "path": "path", "header": "header", "cookie": "header", "body": "body"}


def explain(faults: Sequence[Mapping[str, Any]], body: object) -> Problem:
    """Return 400 for parameters and headers, 422 for the body."""
    items = [item_of(fault, body) for fault in faults]
    outside = [item for item in items if item.where != "body"]
    if outside:
        return BadRequest("A parameter or header does not fit.", errors=outside[:MAX_ITEMS])
    return Invalid("The body does not fit.", errors=items[:MAX_ITEMS])


def item_of(fault: Mapping[str, Any], body: object) -> ErrorItem:
    """Return one validation error as an item of a problem document."""
    where, *path = fault["loc"]
    place = PLACES.get(str(where), "body")
    message = str(fault["msg"]).removeprefix("Value error, ")
    if place == "body":
        return ErrorItem("body", message, str(fault["type"]), pointer=pointer_of(fault, path, body))
    return ErrorItem(place, message, str(fault["type"]), name=str(path[0]) if path else None)


def pointer_of(fault: Mapping[str, Any], path: Sequence[str | int], body: object) -> str:
    """Return where in a body a fault is, as a JSON pointer fragment: `#/emails/0/address`.

    A path of pydantic also names what it tried there (members of a union, `[key]`); only what is in the body, and what
    is missing in it, is part of the pointer.
    """
    pointer, value = "#", body
    for step in path[:-1] if fault["type"] == MISSING else path:
        if isinstance(value, dict) and step in value:
            pointer, value = f"{pointer}/{escape(str(step))}", value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            pointer, value = f"{pointer}/{step}", value[step]
    return f"{pointer}/{escape(str(path[-1]))}" if fault["type"] == MISSING and path else pointer
