"""Holding a tier: up at once, down only on Mondays, after a grace that counts from when it was last earned (11.5).

The held tier is a fold over evaluation points: the workspace's first evaluation, every Monday 00:00 local, every
freeze of the lines, and every own fact of the customer (a counting order, the designation). It always uses the order
values known now, so a cancelled or refunded order never counted at any earlier point: holding protects against time
passing, not against corrections.
"""

import struct
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from services.scoring.facts.rules import History, local_day, midnight
from services.scoring.ledger.rules import Threat
from services.scoring.policies.rules import DEFAULT, Policy, TierRules
from services.scoring.tiers.rules import Lines, Standing, Tier, entry_tier

WEEK = 7


@dataclass(frozen=True, slots=True)
class Held:
    """The state of the fold after an evaluation point."""

    tier: Tier
    earned_day: int
    """Local day of the last evaluation point at which the entry tier was at least the held one."""
    low: int = 0
    """Mondays in a row below the line that keeps the tier."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state to go on from: it holds while the facts and the lines until `at` are those it was folded over."""

    at: datetime
    held: Held
    facts: int
    lines: int


@dataclass(frozen=True, slots=True)
class Point:
    """An evaluation point: instant, local day, whether it is a Monday 00:00, and the lines in force."""

    at: datetime
    day: int
    monday: bool
    lines: Lines


@dataclass(frozen=True, slots=True)
class Lately:
    """What all evaluation points after `since` have in common."""

    lines: Lines
    """The lines in force."""
    before: Lines
    """The only other lines that points after `since` saw; those in force where there are none."""
    before_until: datetime
    """The last point that saw those."""
    since: datetime | None
    """None: all points of the fold, its beginning with them."""
    beginning: datetime
    """Where the fold begins."""
    monday: datetime
    """The latest Monday; the beginning where there was none since."""


class Calendar:
    """The evaluation points that all customers of a population share, from the recorded tier lines and the zone."""

    def __init__(
        self, zone: ZoneInfo, recorded: Sequence[tuple[datetime, Lines]] = (), policy: Policy = DEFAULT
    ) -> None:
        """Take the recorded lines with the instants they were taken at, in that order."""
        self.zone = zone
        self._taken = [at for at, _ in recorded]
        self._lines = [lines for _, lines in recorded]
        self._marks = marks(zone, recorded)
        self._beginnings = beginnings(recorded, policy)
        self._mondays: list[datetime] = []
        self._points: dict[datetime, Point] = {}

    def beginning(self, until: datetime) -> datetime | None:
        """Return where the fold up to a time begins; None while nothing is recorded."""
        place = bisect_right(self._beginnings, until)
        return self._beginnings[place - 1] if place else None

    def count(self, at: datetime) -> int:
        """Return how many sets of lines were recorded until `at`."""
        return bisect_right(self._taken, at)

    def mark(self, at: datetime) -> int:
        """Return a number (64 bits) that changes with the zone and with any lines that were recorded until `at`."""
        return self._marks[self.count(at)]

    @property
    def marks(self) -> tuple[Sequence[datetime], Sequence[int]]:
        """The instants of all records, and the mark before the first and after each of them."""
        return self._taken, self._marks

    def lately(self, until: datetime) -> Lately | None:
        """Return what the latest points have in common, so that most customers need no fold of their own."""
        beginning = self.beginning(until)
        if beginning is None:
            return None
        points = [self.point(at) for at in sorted({beginning, *self.shared(beginning, until)}, reverse=True)]
        lines = self.own_point(until, 0).lines
        other = next(
            (point for point in points if point.lines != lines), Point(beginning, 0, monday=False, lines=lines)
        )
        since = next((point.at for point in points if point.lines not in (lines, other.lines)), None)
        monday = next((point.at for point in points if point.monday), beginning)
        return Lately(lines, other.lines, other.at, since, beginning, monday)

    def shared(self, after: datetime, until: datetime) -> set[datetime]:
        """Return the Mondays and freezes in (after, until], from the first evaluation on."""
        self._extend(until)
        weeks = self._mondays[bisect_right(self._mondays, after) : bisect_right(self._mondays, until)]
        return {*weeks, *self._taken[self.count(after) : self.count(until)]}

    def point(self, at: datetime) -> Point:
        """Return the evaluation point at an instant that is not before the first."""
        known = self._points.get(at)
        return known or self._remember(at)

    def own_point(self, at: datetime, day: int) -> Point:
        """Return the evaluation point of a customer's own fact, whose local day is known."""
        return self._points.get(at) or Point(at, day, monday=False, lines=self._lines[self.count(at) - 1])

    def _remember(self, at: datetime) -> Point:
        day = local_day(at, self.zone)
        monday = is_monday(day) and at == midnight(day, self.zone)
        point = self._points[at] = Point(at, day, monday, self._lines[self.count(at) - 1])
        return point

    def _extend(self, until: datetime) -> None:
        while not self._mondays or self._mondays[-1] <= until:
            day = local_day(self._mondays[-1] if self._mondays else self._taken[0], self.zone)
            self._mondays.append(midnight(next_monday(day), self.zone))
            self.point(self._mondays[-1])


def beginnings(recorded: Sequence[tuple[datetime, Lines]], policy: Policy) -> list[datetime]:
    """Return where the fold begins: at the first record, and anew where lines of a handful became those of a crowd.

    Lines taken from a few test orders say nothing about the thousands that an import brings the day after; who earned
    a tier by them has not earned it. From `small_base` customers on nothing begins anew.
    """
    found: list[datetime] = []
    base = 0
    for at, lines in recorded:
        if not found or (base < policy.small_base and lines.customers >= policy.tier.restart_growth * base):
            found.append(at)
            base = lines.customers
    return found


def marks(zone: ZoneInfo, recorded: Sequence[tuple[datetime, Lines]]) -> list[int]:
    """Return a digest before the first set of lines, and after each one of it and all before."""
    seen = blake2b(zone.key.encode(), digest_size=8)
    found = [seen.digest()]
    for at, lines in recorded:
        seen.update(repr((at.timestamp(), lines)).encode())
        found.append(seen.digest())
    return [int.from_bytes(digest, "little", signed=True) for digest in found]


def is_monday(day: int) -> bool:
    """Tell whether a day ordinal is a Monday."""
    return day % WEEK == 1


def next_monday(day: int) -> int:
    """Return the first Monday after a day."""
    return day + WEEK - (day - 1) % WEEK


def entry_at(point: Point, history: History, designated_at: datetime | None, policy: Policy) -> tuple[Tier, int]:
    """Return the entry tier and the revenue of the year at an evaluation point."""
    days = policy.year_days
    revenue = history.revenue(point.day, days, point.at)
    may_be_big = point.lines.is_big(history.biggest_net, policy.tier.big_order)
    standing = Standing(
        revenue=revenue,
        biggest=history.biggest(point.day, days, point.at) if may_be_big else None,
        designated=designated_at is not None and designated_at <= point.at,
        ever=bool(history.placed) and history.placed[0] <= point.at,
    )
    return entry_tier(standing, point.lines, policy.tier), revenue


def step(held: Held, point: Point, entry: Tier, revenue: int, rules: TierRules) -> Held:
    """Return the state after one evaluation point."""
    if entry >= held.tier:
        return Held(entry, point.day)
    if not point.monday:
        return held
    if point.lines.customers > 0 and 100 * revenue >= rules.keep_percent * point.lines.of(held.tier):
        return replace(held, low=0)
    low = held.low + 1
    if low >= rules.low_evaluations and point.day - held.earned_day >= rules.hold_days:
        return Held(Tier(held.tier - 1), point.day)
    return replace(held, low=low)


def fold(
    history: History,
    designated_at: datetime | None,
    calendar: Calendar,
    until: datetime,
    policy: Policy,
    start: Checkpoint | None = None,
) -> Held | None:
    """Return the held tier at `until`, from where the fold begins or from a state whose facts are still the same.

    None while nothing is recorded until then: the caller's moment is then itself the first evaluation.
    """
    first = calendar.beginning(until)
    if first is None:
        return None
    if (
        start is not None
        and start.at >= first
        and start.lines == calendar.mark(start.at)
        and start.facts == mark_of_facts(history, designated_at, start.at)
    ):
        held, after = start.held, start.at
    else:
        entry, _ = entry_at(calendar.point(first), history, designated_at, policy)
        held, after = Held(entry, calendar.point(first).day), first
    for point in points(history, designated_at, calendar, after, until):
        entry, revenue = entry_at(point, history, designated_at, policy)
        held = step(held, point, entry, revenue, policy.tier)
    return held


def points(
    history: History, designated_at: datetime | None, calendar: Calendar, after: datetime, until: datetime
) -> list[Point]:
    """Return all evaluation points of a customer in (after, until], in order.

    Refunds are none: an order counts for its net from the start, and a point that only a refund brings could renew a
    tier, so that less revenue would do better than more.
    """
    found = {at: calendar.point(at) for at in calendar.shared(after, until)}
    for place in range(bisect_right(history.placed, after), bisect_right(history.placed, until)):
        at = history.placed[place]
        found.setdefault(at, calendar.own_point(at, history.days[place]))
    if designated_at is not None and after < designated_at <= until:
        found.setdefault(designated_at, calendar.own_point(designated_at, local_day(designated_at, calendar.zone)))
    return [found[at] for at in sorted(found)]


def mark_of_facts(history: History, designated_at: datetime | None, at: datetime) -> int:
    """Return a number (56 bits) that changes when any fact changes that the fold up to `at` has looked at."""
    seen = blake2b(digest_size=7)
    designated = designated_at.timestamp() if designated_at is not None and designated_at <= at else -1.0
    seen.update(struct.pack("<d", designated))
    known = history.placed[: bisect_right(history.placed, at)]
    for placed_at, day, net in zip(known, history.days, history.nets, strict=False):
        seen.update(struct.pack("<dqq", placed_at.timestamp(), day, net))
    return int.from_bytes(seen.digest(), "little")


def threat(
    held: Held, history: History, today: Point, policy: Policy, *, designated: bool, is_freeze: Callable[[int], bool]
) -> Threat | None:
    """Return the first downgrade if no new fact comes and the lines stay as they are; None if there is none.

    Runs the fold on, one day after the other: `is_freeze` tells on which days lines are frozen.
    """
    entry = entry_on(today.day + policy.year_days, history, today.lines, policy, designated=designated)[0]
    if entry >= held.tier:
        return None
    state, day = held, today.day
    while state.tier >= held.tier:
        day += 1
        if is_monday(day) or is_freeze(day):
            entry, revenue = entry_on(day, history, today.lines, policy, designated=designated)
            state = step(state, replace(today, day=day, monday=is_monday(day)), entry, revenue, policy.tier)
    return Threat(state.tier.name.lower(), "net_revenue", day)


def entry_on(day: int, history: History, lines: Lines, policy: Policy, *, designated: bool) -> tuple[Tier, int]:
    """Return the entry tier and the revenue of the year on a day to come."""
    revenue = history.revenue(day, policy.year_days)
    biggest = history.biggest(day, policy.year_days)
    return entry_tier(Standing(revenue, biggest, designated, ever=True), lines, policy.tier), revenue
