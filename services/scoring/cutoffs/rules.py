"""The cut-offs of a population as one record, when they are taken, and how long they stay (scoring 11.1, 11.5)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from services.scoring.classes.rules import Separation
from services.scoring.rfm.rules import Metric, Quintiles
from services.scoring.tiers.rules import Lines

POPULATIONS = ("person", "account")
"""Ranked apart: one account would push every consumer out of the top (11.3)."""
TIERS = "tiers"
DAILY = "daily"
FAMILIES = (TIERS, DAILY)
"""Tier lines and average order value stay for a quarter; rhythm, quintiles and separation are taken daily."""
QUARTER_MONTHS = 3
YEAR_MONTHS = 12
NO_QUINTILES = Quintiles()
NOT_SEPARATE = Separation()


@dataclass(frozen=True, slots=True)
class Daily:
    """The cut-offs that are taken every day: g0 of 11.6, the quintiles of 11.9, the counts of 11.7."""

    typical_gap: int
    quintiles: Quintiles = NO_QUINTILES
    separation: Separation = NOT_SEPARATE


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What a population is cut at, at one time."""

    lines: Lines
    daily: Daily


def lines_body(lines: Lines) -> dict[str, object]:
    """Return tier lines as they are stored."""
    return asdict(lines)


def read_lines(body: Mapping[str, Any]) -> Lines:
    """Return stored tier lines."""
    return Lines(**body)


def daily_body(daily: Daily) -> dict[str, object]:
    """Return the daily cut-offs as they are stored."""
    return asdict(daily)


def read_daily(body: Mapping[str, Any]) -> Daily:
    """Return stored daily cut-offs."""
    quintiles: Mapping[str, Any] = body["quintiles"]
    return Daily(
        body["typical_gap"],
        Quintiles(
            quintiles["customers"],
            *(read_metric(quintiles[name]) for name in ("recency", "frequency", "monetary")),
        ),
        Separation(**body["separation"]),
    )


def read_metric(body: Mapping[str, Any]) -> Metric:
    """Return the stored edges of one metric."""
    first, second, third, fourth = body["edges"]
    return Metric((first, second, third, fourth), body["spread"])


def months_before(day: date, months: int) -> date:
    """Return the first day of the month that lies so many months before the month of `day`."""
    year, month = divmod(day.year * YEAR_MONTHS + day.month - 1 - months, YEAR_MONTHS)
    return date(year, month + 1, 1)


def closed_months(today: int, months: int) -> tuple[int, int]:
    """Return first and last day of the closed calendar months before the month of `today` (11.5, average order)."""
    day = date.fromordinal(today)
    return months_before(day, months).toordinal(), months_before(day, 0).toordinal() - 1


def quarter_start(today: int) -> int:
    """Return the first day of the calendar quarter of `today`."""
    day = date.fromordinal(today)
    return months_before(day, (day.month - 1) % QUARTER_MONTHS).toordinal()


def is_freeze(day: int, customers: int, small_base: int) -> bool:
    """Tell whether tier lines are frozen on a day: the first of a quarter, every day while the base is small."""
    return customers < small_base or day == quarter_start(day)


def freeze_due(today: int, taken_day: int | None, customers: int, small_base: int) -> bool:
    """Tell whether tier lines must be taken on `today`; `taken_day` is the day of the last ones, None for never.

    A freeze that was missed on the first day of the quarter is made up for on the first day after it.
    """
    if taken_day is None:
        return True
    return taken_day < today if customers < small_base else taken_day < quarter_start(today)


def freeze_ends(today: int, customers: int, small_base: int) -> int:
    """Return the last day of the present freeze: today while the base is small, else the end of the quarter."""
    if customers < small_base:
        return today
    day = date.fromordinal(quarter_start(today))
    return months_before(day, -QUARTER_MONTHS).toordinal() - 1
