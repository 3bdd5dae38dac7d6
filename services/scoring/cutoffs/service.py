"""Cut-offs in force: recorded ones, or, while nothing is recorded, those of the moment; and recording them."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from services.kit.database import Session
from services.scoring.classes.rules import Separation
from services.scoring.cutoffs import repository
from services.scoring.cutoffs.repository import Wanted, hold
from services.scoring.cutoffs.rules import (
    DAILY,
    FAMILIES,
    POPULATIONS,
    TIERS,
    Cutoffs,
    Daily,
    daily_body,
    freeze_due,
    lines_body,
    read_daily,
    read_lines,
)
from services.scoring.facts import service as facts
from services.scoring.facts.rules import local_day
from services.scoring.facts.service import Valuer
from services.scoring.holding.rules import Calendar
from services.scoring.policies.rules import Policy
from services.scoring.policies.service import InForce
from services.scoring.rfm.rules import Metric, Quintiles
from services.scoring.tiers.rules import Lines, average_base

if TYPE_CHECKING:
    import asyncpg

__all__ = ["CutoffService", "Setting", "Taken", "hold"]

LIFE = 20
"""Unrecorded cut-offs are kept for so many times as long as they took to work out."""
MOST_KEPT = 1000
ALL: Mapping[str, Collection[str]] = dict.fromkeys(POPULATIONS, FAMILIES)
Passing = tuple[UUID, str, datetime | None, str]
Body = dict[str, object]
Found = TypeVar("Found", Lines, Daily)


@dataclass(frozen=True, slots=True)
class Setting:
    """Whose cut-offs, by which rules."""

    workspace_id: UUID
    policy: InForce
    valuer: Valuer


@dataclass(frozen=True, slots=True)
class Taken:
    """Cut-offs of a population, its evaluation points, and whether all of it was recorded."""

    cutoffs: Cutoffs
    calendar: Calendar
    recorded: bool


class CutoffService:
    """Finds and records cut-offs.

    Remembers unrecorded ones for a moment, so that a flood of orders does not rank anew with every batch, and recorded
    tier lines for as long as no others were recorded.
    """

    def __init__(self, shortest_life: float = 1.0) -> None:
        """Keep the unrecorded cut-offs of the present for at least so many seconds."""
        self._shortest = shortest_life
        self._passing: dict[Passing, tuple[float, Lines | Daily]] = {}
        self._calendars: dict[tuple[UUID, str], tuple[object, Calendar]] = {}

    async def at(
        self, session: Session, setting: Setting, population: str, as_of: datetime, *, past: bool = False
    ) -> Taken:
        """Return the cut-offs in force at a time (11.1); `past` says that it is a given one and not the present."""
        rows = await repository.in_force(session, setting.workspace_id, population, as_of, dated=past)
        found = {row["family"]: row["body"] for row in rows}
        lines = read_lines(found[TIERS]) if TIERS in found else None
        daily = read_daily(found[DAILY]) if DAILY in found else None
        key = (setting.workspace_id, population, as_of if past else None)
        if lines is None:
            lines = await self._for_now(session, setting, (*key, TIERS), as_of, lines_in)
        if daily is None:
            daily = await self._for_now(session, setting, (*key, DAILY), as_of, daily_in)
        calendar = await self._calendar(session, setting, population, as_of)
        return Taken(Cutoffs(lines, daily), calendar, recorded=len(found) == len(FAMILIES))

    def forget(self) -> None:
        """Forget what was worked out a moment ago."""
        self._passing.clear()

    async def record(
        self,
        session: Session,
        setting: Setting,
        at: datetime,
        families: Mapping[str, Collection[str]] = ALL,
        *,
        dated: bool = False,
    ) -> None:
        """Record families of cut-offs per population as of a time; one without customers has nothing to record.

        Nobody waits while they are worked out, only while they are written.
        """
        await repository.make_room(session)
        bodies: dict[tuple[str, str], Body | None] = {}
        for population, wanted in families.items():
            if wanted and await repository.anybody(session, setting.workspace_id, population):
                figures = await self._wanted(session, setting, population, at)
                if not dated:
                    figures = replace(figures, policy_version=setting.policy.version)
                row = await repository.figures(session, figures, wanted)
                bodies |= {(population, family): BODIES[family](row, setting.policy.rules) for family in wanted}
        if not dated:
            await repository.hold_alone(session, setting.workspace_id)
        for (population, family), body in bodies.items():
            if body is not None:
                key = (setting.workspace_id, population, family)
                await repository.record(session, key, at, body, setting.policy.version, dated=dated)

    async def due(self, session: Session, setting: Setting, midnight: datetime) -> dict[str, list[str]]:
        """Return which families are to be recorded at a local midnight and are not yet (11.1, schedule)."""
        today = local_day(midnight, setting.valuer.zone)
        due = {}
        for population in POPULATIONS:
            rows = await repository.in_force(session, setting.workspace_id, population, midnight)
            found = {row["family"]: row for row in rows}
            lines = found.get(TIERS)
            day = local_day(lines["computed_at"], setting.valuer.zone) if lines else None
            customers = lines["body"]["customers"] if lines else 0
            frozen = freeze_due(today, day, customers, setting.policy.rules.small_base)
            taken_now = {family for family, row in found.items() if row["computed_at"] == midnight}
            due[population] = [one for one in FAMILIES if one not in taken_now and (one == DAILY or frozen)]
        return due

    async def _for_now(
        self,
        session: Session,
        setting: Setting,
        key: Passing,
        as_of: datetime,
        read: Callable[["asyncpg.Record", Policy], Found],
    ) -> Found:
        """Return cut-offs that are not recorded: those of a moment ago, or else out of fresh figures."""
        kept = self._passing.get(key)
        if kept and kept[0] > time.monotonic():
            return cast("Found", kept[1])
        began = time.monotonic()
        wanted = await self._wanted(session, setting, key[1], as_of)
        found = read(await repository.figures(session, wanted, [key[3]]), setting.policy.rules)
        return self._keep(key, found, began)

    def _keep(self, key: Passing, found: Found, began: float) -> Found:
        now = time.monotonic()
        if len(self._passing) > MOST_KEPT:
            self._passing.clear()
        shortest = self._shortest if key[2] is None else 0.0
        self._passing[key] = (now + max(shortest, LIFE * (now - began)), found)
        return found

    async def _wanted(self, session: Session, setting: Setting, population: str, as_of: datetime) -> Wanted:
        unsettled = await facts.unsettled(session, setting.workspace_id, as_of, setting.valuer)
        today = date.fromordinal(local_day(as_of, setting.valuer.zone))
        return Wanted(setting.workspace_id, population, as_of, today, setting.policy.rules, unsettled)

    async def _calendar(self, session: Session, setting: Setting, population: str, until: datetime) -> Calendar:
        key = (setting.workspace_id, population)
        zone = setting.valuer.zone
        mark = (zone.key, setting.policy.version, *await repository.mark_of_lines(session, *key, until))
        kept = self._calendars.get(key)
        if kept and kept[0] == mark:
            return kept[1]
        rows = await repository.recorded_lines(session, *key, until)
        calendar = Calendar(zone, [(row["computed_at"], read_lines(row["body"])) for row in rows], setting.policy.rules)
        self._calendars[key] = (mark, calendar)
        return calendar


def lines_in(row: "asyncpg.Record", policy: Policy) -> Lines:
    """Return the tier lines of a population out of its figures."""
    closed, year = ((row[f"{span}_orders"], row[f"{span}_sum"]) for span in ("closed", "year"))
    base = average_base(closed, year, policy.tier)
    return Lines(row["customers"], row["top_1"], row["top_10"], row["top_30"], *base)


def daily_in(row: "asyncpg.Record", policy: Policy) -> Daily:
    """Return the daily cut-offs of a population out of its figures."""
    enough = row["repeated"] >= policy.rhythm.least_customers
    return Daily(
        row["gap"] if enough else policy.rhythm.default_gap,
        Quintiles(
            row["buyers"],
            metric(row, "recency"),
            metric(row, "frequency"),
            metric(row, "monetary"),
        ),
        Separation(row["repeated"], row["settled_one_time"], row["repeats"]),
    )


def metric(row: "asyncpg.Record", name: str) -> Metric:
    """Return the edges of one metric; days become ordinals."""
    values: list[Any] = row[name]
    first, second, third, fourth = (one.toordinal() if isinstance(one, date) else one for one in values)
    return Metric((first, second, third, fourth), row[f"{name}_spread"])


def lines_recorded(row: "asyncpg.Record", policy: Policy) -> Body | None:
    """Return tier lines as they are recorded, None where there are none yet."""
    lines = lines_in(row, policy)
    return lines_body(lines) if lines.customers else None


def daily_recorded(row: "asyncpg.Record", policy: Policy) -> Body | None:
    """Return the daily cut-offs as they are recorded, None while nobody bought."""
    daily = daily_in(row, policy)
    return daily_body(daily) if daily.quintiles.customers else None


BODIES = {TIERS: lines_recorded, DAILY: daily_recorded}
