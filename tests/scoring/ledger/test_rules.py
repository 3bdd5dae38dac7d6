"""Scores are sums of reasons."""

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.ledger.rules import Reason, add_up, cap, unknown, unscored

reasons = st.lists(st.builds(Reason, st.sampled_from("abcdef"), st.integers(-5000, 5000)), max_size=8)


@given(reasons)
def test_points_are_the_sum_and_the_weightiest_stands_first(found: list[Reason]) -> None:
    score = add_up("kind", "label", found, confidence={"n": 1})
    assert score.points == sum(reason.points for reason in found)
    weights = [(-abs(reason.points), reason.code) for reason in score.reasons]
    assert weights == sorted(weights)


@given(st.integers(0, 30_000))
def test_a_cap_brings_points_down_to_the_ceiling(points: int) -> None:
    assert points + sum(reason.points for reason in cap(points, 10_000)) == min(points, 10_000)


def test_unknown_and_unscored_are_not_zero() -> None:
    assert (unknown("kind", "something").points, unknown("kind", "something").missing) == (None, ("something",))
    left_out = unscored("kind", "internal")
    assert (left_out.value, left_out.points, left_out.codes) == (None, None, ("internal",))
