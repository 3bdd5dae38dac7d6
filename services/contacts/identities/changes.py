"""What a batch of facts changes: the rows of people before and after; pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.contacts.identities.closure import Plan
from services.contacts.identities.facts import AccountFact, PersonFact
from services.contacts.identities.rules import (
    PersonState,
    absorbed,
    add_fact,
    add_person,
    empty_person,
    mark_time,
    person_of,
    stamp,
)

Row = dict[str, Any]
Rows = Mapping[UUID, Mapping[str, Any]]

REACH = ("none", "scores", "all")


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows to write; each holds its id and the columns that facts decide."""

    created: list[Row]
    changed: list[Row]
    redated: list[Row]
    """Nothing that readers see has changed, only since when it is said."""
    staff: list[Row]
    """What staff had set on people who were joined, put together."""
    effects: Mapping[UUID, str]
    """How far the facts about a person may reach: as far as the one that reaches furthest."""


def changes_of(found: Plan, facts: Sequence[PersonFact], rows: Rows) -> Changes:
    """Return what facts change, given the rows of everybody whom they concern."""
    states = {row_id: person_of(row) for row_id, row in rows.items()}
    states |= {row_id: empty_person() for row_id in found.created}
    effects: dict[UUID, str] = {}
    reps: dict[UUID, UUID | None] = {}
    for owner, fact in zip(found.owners, facts, strict=True):
        if owner:
            reps.setdefault(owner, fact.owner_rep_id)
            add_fact(states[owner], fact)
            effects[owner] = max(effects.get(owner, "none"), fact.effects, key=REACH.index)
    for loser, stays in found.joins.items():
        add_person(states[stays], states[loser])
    joined = set(found.joins.values())
    changed: list[Row] = []
    redated: list[Row] = []
    for row_id in sorted(set(rows) - set(found.joins)):
        before, after = columns_of(row_id, person_of(rows[row_id])), columns_of(row_id, states[row_id])
        if row_id in joined or shown(before) != shown(after):
            changed.append(after)
        elif before != after:
            redated.append(after)
    created = [
        {**columns_of(row_id, states[row_id]), "owner_rep_id": reps.get(row_id)} for row_id in sorted(found.created)
    ]
    return Changes(created, changed, redated, staff_after(found.joins, rows), effects)


def staff_after(joins: Mapping[UUID, UUID], rows: Rows) -> list[Row]:
    """Return what staff had set, for each who stays after joins; the oldest row's wishes come first."""
    found: dict[UUID, Row] = {}
    for loser in sorted(joins):
        stays = joins[loser]
        found[stays] = {"id": stays, **absorbed(found.get(stays) or rows[stays], rows[loser])}
    return list(found.values())


def columns_of(row_id: UUID, state: PersonState) -> Row:
    """Return the columns of `people` that show a state."""
    return {
        "id": row_id,
        **state.values,
        "emails": state.emails,
        "phones": state.phones,
        "addresses": state.addresses,
        "tags": state.tags,
        "provenance": state.marks,
    }


def shown(row: Mapping[str, Any]) -> Row:
    """Return the columns that readers see."""
    return {name: value for name, value in row.items() if name != "provenance"}


def account_changes(owners: Sequence[UUID], facts: Sequence[AccountFact], rows: Rows) -> tuple[list[Row], list[Row]]:
    """Return accounts to create and accounts to rename; the newest name counts, of two at one time the greater."""
    states: dict[UUID, Row] = {
        row_id: {"id": row_id, "name": row["name"], "provenance": dict(row["provenance"])}
        for row_id, row in rows.items()
    }
    for owner, fact in zip(owners, facts, strict=True):
        state = states.setdefault(owner, first_told(owner, fact))
        since = mark_time(fact.at)
        held = stamp(state["name"], *state["provenance"].get("name", ["", ""]))
        if fact.name and stamp(fact.name, since, fact.source) > held:
            state["name"] = fact.name
            state["provenance"]["name"] = [since, fact.source]
    created = [state for row_id, state in sorted(states.items()) if row_id not in rows]
    renamed = [
        state for row_id, state in sorted(states.items()) if row_id in rows and state["name"] != rows[row_id]["name"]
    ]
    return created, renamed


def first_told(row_id: UUID, fact: AccountFact) -> Row:
    """Return an account as it is before anything but its id is known."""
    return {"id": row_id, "name": placeholder(fact), "provenance": {}, "owner_rep_id": fact.owner_rep_id}


def placeholder(fact: AccountFact) -> str:
    """Return the name of an account that nobody has named yet."""
    return f"{fact.external_id.source} {fact.external_id.id}"
