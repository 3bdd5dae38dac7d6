"""Conditions that many lists share: spans of time, reps, texts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from services.contacts.callers import rep_of
from services.contacts.vocabulary import RepReference
from services.kit.identity import Identity
from services.kit.problems import bad_parameter
from services.kit.web.lists import Where

MAX_CHOICES = 50
Choice = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Null = Literal["null"]
"""What stands for rows without a value, in the filters of columns that may be null."""
RepChoice = RepReference | Null
OF_SOURCES = "any(coalesce({}::text[], array(SELECT s.key FROM sources s) || ARRAY['import', 'manual']))"
"""Any of these sources, or of all where none is named: an id is looked up in each, as the unique index has it.

The two that exist from the start have a row once they are used.
"""


def add_span(where: Where, column: str, after: datetime | None, before: datetime | None) -> None:
    """Limit a list to rows after one instant and before another, both exclusive."""
    if after:
        where.add(f"{column} > {{}}::timestamptz", after)
    if before:
        where.add(f"{column} < {{}}::timestamptz", before)


def add_choice(where: Where, column: str, choices: Sequence[object], kind: str = "text") -> None:
    """Limit a list to rows whose column is one of the values."""
    if choices:
        where.add(f"{column} = any({{}}::{kind}[])", choices)


def add_optional(where: Where, column: str, choices: Sequence[object], kind: str = "text") -> None:
    """Limit a list to rows whose column is one of the values; `null` stands for rows without one."""
    if choices:
        nothing = f" OR {column} IS NULL" if "null" in choices else ""
        known = [choice for choice in choices if choice != "null"]
        where.add(f"({column} = any({{}}::{kind}[]){nothing})", known)


def add_reps(where: Where, column: str, reps: Sequence[UUID | str], caller: Identity) -> None:
    """Limit a list to rows of one of the reps; `null` stands for rows without a rep, `me` for the caller's own."""
    if "me" in reps and caller.rep_id is None:
        raise bad_parameter(column.rpartition(".")[2], "Your key stands for no rep.")
    add_optional(where, column, [rep if rep == "null" else rep_of(caller, rep) for rep in reps], "uuid")


def spelled(name: str, values: Sequence[str], spelling: Callable[[str], str]) -> list[str]:
    """Return the one spelling of each value of a filter; BadRequest names the parameter where one has none."""
    try:
        return [spelling(value) for value in values]
    except ValueError as error:
        raise bad_parameter(name, str(error)) from error
