"""The churn level on the overdue path."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.churn.rules import (
    LEVELS,
    ChurnSign,
    churn_outlook,
    churn_score,
    no_news,
    opens_warning,
    overdue_points,
    rep_left,
    spend_fell,
)
from services.scoring.facts.rules import History, Purchase
from services.scoring.policies.rules import ChurnRules, RhythmRules
from services.scoring.rhythm.rules import Rhythm, rhythm_of

RULES = ChurnRules()
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
TODAY = NOON.toordinal()


def rhythm(silence: int, days: int = 1, span: int = 0) -> Rhythm:
    """Return the rhythm of somebody who is silent for so many days; the gap of one purchase is 60."""
    return rhythm_of(500 - span, 500, days, 500 + silence, 60, RhythmRules())


@pytest.mark.parametrize(
    ("silence", "points", "level"),
    [
        (0, 0, "none"),
        (60, 0, "none"),
        (61, 1, "none"),
        (120, 25, "none"),
        (121, 26, "watch"),
        (180, 50, "watch"),
        (181, 51, "warn"),
        (240, 75, "warn"),
        (241, 76, "likely_lost"),
        (300, 100, "likely_lost"),
        (9999, 100, "likely_lost"),
    ],
)
def test_points_and_levels_by_gaps_of_silence(silence: int, points: int, level: str) -> None:
    score = churn_score(rhythm(silence), 1, [], RULES)
    assert (score.value, score.points, overdue_points(rhythm(silence), RULES)) == (level, points * 100, points)


def test_without_a_purchase_nothing_is_known() -> None:
    assert churn_score(None, 0, [], RULES).points is None


def test_signs_add_up_and_the_cap_is_a_reason_of_its_own() -> None:
    score = churn_score(rhythm(280), 1, [ChurnSign("rep_left", 15), ChurnSign("spend_fell", 15)], RULES)
    assert (score.points, {reason.code: reason.points for reason in score.reasons}) == (
        10_000,
        {"overdue": 9200, "rep_left": 1500, "spend_fell": 1500, "cap": -2200},
    )


@pytest.mark.parametrize(
    ("level", "days", "has_sign", "opens"),
    [
        (1, 5, False, False),
        (2, 5, False, True),
        (2, 1, False, False),
        (3, 1, False, False),
        (1, 1, True, True),
        (0, 5, True, False),
    ],
)
def test_which_levels_open_a_warning(level: int, days: int, *, has_sign: bool, opens: bool) -> None:
    assert opens_warning(level, days, has_sign=has_sign) is opens


def history(*ages_and_nets: tuple[int, int]) -> History:
    """Return orders by age and net."""
    return History(Purchase(UUID(int=age), NOON - timedelta(days=age), TODAY - age, net) for age, net in ages_and_nets)


class TestSpendFell:
    def test_six_times_the_last_quarter_below_the_nine_months_before(self) -> None:
        before = ((100, 300), (200, 300), (359, 1))
        assert spend_fell(history((10, 100), *before), TODAY, RULES) is not None
        assert spend_fell(history((10, 101), *before), TODAY, RULES) is None

    def test_ages_at_the_edges(self) -> None:
        base = ((100, 100), (110, 100), (120, 100))
        assert spend_fell(history((89, 50), *base), TODAY, RULES) is None
        assert spend_fell(history((90, 50), *base), TODAY, RULES) is not None
        assert spend_fell(history((360, 1000), (10, 50), *base), TODAY, RULES) is None

    def test_only_from_four_purchase_days_on(self) -> None:
        assert spend_fell(history((100, 300), (200, 300), (300, 300)), TODAY, RULES) is None


class TestOtherSigns:
    def test_reps_who_left(self) -> None:
        assert rep_left([], RULES) is None
        sign = rep_left(["b", "a", "b"], RULES)
        assert sign is not None
        assert sign.evidence == {"rep_ids": ["a", "b"]}

    def test_no_news_for_180_days_but_only_where_there_was_contact_at_all(self) -> None:
        assert no_news(None, None, TODAY, RULES) is None
        assert no_news(TODAY - 179, None, TODAY, RULES) is None
        assert no_news(TODAY - 180, None, TODAY, RULES) is not None
        assert no_news(TODAY - 900, TODAY - 179, TODAY, RULES) is None
        sign = no_news(TODAY - 900, TODAY - 180, TODAY, RULES)
        assert sign is not None
        assert sign.params["last_day"] == TODAY - 180


class TestOutlook:
    def test_the_next_level_comes_on_the_day_that_silence_brings_it(self) -> None:
        found = rhythm(100)
        ahead = churn_outlook(churn_score(found, 1, [], RULES), found, RULES)
        assert ahead.up is None
        assert ahead.down is not None
        assert (ahead.down.label, ahead.down.at_day) == ("watch", 621)

    def test_a_purchase_clears_silence_but_not_signs(self) -> None:
        found, sign = rhythm(250), ChurnSign("other", 30)
        ahead = churn_outlook(churn_score(found, 1, [sign], RULES), found, RULES)
        assert ahead.up is not None
        assert (ahead.up.label, ahead.down) == ("watch", None)

    @given(st.integers(0, 400), st.integers(1, 20), st.integers(0, 400), st.sampled_from([0, 5, 15, 30]))
    def test_the_day_is_the_first_one_on_which_the_level_is_worse(
        self, silence: int, days: int, span: int, extra: int
    ) -> None:
        signs = [ChurnSign("sign", extra)] if extra else []
        found = rhythm(silence, days, span)
        score = churn_score(found, days, signs, RULES)
        ahead = churn_outlook(score, found, RULES)
        if ahead.down is None:
            assert score.value == LEVELS[-1]
            return
        on, before = (rhythm(ahead.down.at_day - 500 - back, days, span) for back in (0, 1))
        assert churn_score(on, days, signs, RULES).value == ahead.down.label
        assert churn_score(before, days, signs, RULES).value == score.value
