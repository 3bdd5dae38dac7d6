"""JSON has types: a text is no number, a number no time, and true no 1, whatever a lenient reader makes of them."""

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from functools import partial
from typing import Any

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from services.kit.clock import YEARS

JSON_TYPES = frozenset({"bool", "int", "float"})
TIMES = {
    "datetime": ("a time", re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")),
    "date": ("a date", re.compile(r"\d{4}-\d\d-\d\d")),
    "time": ("a time of day", re.compile(r"\d\d:\d\d.*")),
    "timedelta": ("an ISO 8601 duration", re.compile(r"[-+]?P.+")),
}
"""How each is written; pydantic judges the rest, but would also take seconds since 1970."""
DATED = frozenset({"datetime", "date"})
ANY_YEAR = range(MINYEAR, MAXYEAR + 1)
"""What a filter may compare with: the first or last instant there is means "always"."""
NO_SCHEMAS = frozenset({"metadata", "default", "serialization"})


def strictly(schema: CoreSchema, *, texts: bool) -> CoreSchema:
    """Return a schema that takes every value only as what it is; with `texts` all comes as text, as in a query."""
    built: CoreSchema = _built(schema, texts=texts)
    return built


def as_written(name: str, value: object) -> object:
    """Return a value as it is, unless it is no text of a time (or what a program put there)."""
    noun, shape = TIMES[name]
    if isinstance(value, int | float) or (isinstance(value, str) and not shape.fullmatch(value)):
        raise PydanticCustomError(f"{name}_text", f"Input should be {noun} as text")
    return value


def within(years: range, day: date) -> date:
    """Return a day or an instant, unless it lies outside these years in UTC."""
    try:
        found = day.astimezone(UTC).year if isinstance(day, datetime) and day.tzinfo else day.year
    except OverflowError:
        found = None
    if found not in years:
        raise PydanticCustomError("out_of_years", "Input should be in the years {first} to {last}", _span(years))
    return day


def _span(years: range) -> dict[str, int]:
    return {"first": years[0], "last": years[-1]}


def _built(schema: Any, *, texts: bool) -> Any:  # noqa: ANN401 - any part of a core schema
    if isinstance(schema, list | tuple):
        return type(schema)(_built(part, texts=texts) for part in schema)
    if not isinstance(schema, dict):
        return schema
    built = {key: part if key in NO_SCHEMAS else _built(part, texts=texts) for key, part in schema.items()}
    return _judged(built, texts=texts) if isinstance(built.get("type"), str) else built


def _judged(schema: Any, *, texts: bool) -> Any:  # noqa: ANN401 - any core schema
    kind = schema["type"]
    if kind in JSON_TYPES and not texts:
        return schema | {"strict": True}
    if kind in TIMES:
        dated = _dated(schema, ANY_YEAR if texts else YEARS) if kind in DATED else schema
        return core_schema.no_info_before_validator_function(partial(as_written, kind), dated)
    return schema


def _dated(schema: Any, years: range) -> Any:  # noqa: ANN401 - any core schema
    return core_schema.no_info_after_validator_function(partial(within, years), schema)
