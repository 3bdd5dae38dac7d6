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
RepChoice = RepReference | Literal["null"]


def add_span(where: Where, column: str, after: datetime | None, before: datetime | None) -> None:
    """Limit a list to rows after one instant and before another, both exclusive."""
    if after:
        where.add(f"{column} > {{}}::timestamptz", after)
    if before:
        where.add(f"{column} < {{}}::timestamptz", before)


def add_choice(where: Where, column: str, choices: Sequence[str], kind: str = "text") -> None:
    """Limit a list to rows whose column is one of the values."""
    if choices:
        where.add(f"{column} = any({{}}::{kind}[])", choices)


def add_reps(where: Where, column: str, reps: Sequence[UUID | str], caller: Identity) -> None:
    """Limit a list to rows of one of the reps; `null` stands for rows without a rep, `me` for the caller's own."""
    if not reps:
        return
    if "me" in reps and caller.rep_id is None:
        raise bad_parameter(column.rpartition(".")[2], "Your key stands for no rep.")
    ids = [rep_of(caller, rep) for rep in reps if rep != "null"]
    nobody = f" OR {column} IS NULL" if "null" in reps else ""
    where.add(f"({column} = any({{}}::uuid[]){nobody})", ids)


def spelled(name: str, values: Sequence[str], spelling: Callable[[str], str]) -> list[str]:
    """Return the one spelling of each value of a filter; BadRequest names the parameter where one has none."""
    try:
        return [spelling(value) for value in values]
    except ValueError as error:
        raise bad_parameter(name, str(error)) from error
