"""When cut-offs are taken, how long they stay, and that they survive being stored."""

from datetime import date

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.classes.rules import Separation
from services.scoring.cutoffs.rules import (
    Daily,
    closed_months,
    daily_body,
    freeze_due,
    freeze_ends,
    is_freeze,
    lines_body,
    quarter_start,
    read_daily,
    read_lines,
)
from services.scoring.rfm.rules import Habits, quintiles_of
from services.scoring.tiers.rules import Lines


def day(text: str) -> int:
    """Return the ordinal of a day."""
    return date.fromisoformat(text).toordinal()


def test_the_twelve_closed_months_before_a_month() -> None:
    assert closed_months(day("2026-11-22"), 12) == (day("2025-11-01"), day("2026-10-31"))
    assert closed_months(day("2026-01-01"), 12) == (day("2025-01-01"), day("2025-12-31"))


@pytest.mark.parametrize(
    ("today", "start", "end"),
    [
        ("2026-11-22", "2026-10-01", "2026-12-31"),
        ("2026-01-01", "2026-01-01", "2026-03-31"),
        ("2026-06-30", "2026-04-01", "2026-06-30"),
    ],
)
def test_quarters(today: str, start: str, end: str) -> None:
    assert quarter_start(day(today)) == day(start)
    assert freeze_ends(day(today), 200, 200) == day(end)
    assert freeze_ends(day(today), 199, 200) == day(today)
    assert is_freeze(day(today), 199, 200)
    assert is_freeze(day(today), 200, 200) is (today == start)


@pytest.mark.parametrize(
    ("taken", "customers", "due"),
    [
        (None, 0, True),
        ("2026-10-01", 500, False),
        ("2026-09-30", 500, True),
        ("2026-11-21", 5, True),
        ("2026-11-22", 5, False),
    ],
)
def test_when_lines_are_due(taken: str | None, customers: int, *, due: bool) -> None:
    assert freeze_due(day("2026-11-22"), day(taken) if taken else None, customers, 200) is due


@given(st.lists(st.builds(Habits, st.integers(1, 99), st.integers(1, 9), st.integers(0, 10**12)), max_size=20))
def test_daily_cutoffs_can_be_stored(population: list[Habits]) -> None:
    daily = Daily(44, quintiles_of(population), Separation(1, 2, 3))
    assert read_daily(orjson.loads(orjson.dumps(daily_body(daily)))) == daily


def test_lines_can_be_stored() -> None:
    lines = Lines(7, 6, 5, 4, 3, 2)
    assert read_lines(orjson.loads(orjson.dumps(lines_body(lines)))) == lines
