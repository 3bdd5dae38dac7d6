"""The worked example of the default rules, value by value."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import ClassVar
from uuid import UUID

import pytest

from services.scoring.evaluation.rules import KINDS, Evaluation, Moment, evaluate, outlooks
from services.scoring.facts.rules import History, Purchase, Subject, midnight
from services.scoring.holding.rules import Calendar, Held, fold
from services.scoring.ledger.rules import Score
from services.scoring.policies.rules import DEFAULT
from services.scoring.tiers.rules import Lines, Tier
from tests.scoring.example import AS_OF, CUSTOMERS, RATES, TODAY, ZONE, id_of
from tests.scoring.reference import evaluate_all

RESULTS = evaluate_all(CUSTOMERS, AS_OF, ZONE, RATES)

# name: R, orders, n, s, m, q
FIGURES = {
    "C01": (14400, 12, 12, 17, "35.00", "0.486"),
    "C02": (9000, 7, 7, 21, "55.75", "0.377"),
    "C03": (9000, 3, 3, 186, "61.25", "3.037"),
    "C04": (8400, 1, 1, 113, "60.00", "1.883"),
    "C05": (1500, 2, 2, 33, "56.33", "0.586"),
    "C06": (600, 1, 1, 7, "60.00", "0.117"),
    "C07": (760, 1, 1, 285, "60.00", "4.750"),
    "C08": (950, 2, 1, 141, "60.00", "2.350"),
    "C09": (700, 2, 2, 106, "61.00", "1.738"),
    "C10": (1100, 2, 2, 364, "40.33", "9.025"),
    "C11": (8650, 2, 2, 165, "69.00", "2.391"),
    "C12": (0, 3, 3, 935, "45.25", "20.663"),
    "A13": (110000, 2, 2, 68, "92.67", "0.734"),
}
TOP = {"net_revenue": 10.0, "top_30_revenue": 10, "top_decile_revenue": 50}
TIERS: dict[str, tuple[str, float, dict[str, float]]] = {
    "C01": ("diamond", 90.0, TOP | {"top_1_revenue": 20}),
    "C02": ("gold", 70.0, TOP),
    "C03": ("gold", 70.0, TOP),
    "C04": ("gold", 59.3, {"net_revenue": 9.3, "big_order": 50}),
    "C05": ("gold", 51.6, {"net_revenue": 1.6, "designated_rep": 50}),
    "C06": ("bronze", 0.6, {"net_revenue": 0.6}),
    "C07": ("bronze", 0.8, {"net_revenue": 0.8}),
    "C08": ("bronze", 1.0, {"net_revenue": 1.0}),
    "C09": ("bronze", 0.7, {"net_revenue": 0.7}),
    "C10": ("bronze", 1.2, {"net_revenue": 1.2}),
    "C11": ("silver", 19.6, {"net_revenue": 9.6, "top_30_revenue": 10}),
    "C12": ("bronze", 0.0, {"no_recent_revenue": 0}),
    "A13": ("diamond", 90.0, TOP | {"top_1_revenue": 20}),
}
# name: class and points, churn level and points, whether it opens a warning
CARE = {
    "C01": ("steady", 91, "none", 0, False),
    "C02": ("steady", 93, "none", 0, False),
    "C03": ("lapsed", 0, "warn", 51, True),
    "C04": ("one_time", 20, "none", 23, False),
    "C05": ("steady", 90, "none", 0, False),
    "C06": ("future", 40, "none", 0, False),
    "C07": ("one_time", 20, "likely_lost", 94, False),
    "C08": ("one_time", 20, "watch", 34, False),
    "C09": ("steady", 71, "none", 19, False),
    "C10": ("lapsed", 0, "likely_lost", 100, True),
    "C11": ("steady", 60, "watch", 35, False),
    "C12": ("lapsed", 0, "likely_lost", 100, True),
    "A13": ("steady", 87, "none", 0, False),
}
SEGMENTS = {
    "C01": (5, 5, 5, "champions"),
    "C02": (4, 5, 4, "champions"),
    "C03": (2, 4, 4, "at_risk"),
    "C04": (3, 1, 3, "needs_attention"),
    "C05": (4, 2, 2, "promising"),
    "C06": (5, 1, 1, "new"),
    "C07": (1, 1, 1, "lost"),
    "C08": (3, 2, 2, "needs_attention"),
    "C09": (3, 2, 1, "needs_attention"),
    "C10": (1, 2, 3, "hibernating"),
    "C11": (2, 2, 3, "at_risk"),
    "C12": (1, 4, 5, "cannot_lose"),
}


def score(name: str, kind: str) -> Score:
    """Return a score of a customer."""
    return RESULTS[name][0].scores[kind]


def parts(found: Score) -> dict[str, float]:
    """Return the points by reason."""
    return {reason.code: reason.points / 100 for reason in found.reasons}


class TestCutoffs:
    moment: ClassVar[Moment] = RESULTS["C01"][1]

    def test_the_lines_of_the_eleven_persons_with_revenue(self) -> None:
        lines = self.moment.cutoffs.lines
        assert (lines.customers, lines.top_1, lines.top_10, lines.top_30) == (11, 1_440_000, 900_000, 865_000)

    def test_the_average_order_and_five_times_it(self) -> None:
        lines = self.moment.cutoffs.lines
        assert (lines.base_orders, lines.base_sum) == (32, 5_376_000)
        assert (lines.average_order, lines.big_order(5)) == (168_000, 840_000)

    def test_eight_repeat_customers_are_too_few_for_a_typical_gap_of_their_own(self) -> None:
        daily = self.moment.cutoffs.daily
        assert (daily.separation.repeated, daily.typical_gap) == (8, 60)

    def test_twelve_persons_are_ranked_for_rfm(self) -> None:
        assert self.moment.cutoffs.daily.quintiles.customers == 12

    def test_the_account_is_ranked_alone_and_its_average_order_is_unknown(self) -> None:
        lines = RESULTS["A13"][1].cutoffs.lines
        assert (lines.customers, lines.base_orders) == (1, 0)


@pytest.mark.parametrize("name", FIGURES)
class TestEveryCustomer:
    def test_revenue_orders_days_silence_and_rhythm(self, name: str) -> None:
        evaluation, moment, subject = RESULTS[name]
        revenue, orders, days, silence, gap, ratio = FIGURES[name]
        history, rhythm = subject.history, evaluation.rhythm
        assert rhythm is not None
        assert history.revenue(moment.today, 365) == revenue * 100
        assert (len(history), history.n, rhythm.silence) == (orders, days, silence)
        assert (f"{float(rhythm.gap):.2f}", f"{float(rhythm.ratio):.3f}") == (gap, ratio)

    def test_value_tier_and_the_parts_of_its_points(self, name: str) -> None:
        found = score(name, "value_tier")
        label, points, expected = TIERS[name]
        assert (found.value, found.points, parts(found)) == (label, round(points * 100), expected)

    def test_customer_class_and_churn_level(self, name: str) -> None:
        of_class, churn = score(name, "customer_class"), score(name, "churn_risk")
        label, points, level, churn_points, warning = CARE[name]
        assert (of_class.value, of_class.points) == (label, points * 100)
        assert (churn.value, churn.points, churn.detail["warning"]) == (level, churn_points * 100, warning)

    def test_the_points_of_every_score_are_the_sum_of_its_reasons(self, name: str) -> None:
        for found in RESULTS[name][0].scores.values():
            assert sum(reason.points for reason in found.reasons) == (found.points or 0)


@pytest.mark.parametrize("name", SEGMENTS)
def test_rfm_scores_and_segment(name: str) -> None:
    found = score(name, "rfm")
    r, f, m, label = SEGMENTS[name]
    assert (found.detail, found.value) == ({"r": r, "f": f, "m": m}, label)
    assert found.points == (r + f + m) * 100


def test_one_account_is_too_few_for_rfm() -> None:
    found = score("A13", "rfm")
    assert (found.value, found.points, found.missing) == (None, None, ("5 customers with an order",))


def test_the_buyer_of_an_account_is_scored_as_the_account() -> None:
    buyer = Subject(id_of("E14"), "person", History(), scored_as=id_of("A13"))
    found = evaluate(buyer, RESULTS["C01"][1])
    assert {kind: (one.value, one.points, one.scored_as) for kind, one in found.scores.items()} == dict.fromkeys(
        KINDS, (None, None, id_of("A13"))
    )


class TestNext:
    def test_c11_needs_350_more_for_gold(self) -> None:
        assert self.needs("C11") == ("gold", 35_000)

    def test_c02_needs_5400_more_for_diamond(self) -> None:
        assert self.needs("C02") == ("diamond", 540_000)

    def test_the_top_tier_has_nothing_above_it(self) -> None:
        outlook = outlooks(*self.of("C01"))["value_tier"]
        assert outlook is not None
        assert outlook.up is None

    def test_a_designated_customer_cannot_lose_gold_by_waiting(self) -> None:
        outlook = outlooks(*self.of("C05"))["value_tier"]
        assert outlook is not None
        assert outlook.down is None

    def of(self, name: str) -> tuple[Subject, Moment, Evaluation]:
        evaluation, moment, subject = RESULTS[name]
        return subject, moment, evaluation

    def needs(self, name: str) -> tuple[str, int]:
        outlook = outlooks(*self.of(name))["value_tier"]
        assert outlook is not None
        assert outlook.up is not None
        first = outlook.up.steps[0]
        assert (first.measure, first.by_day) == ("net_revenue", TODAY)
        return outlook.up.label, first.need - first.have


class TestHolding:
    """Gold since 2026-01-05; 1,000 until 03-31, 790 in April, 810 from 05-01, 700 from 05-08; gold needs 1,000."""

    lines = Lines(customers=40, top_1=900_000, top_10=100_000, top_30=30_000)
    calendar = Calendar(ZONE, [(midnight(date(2026, 1, 5).toordinal(), ZONE), lines)])

    def purchases(self) -> History:
        amounts = {"2025-04-01": 210, "2025-05-08": 110, "2025-12-01": 680, "2026-05-01": 20}
        return History(
            Purchase(UUID(int=amount), datetime.fromisoformat(f"{day}T04:00:00Z"), day_of(day), amount * 100)
            for day, amount in amounts.items()
        )

    def held_on(self, day: str) -> Held:
        held = fold(self.purchases(), None, self.calendar, midnight(day_of(day), ZONE), DEFAULT)
        assert held is not None
        return held

    def test_the_revenue_moves_as_told(self) -> None:
        days = ("2026-03-31", "2026-04-01", "2026-05-01", "2026-05-08", "2026-06-29")
        assert [self.purchases().revenue(day_of(day), 365) for day in days] == [102_000, 81_000, 81_000, 70_000, 70_000]

    def test_it_was_last_earned_on_march_30(self) -> None:
        assert self.held_on("2026-03-30") == Held(Tier.GOLD, day_of("2026-03-30"), 0)

    @pytest.mark.parametrize(
        ("day", "low"), [("2026-04-06", 1), ("2026-04-13", 2), ("2026-04-20", 3), ("2026-04-27", 4)]
    )
    def test_four_mondays_below_do_not_end_it_within_90_days(self, day: str, low: int) -> None:
        assert self.held_on(day) == Held(Tier.GOLD, day_of("2026-03-30"), low)
        assert day_of("2026-04-27") - day_of("2026-03-30") == 28

    def test_810_is_four_fifths_of_the_line_and_keeps_it(self) -> None:
        assert self.held_on("2026-05-04") == Held(Tier.GOLD, day_of("2026-03-30"), 0)

    @pytest.mark.parametrize(("day", "low"), [("2026-05-11", 1), ("2026-06-08", 5), ("2026-06-22", 7)])
    def test_below_four_fifths_it_counts_again(self, day: str, low: int) -> None:
        assert self.held_on(day) == Held(Tier.GOLD, day_of("2026-03-30"), low)

    def test_the_eighth_monday_after_91_days_takes_one_tier(self) -> None:
        assert day_of("2026-06-29") - day_of("2026-03-30") == 91
        assert self.held_on("2026-06-28").tier is Tier.GOLD
        assert self.held_on("2026-06-29") == Held(Tier.SILVER, day_of("2026-06-29"), 0)


def day_of(day: str) -> int:
    """Return the ordinal of a day."""
    return date.fromisoformat(day).toordinal()


def test_the_overdue_ratio_is_an_exact_fraction() -> None:
    rhythm = RESULTS["C03"][0].rhythm
    assert rhythm is not None
    assert rhythm.ratio == Fraction(186 * 4, 245)


def test_the_moment_of_the_example() -> None:
    assert datetime(2026, 11, 22, 4, tzinfo=UTC) == AS_OF
