"""The customer class: four that never overlap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.classes.rules import (
    Separation,
    Sign,
    class_outlook,
    class_score,
    early_repeat,
    intends_to_rebuy,
)
from services.scoring.facts.rules import Contact
from services.scoring.policies.rules import ClassRules, RhythmRules
from services.scoring.rhythm.rules import Rhythm, rhythm_of

RULES = ClassRules()
SIGN = Sign("intends_to_rebuy", 900)


def rhythm(silence: int, days: int = 1, span: int = 0) -> Rhythm:
    """Return the rhythm of somebody who is silent for so many days."""
    return rhythm_of(500 - span, 500, days, 500 + silence, 60, RhythmRules())


class TestSigns:
    def test_early_repeat_shows_after_the_first_day_and_within_sixty(self) -> None:
        for day, shown in ((500, False), (501, True), (560, True), (561, False)):
            assert (early_repeat(500, 30, [Contact(day)], RULES) is not None) is shown

    def test_early_repeat_ends_when_the_silence_is_longer(self) -> None:
        assert early_repeat(500, 60, [Contact(501)], RULES) is not None
        assert early_repeat(500, 61, [Contact(501)], RULES) is None

    def test_the_latest_contact_is_the_evidence(self) -> None:
        contacts = [Contact(502, {"order_id": "b"}), Contact(501, {"order_id": "a"})]
        sign = early_repeat(500, 30, contacts, RULES)
        assert sign is not None
        assert (sign.evidence, sign.last_day) == ({"order_id": "b"}, 560)

    def test_an_answer_of_four_counts_for_180_days(self) -> None:
        assert intends_to_rebuy(3, 500, 500, RULES) is None
        assert intends_to_rebuy(4, 500, 679, RULES) is not None
        assert intends_to_rebuy(5, 500, 680, RULES) is None


class TestClass:
    def test_a_prospect_has_none_unless_a_sign_shows(self) -> None:
        assert class_score(None, 0, [], RULES).missing == ("counting order",)
        assert (class_score(None, 0, [SIGN], RULES).value, class_score(None, 0, [SIGN], RULES).points) == (
            "future",
            2000,
        )

    def test_one_purchase_is_one_time_at_any_age(self) -> None:
        for silence in (0, 59, 60, 364, 365, 5000):
            score = class_score(rhythm(silence), 1, [], RULES, separable=True)
            assert (score.value, score.points) == ("one_time", 2000)
            assert score.detail["provisional"] is (silence < 60)
            assert score.detail["dormant"] is (silence > 364)

    def test_signs_make_a_future_customer_and_three_count_at_most(self) -> None:
        score = class_score(rhythm(10), 1, [SIGN] * 4, RULES)
        assert (score.value, score.points) == ("future", 8000)

    @pytest.mark.parametrize(
        ("silence", "label", "points"), [(0, "steady", 10_000), (180, "steady", 5000), (181, "lapsed", 0)]
    )
    def test_two_purchases_are_steady_up_to_three_gaps(self, silence: int, label: str, points: int) -> None:
        score = class_score(rhythm(silence, days=2, span=60), 2, [SIGN], RULES)
        assert (score.value, score.points) == (label, points)

    def test_a_steady_main_customer_is_marked(self) -> None:
        assert class_score(rhythm(0, 2), 2, [], RULES, main_customer=True).detail["steady_main"] is True
        assert class_score(rhythm(900, 2), 2, [], RULES, main_customer=True).detail["steady_main"] is False

    @given(st.integers(0, 900), st.integers(2, 30), st.integers(0, 900))
    def test_points_are_the_sum_of_reasons_and_sink_with_silence(self, silence: int, days: int, span: int) -> None:
        score = class_score(rhythm(silence, days, span), days, [], RULES)
        later = class_score(rhythm(silence + 1, days, span), days, [], RULES)
        assert score.points == sum(reason.points for reason in score.reasons)
        assert (score.points or 0) >= (later.points or 0)


@pytest.mark.parametrize(
    ("separation", "suffices"),
    [
        (Separation(30, 30, 100), True),
        (Separation(29, 30, 100), False),
        (Separation(30, 29, 100), False),
        (Separation(30, 30, 99), False),
    ],
)
def test_from_when_on_classes_can_be_told_apart(separation: Separation, *, suffices: bool) -> None:
    assert separation.suffices(RULES) is suffices


class TestOutlook:
    def outlook(self, found: Rhythm | None, days: int, signs: list[Sign]) -> tuple[object, ...]:
        ahead = class_outlook(class_score(found, days, signs, RULES), found, signs, RULES)
        if ahead is None:
            return ()
        down = ahead.down
        return (ahead.up.label if ahead.up else None, (down.label, down.at_day) if down else None)

    def test_of_each_class(self) -> None:
        assert self.outlook(rhythm(10, 2, 60), 2, []) == (None, ("lapsed", 681))
        assert self.outlook(rhythm(900, 2, 60), 2, []) == ("steady", None)
        assert self.outlook(rhythm(10), 1, []) == ("steady", None)
        assert self.outlook(rhythm(10), 1, [SIGN]) == ("steady", ("one_time", 901))
        assert self.outlook(None, 0, [SIGN]) == ()
        assert self.outlook(None, 0, []) == ()
