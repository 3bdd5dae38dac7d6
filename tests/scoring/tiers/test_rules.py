"""The value tier: lines, tests, points, and what is missing to the next one."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.facts.rules import Purchase
from services.scoring.policies.rules import DEFAULT
from services.scoring.tiers.rules import (
    Lines,
    Standing,
    Tier,
    average_base,
    entry_tier,
    lines_of,
    outlook_of,
    rank_of_share,
    tier_score,
    way_up,
)

RULES = DEFAULT.tier
LINES = Lines(customers=100, top_1=100_000, top_10=40_000, top_30=10_000, base_orders=10, base_sum=50_000)


def standing(revenue: int, *, big: int | None = None, designated: bool = False, ever: bool = True) -> Standing:
    """Return what the tests look at."""
    order = None if big is None else Purchase(UUID(int=1), datetime(2026, 1, 1, tzinfo=UTC), 1, big)
    return Standing(revenue, order, designated, ever)


@pytest.mark.parametrize(("customers", "share", "rank"), [(11, 1000, 2), (101, 1000, 11), (1, 100, 1), (10, 1000, 1)])
def test_shares_are_rounded_up_without_floats(customers: int, share: int, rank: int) -> None:
    assert rank_of_share(customers, share) == rank


def test_lines_of_nobody_one_and_all_equal() -> None:
    assert lines_of([], (0, 0), RULES) == Lines()
    assert lines_of([0, -5], (7, 70), RULES) == Lines(base_orders=7, base_sum=70)
    assert lines_of([500], (0, 0), RULES) == Lines(1, 500, 500, 500)
    assert lines_of([500] * 9, (0, 0), RULES) == Lines(9, 500, 500, 500)


@pytest.mark.parametrize(
    ("closed", "year", "base"),
    [((30, 900), (40, 1), (30, 900)), ((29, 900), (6, 60), (6, 60)), ((29, 900), (5, 50), (0, 0))],
)
def test_the_average_order_needs_enough_orders(
    closed: tuple[int, int], year: tuple[int, int], base: tuple[int, int]
) -> None:
    assert average_base(closed, year, RULES) == base


@pytest.mark.parametrize(
    ("found", "tier", "points"),
    [
        (standing(100_000), Tier.DIAMOND, 9000),
        (standing(99_999), Tier.GOLD, 7000),
        (standing(40_000), Tier.GOLD, 7000),
        (standing(39_999), Tier.SILVER, 1990),
        (standing(10_000), Tier.SILVER, 1250),
        (standing(9_999), Tier.BRONZE, 240),
        (standing(0), Tier.BRONZE, 0),
        (standing(9_999, big=24_999), Tier.BRONZE, 240),
        (standing(9_999, big=25_000), Tier.GOLD, 5240),
        (standing(0, designated=True), Tier.GOLD, 5000),
        (standing(9_999, big=25_000, designated=True), Tier.GOLD, 5740),
        (standing(40_000, big=25_000), Tier.GOLD, 7500),
        (standing(40_000, big=25_000, designated=True), Tier.DIAMOND, 8000),
        (standing(100_000, big=25_000, designated=True), Tier.DIAMOND, 10_000),
    ],
)
def test_tests_lines_and_points(found: Standing, tier: Tier, points: int) -> None:
    score = tier_score(found, LINES, Tier.NONE, 3, DEFAULT)
    assert (entry_tier(found, LINES, RULES), score.value, score.points) == (tier, tier.label, points)


def test_who_never_bought_has_no_tier_even_when_asking_for_a_rep() -> None:
    found = standing(0, designated=True, ever=False)
    score = tier_score(found, LINES, Tier.NONE, 0, DEFAULT)
    assert (entry_tier(found, LINES, RULES), score.value, score.points) == (Tier.NONE, None, None)
    assert score.missing == ("counting order",)


def test_without_lines_only_the_other_tests_count() -> None:
    assert entry_tier(standing(10**9), Lines(), RULES) is Tier.BRONZE
    assert entry_tier(standing(10**9, designated=True), Lines(), RULES) is Tier.GOLD
    assert Lines().average_order is Lines().big_order(5) is None
    assert tier_score(standing(10**9), Lines(), Tier.NONE, 1, DEFAULT).codes == ("no_recent_revenue",)


@pytest.mark.parametrize(("held", "points"), [(Tier.SILVER, 1000), (Tier.GOLD, 5000), (Tier.DIAMOND, 8000)])
def test_a_held_tier_says_how_many_points_are_missing_to_its_floor(held: Tier, points: int) -> None:
    score = tier_score(standing(9_999), LINES, held, 3, DEFAULT)
    reasons = {reason.code: reason.points for reason in score.reasons}
    assert (score.value, score.points, reasons["held"]) == (held.label, points, points - 240)
    assert score.detail["entry"] == "bronze"


def test_a_thin_base_is_marked() -> None:
    thin = Lines(29, 1, 1, 1)
    assert tier_score(standing(1), thin, Tier.NONE, 1, DEFAULT).detail["small_base"] is True
    assert tier_score(standing(1), LINES, Tier.NONE, 1, DEFAULT).detail["small_base"] is False


class TestWayUp:
    def test_it_names_the_next_line_and_for_gold_a_big_order_too(self) -> None:
        way = way_up(standing(12_000), Tier.SILVER, LINES, 7, RULES)
        assert way is not None
        assert way.label == "gold"
        assert [(step.measure, step.have, step.need, step.by_day) for step in way.steps] == [
            ("net_revenue", 12_000, 40_000, 7),
            ("single_order", 0, 25_000, 7),
        ]

    def test_from_bronze_it_is_silver_and_from_gold_diamond(self) -> None:
        silver = way_up(standing(0, big=300), Tier.BRONZE, LINES, 7, RULES)
        diamond = way_up(standing(0), Tier.GOLD, LINES, 7, RULES)
        assert silver is not None
        assert diamond is not None
        assert ([len(silver.steps), silver.label], diamond.label) == ([1, "silver"], "diamond")

    def test_there_is_none_at_the_top_without_a_tier_or_without_lines(self) -> None:
        assert way_up(standing(0), Tier.DIAMOND, LINES, 7, RULES) is None
        assert way_up(standing(0), Tier.NONE, LINES, 7, RULES) is None
        assert way_up(standing(0), Tier.BRONZE, Lines(), 7, RULES) is None

    def test_a_line_that_is_reached_already_is_no_step(self) -> None:
        assert way_up(standing(10_000), Tier.BRONZE, LINES, 7, RULES) is None

    def test_nothing_ahead_is_no_outlook(self) -> None:
        assert outlook_of(None, None) is None


revenues = st.lists(st.integers(0, 10**6), min_size=1, max_size=60)
standings = st.builds(
    lambda revenue, big, asked: standing(revenue, big=big, designated=asked),
    st.integers(0, 10**6),
    st.one_of(st.none(), st.integers(0, 10**6)),
    st.booleans(),
)
bases = st.tuples(st.integers(6, 50), st.integers(1, 10**6))


@given(standings, revenues, bases)
def test_label_and_points_always_agree(found: Standing, population: list[int], base: tuple[int, int]) -> None:
    lines = lines_of(population, base, RULES)
    score = tier_score(found, lines, Tier.NONE, 1, DEFAULT)
    points = score.points
    assert points is not None
    assert points == sum(reason.points for reason in score.reasons)
    floors = {"diamond": 8000, "gold": 5000, "silver": 1000, "bronze": 0}
    assert score.value == next(label for label, floor in floors.items() if points >= floor)


@given(standings, revenues, bases, st.integers(0, 10**6))
def test_more_revenue_never_lowers_a_tier(
    found: Standing, population: list[int], base: tuple[int, int], more: int
) -> None:
    lines = lines_of(population, base, RULES)
    richer = Standing(found.revenue + more, found.biggest, found.designated, found.ever)
    assert entry_tier(richer, lines, RULES) >= entry_tier(found, lines, RULES)


@given(revenues)
def test_ties_stand_on_the_same_side_and_at_least_the_share_is_inside(population: list[int]) -> None:
    lines = lines_of(population, (0, 0), RULES)
    inside = [revenue for revenue in population if lines.reached(revenue, lines.top_10)]
    outside = [revenue for revenue in population if not lines.reached(revenue, lines.top_10)]
    assert not set(inside) & set(outside)
    assert len(inside) >= rank_of_share(lines.customers, 1000)
