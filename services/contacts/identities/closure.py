"""Who is the same person: the closure over identifiers, worked out for a batch of facts at once; pure functions."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.contacts.identities.rules import Key, Keys


@dataclass(frozen=True, slots=True)
class Held:
    """An identifier that a known person holds."""

    key: Key
    owner: UUID
    joins: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch of facts means for the people it names."""

    owners: tuple[UUID | None, ...]
    """Per fact who it is about; None = anonymous."""
    created: frozenset[UUID]
    joins: Mapping[UUID, UUID]
    """Person found to be another one -> the one who stays: the smallest id, so the oldest."""
    gained: frozenset[Held]
    """Identifiers to add."""
    joining: frozenset[Key]
    """Phone numbers already held that join from now on."""


def plan(held: Sequence[Held], facts: Sequence[Keys], fresh: Callable[[], UUID]) -> Plan:
    """Return what facts mean, given every holder of every identifier in them.

    The same facts give the same partition of people in any sequence and any cut into batches.
    """
    joining = {one.key for one in held if one.joins} | {key for keys in facts for key in keys.joining}
    links: dict[UUID, list[Key]] = {one.owner: [] for one in held}
    for one in held:
        if one.key in joining:
            links[one.owner].append(one.key)
    owners = sorted(links)
    groups = components([*(keys.all & joining for keys in facts), *(links[owner] for owner in owners)])
    people, created = settle(groups[: len(facts)], dict(zip(owners, groups[len(facts) :], strict=True)), facts, fresh)
    joins = {owner: people[group] for owner, group in zip(owners, groups[len(facts) :], strict=True)}
    found = tuple(people[group] if keys.all else None for group, keys in zip(groups[: len(facts)], facts, strict=True))
    return Plan(
        owners=found,
        created=frozenset(created),
        joins={owner: stays for owner, stays in joins.items() if owner != stays},
        gained=gained_by(found, facts, {(one.key, joins[one.owner]) for one in held}, joining),
        joining=frozenset(one.key for one in held if not one.joins and one.key in joining),
    )


def settle(
    fact_groups: Sequence[int], owner_groups: Mapping[UUID, int], facts: Sequence[Keys], fresh: Callable[[], UUID]
) -> tuple[dict[int, UUID], set[UUID]]:
    """Return who each component is: the oldest of those known, else somebody new; and who is new."""
    people: dict[int, UUID] = {}
    for owner, group in owner_groups.items():
        people[group] = min(owner, people.get(group, owner))
    created = set()
    for group, keys in zip(fact_groups, facts, strict=True):
        if group not in people and keys.all:
            people[group] = fresh()
            created.add(people[group])
    return people, created


def gained_by(
    owners: Sequence[UUID | None], facts: Sequence[Keys], known: set[tuple[Key, UUID]], joining: set[Key]
) -> frozenset[Held]:
    """Return the identifiers that facts add to their owners."""
    return frozenset(
        Held(key, owner, key in joining)
        for owner, keys in zip(owners, facts, strict=True)
        if owner
        for key in keys.all
        if (key, owner) not in known
    )


def components(groups: Sequence[Iterable[Hashable]]) -> list[int]:
    """Return for each group the number of its component: groups that share an element, also over others, are one.

    The number is the place of the component's first group, so it does not depend on the elements' order.
    """
    parents = list(range(len(groups)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    first_with: dict[Hashable, int] = {}
    for place, group in enumerate(groups):
        for element in group:
            one, other = sorted((root(first_with.setdefault(element, place)), root(place)))
            parents[other] = one
    return [root(place) for place in range(len(groups))]
