"""What a score is made of: reasons whose points add up to it, and the shortest ways up and down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

POINT = 100
"""Points are whole hundredths inside, so that sums are exact; 70.0 points are 7000."""

TENTH = 10
"""A tenth of a point."""

NOTHING: Mapping[str, object] = MappingProxyType({})

# Inside parameters and evidence, a name that ends in `_minor` holds money in minor units of the reporting currency and
# one that ends in `_day` the ordinal of a local date. They become money and dates when somebody reads them.
MINOR = "_minor"
DAY = "_day"


class Reason(NamedTuple):
    """One entry of a score: why, and how many hundredths of a point it gives or takes."""

    code: str
    points: int
    params: Mapping[str, object] = NOTHING
    evidence: Mapping[str, object] = NOTHING


class Score(NamedTuple):
    """One score of a customer. `value` and `points` are None where they are unknown; `missing` then says why."""

    kind: str
    value: str | None
    points: int | None
    reasons: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()
    detail: Mapping[str, object] = NOTHING
    confidence: Mapping[str, object] = MappingProxyType({"n": 0})
    scored_as: UUID | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the reasons, most weighty first."""
        return tuple(reason.code for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Step:
    """One way to the next label: a measure, what it is now, what it must become, and until which day that counts."""

    measure: str
    have: int
    need: int
    by_day: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """The next label up and the steps that lead there, the shortest first; each step alone is enough."""

    label: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Threat:
    """The first label down if nothing new happens, what brings it about, and the local day on which it does."""

    label: str
    measure: str
    at_day: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would change a score."""

    up: Way | None = None
    down: Threat | None = None


def ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return reasons by the size of their points, then by code (11.4)."""
    return tuple(sorted(reasons, key=lambda reason: (-abs(reason.points), reason.code)))


def total(reasons: Iterable[Reason]) -> int:
    """Return the sum of the reasons' points, in hundredths."""
    return sum(reason.points for reason in reasons)


def add_up(
    kind: str,
    value: str | None,
    reasons: Iterable[Reason],
    *,
    missing: tuple[str, ...] = (),
    detail: Mapping[str, object] = NOTHING,
    confidence: Mapping[str, object],
) -> Score:
    """Return a score whose points are the sum of its reasons (11.4)."""
    entries = ordered(reasons)
    return Score(kind, value, total(entries), entries, missing, detail, confidence)


def unknown(
    kind: str, *missing: str, n: int = 0, detail: Mapping[str, object] = NOTHING, scored_as: UUID | None = None
) -> Score:
    """Return a score that is not known, with what is missing (11.4)."""
    return Score(kind, None, None, missing=missing, detail=detail, confidence={"n": n}, scored_as=scored_as)


def unscored(kind: str, reason: str) -> Score:
    """Return the null score of a customer who is kept out of every population, with the reason (11.3)."""
    return Score(kind, None, None, (Reason(reason, 0),))


def cap(points: int, ceiling: int) -> tuple[Reason, ...]:
    """Return the negative reason that brings points down to a ceiling; none where they are within it (11.4)."""
    return (Reason("cap", ceiling - points, {"ceiling": ceiling // POINT}),) if points > ceiling else ()
