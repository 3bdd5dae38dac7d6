"""Rhythm and silence, as exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.policies.rules import RhythmRules
from services.scoring.rhythm.rules import own_gap, rhythm_of, typical_gap

RULES = RhythmRules()


@pytest.mark.parametrize(
    ("first", "last", "days", "gap"),
    [
        (0, 335, 12, Fraction(35)),
        (0, 125, 3, Fraction(245, 4)),
        (0, 0, 1, Fraction(60)),
        (0, 11, 12, Fraction(131, 13)),
    ],
)
def test_the_usual_gap_mixes_own_gaps_with_two_typical_ones(first: int, last: int, days: int, gap: Fraction) -> None:
    assert rhythm_of(first, last, days, last + 30, 60, RULES).gap == gap


def test_it_is_never_below_the_shortest() -> None:
    assert rhythm_of(0, 20, 21, 20, 5, RULES).gap == 10
    none_mixed_in = RhythmRules(typical_gaps=0)
    assert rhythm_of(0, 0, 1, 20, 60, none_mixed_in).gap == 10


def test_lower_median_and_default_of_the_typical_gap() -> None:
    assert typical_gap([30] * 19, RULES) == 60
    assert typical_gap([*range(1, 21)], RULES) == 10
    assert typical_gap([*range(1, 22)], RULES) == 11
    assert own_gap(0, 99, 4) == 33


@given(st.integers(0, 900), st.integers(1, 40), st.integers(0, 2000), st.integers(1, 200), st.integers(1, 5))
def test_ratio_threshold_and_day_agree(span: int, days: int, silence: int, gap: int, multiple: int) -> None:
    rhythm = rhythm_of(100, 100 + span, days, 100 + span + silence, gap, RULES)
    assert rhythm.exceeds(multiple) is (rhythm.ratio > multiple)
    day = rhythm.first_day_beyond(multiple)
    assert rhythm_of(100, 100 + span, days, day, gap, RULES).ratio > multiple
    assert rhythm_of(100, 100 + span, days, day - 1, gap, RULES).ratio <= multiple
