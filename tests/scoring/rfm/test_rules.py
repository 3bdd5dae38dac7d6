"""RFM: ties share a score, edges say the same as ranks, eleven segments."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.policies.rules import RfmRules
from services.scoring.rfm.rules import SEGMENTS, Habits, Metric, metric_of, quintiles_of, rfm_score, segment

RULES = RfmRules()
SHARED = Path(__file__).parents[4] / "shared" / "scoring-known-answers.json"
ELEVEN = [1, 1, 1, 1, 1, 2, 2, 3, 5, 8, 13]


def test_eleven_customers_with_ties() -> None:
    metric = metric_of(ELEVEN)
    assert [metric.score(value) for value in ELEVEN] == [1, 1, 1, 1, 1, 3, 3, 4, 4, 5, 5]
    assert metric.edges == (2, 2, 3, 8)


def test_identical_one_order_customers_all_score_one() -> None:
    # Sizes of CDNOW by number of orders: no empty group is filled by splitting equals.
    values = [1] * 11_908 + [2] * 4_079 + [4] * 3_658 + [9] * 3_925
    metric = metric_of(values)
    assert [metric.score(value) for value in (1, 2, 4, 9)] == [1, 3, 4, 5]


def test_values_without_spread_score_one_and_nobody_has_edges() -> None:
    assert metric_of([7] * 9) == Metric((None, None, None, None), spread=False)
    assert metric_of([]) == Metric()


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60))
def test_edges_say_what_ranks_say(values: list[int]) -> None:
    metric = metric_of(values)
    for value in values:
        worse = sum(other < value for other in values)
        assert metric.score(value) == 1 + 5 * worse // len(values)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(0, 60), st.integers(0, 60))
def test_a_better_value_never_scores_less(values: list[int], one: int, more: int) -> None:
    metric = metric_of(values)
    assert metric.score(one + more) >= metric.score(one)


def test_nobody_is_scored_without_an_order_or_among_fewer_than_five() -> None:
    habits = Habits(10, 2, 300)
    assert rfm_score(None, quintiles_of([habits] * 9), RULES).missing == ("counting order",)
    assert rfm_score(habits, quintiles_of([habits] * 4), RULES).missing == ("5 customers with an order",)


def test_without_spread_there_are_scores_but_no_segment() -> None:
    score = rfm_score(Habits(10, 2, 300), quintiles_of([Habits(10, 2, 300)] * 9), RULES)
    assert (score.value, score.points, score.detail) == (None, 300, {"r": 1, "f": 1, "m": 1})


@pytest.mark.parametrize(
    ("r", "f", "m", "label"),
    [
        (5, 5, 4, "champions"),
        (5, 1, 2, "promising"),
        (3, 1, 3, "needs_attention"),
        (1, 4, 5, "cannot_lose"),
        (1, 1, 1, "lost"),
    ],
)
def test_segments(r: int, f: int, m: int, label: str) -> None:
    assert segment(r, f, m) == label


def test_there_are_eleven_segments() -> None:
    assert len({label for labels in SEGMENTS.values() for label in labels}) == 11


@pytest.mark.skipif(not SHARED.is_file(), reason="the founders' known answers are not part of the repository")
def test_the_known_answers_of_the_founders() -> None:
    known = json.loads(SHARED.read_text(encoding="utf-8"))["rfm_ties_11"]
    values = [n for _, n in known["id_n"]]
    assert [metric_of(values).score(value) for value in values] == known["score_rank_rule"]
