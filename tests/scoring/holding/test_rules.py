"""Holding a tier: a fold that time alone cannot break, and corrections can."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.facts.rules import History, Purchase, midnight
from services.scoring.holding.rules import (
    Calendar,
    Checkpoint,
    Held,
    Point,
    fold,
    mark_of_facts,
    step,
    threat,
)
from services.scoring.policies.rules import DEFAULT
from services.scoring.tiers.rules import Lines, Tier

ZONE = ZoneInfo("Asia/Taipei")
START = date(2026, 1, 5).toordinal()
FIRST = midnight(START, ZONE)
LINES = Lines(customers=40, top_1=90_000, top_10=10_000, top_30=3_000, base_orders=10, base_sum=20_000)
HIGHER = Lines(customers=50, top_1=95_000, top_10=20_000, top_30=6_000, base_orders=10, base_sum=40_000)
CALENDAR = Calendar(ZONE, [(FIRST, LINES), (midnight(START + 86, ZONE), HIGHER)])


def purchase(day: int, net: int, number: int = 1) -> Purchase:
    """Return an order at local noon of a day, counted from the first evaluation."""
    at = midnight(START + day, ZONE) + timedelta(hours=12)
    return Purchase(UUID(int=number), at, START + day, net)


def held_on(history: History, day: int, designated_at: datetime | None = None) -> Held | None:
    """Return the state at the end of a day, counted from the first evaluation."""
    return fold(history, designated_at, CALENDAR, midnight(START + day + 1, ZONE) - timedelta(seconds=1), DEFAULT)


def test_before_the_first_evaluation_there_is_no_state() -> None:
    assert fold(History(), None, Calendar(ZONE), FIRST, DEFAULT) is None
    assert fold(History(), None, CALENDAR, FIRST - timedelta(seconds=1), DEFAULT) is None


def test_before_the_first_evaluation_customers_have_nothing_in_common() -> None:
    assert Calendar(ZONE).lately(FIRST) is None
    assert CALENDAR.lately(FIRST - timedelta(seconds=1)) is None
    assert CALENDAR.lately(FIRST) is not None


def test_it_begins_with_what_is_earned_at_the_first_evaluation() -> None:
    assert held_on(History([purchase(-1, 10_000)]), 0) == Held(Tier.GOLD, START)
    assert held_on(History(), 0) == Held(Tier.NONE, START)


def test_upwards_at_once_by_an_order_a_freeze_or_the_wish_for_a_rep() -> None:
    history = History([purchase(-1, 3_000), purchase(10, 87_000, 2)])
    assert held_on(history, 9) == Held(Tier.SILVER, START + 7)
    assert held_on(history, 10) == Held(Tier.DIAMOND, START + 10)
    asked = midnight(START + 3, ZONE) + timedelta(hours=5)
    assert held_on(History([purchase(-1, 1)]), 3, asked) == Held(Tier.GOLD, START + 3)
    easier = Calendar(ZONE, [(FIRST, HIGHER), (midnight(START + 8, ZONE), LINES)])
    earned = fold(History([purchase(-1, 10_000)]), None, easier, midnight(START + 9, ZONE), DEFAULT)
    assert earned == Held(Tier.GOLD, START + 8)


def test_a_freeze_that_raises_the_line_takes_nothing_by_itself() -> None:
    history = History([purchase(-1, 10_000)])
    assert held_on(history, 86) == Held(Tier.GOLD, START + 84)
    assert held_on(history, 91) == Held(Tier.GOLD, START + 84, low=1)


def test_an_order_that_no_longer_counts_never_did() -> None:
    with_it = History([purchase(-1, 500), purchase(5, 50_000, 2)])
    without = History([purchase(-1, 500)])
    assert held_on(with_it, 60) == Held(Tier.GOLD, START + 56)
    assert held_on(without, 60) == Held(Tier.BRONZE, START + 56)


def test_one_step_down_at_a_time() -> None:
    history = History([purchase(-300, 95_000)])
    days = [day for day in range(420) if (held_on(history, day) or Held(Tier.NONE, 0)).tier is Tier.DIAMOND]
    tiers = [(held_on(history, day) or Held(Tier.NONE, 0)).tier for day in range(0, 600, 7)]
    assert list(dict.fromkeys(tiers)) == [Tier.DIAMOND, Tier.GOLD, Tier.SILVER, Tier.BRONZE]
    # Last earned on Monday, day 63.
    assert days[-1] == 63 + DEFAULT.tier.hold_days


def test_without_lines_nothing_keeps_a_tier_but_the_grace() -> None:
    point = Point(FIRST, START + 100, monday=True, lines=Lines())
    assert step(Held(Tier.GOLD, START, 3), point, Tier.BRONZE, 0, DEFAULT.tier) == Held(Tier.SILVER, START + 100)


def test_mondays_are_midnights_of_the_zone() -> None:
    found = sorted(CALENDAR.shared(FIRST, midnight(START + 21, ZONE)))
    assert [at.astimezone(ZONE).strftime("%a %H:%M") for at in found] == ["Mon 00:00"] * 3
    assert all(CALENDAR.point(at).monday for at in found)
    assert not CALENDAR.point(found[0] + timedelta(hours=1)).monday


days = st.integers(-360, 500)
histories = st.lists(st.tuples(days, st.integers(0, 60_000)), max_size=8).map(
    lambda found: [purchase(day, net, number) for number, (day, net) in enumerate(found)]
)


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(0, 500), st.integers(0, 400))
def test_going_on_from_a_checkpoint_ends_where_the_whole_fold_does(
    purchases: list[Purchase], first: int, further: int
) -> None:
    at, until = midnight(START + first, ZONE), midnight(START + first + further, ZONE)
    known = History(one for one in purchases if one.placed_at <= at)
    held = fold(known, None, CALENDAR, at, DEFAULT)
    assert held is not None
    checkpoint = Checkpoint(at, held, mark_of_facts(known, None, at), CALENDAR.mark(at))
    later = History(one for one in purchases if one.placed_at <= until)
    assert fold(later, None, CALENDAR, until, DEFAULT, checkpoint) == fold(later, None, CALENDAR, until, DEFAULT)


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(0, 500), st.integers(0, 7))
def test_a_checkpoint_of_other_facts_is_not_gone_on_from(purchases: list[Purchase], day: int, place: int) -> None:
    at = midnight(START + day, ZONE)
    until = midnight(START + day + 30, ZONE)
    before = History(purchases)
    held = fold(before, None, CALENDAR, at, DEFAULT)
    assert held is not None
    checkpoint = Checkpoint(at, held, mark_of_facts(before, None, at), CALENDAR.mark(at))
    corrected = History(one for number, one in enumerate(purchases) if number != place)
    found = fold(corrected, None, CALENDAR, until, DEFAULT, checkpoint)
    assert found == fold(corrected, None, CALENDAR, until, DEFAULT)


@settings(max_examples=200, deadline=None)
@given(histories, days, st.integers(1, 60_000), st.integers(0, 600))
def test_one_more_order_never_lowers_the_held_tier(purchases: list[Purchase], day: int, net: int, until: int) -> None:
    richer = held_on(History([*purchases, purchase(day, net, 99)]), until)
    poorer = held_on(History(purchases), until)
    assert richer is not None
    assert poorer is not None
    assert richer.tier >= poorer.tier


@settings(max_examples=200, deadline=None)
@given(histories.filter(bool), st.integers(0, 60_000), st.integers(0, 600))
def test_a_larger_order_never_lowers_the_held_tier(purchases: list[Purchase], more: int, until: int) -> None:
    first = purchases[0]
    larger = Purchase(first.order_id, first.placed_at, first.day, first.net_minor + more)
    richer = held_on(History([larger, *purchases[1:]]), until)
    poorer = held_on(History(purchases), until)
    assert richer is not None
    assert poorer is not None
    assert richer.tier >= poorer.tier


class TestThreat:
    today = Point(midnight(START + 40, ZONE) + timedelta(hours=9), START + 40, monday=False, lines=LINES)

    def test_it_is_the_monday_on_which_the_fold_would_take_a_tier(self) -> None:
        history = History([purchase(-300, 12_000)])
        held = held_on(history, 40)
        assert held is not None
        found = threat(held, history, self.today, DEFAULT, designated=False, is_freeze=lambda _: False)
        assert found is not None
        assert (found.label, found.measure) == ("silver", "net_revenue")
        calendar = Calendar(ZONE, [(FIRST, LINES)])
        eve, day = (midnight(found.at_day + more, ZONE) - timedelta(seconds=1) for more in (0, 1))
        before, after = (fold(history, None, calendar, at, DEFAULT) for at in (eve, day))
        assert before is not None
        assert after is not None
        assert (before.tier, after.tier) == (Tier.GOLD, Tier.SILVER)

    def test_daily_freezes_count_as_days_on_which_a_tier_is_earned(self) -> None:
        history = History([purchase(-300, 12_000)])
        held = held_on(history, 40)
        assert held is not None
        weekly = threat(held, history, self.today, DEFAULT, designated=False, is_freeze=lambda _: False)
        daily = threat(held, history, self.today, DEFAULT, designated=False, is_freeze=lambda _: True)
        assert weekly is not None
        assert daily is not None
        assert daily.at_day >= weekly.at_day

    def test_there_is_none_for_bronze_and_for_who_asked_for_a_rep(self) -> None:
        history = History([purchase(-300, 12_000)])
        for held, designated in ((Held(Tier.BRONZE, START), False), (Held(Tier.GOLD, START), True)):
            assert threat(held, history, self.today, DEFAULT, designated=designated, is_freeze=lambda _: False) is None


def test_the_marks_change_with_facts_wishes_and_records() -> None:
    at = midnight(START + 50, ZONE)
    history = History([purchase(1, 100)])
    base = mark_of_facts(history, None, at)
    asked = datetime(2026, 1, 20, tzinfo=UTC)
    assert base == mark_of_facts(History([purchase(1, 100), purchase(60, 5, 2)]), None, at)
    assert base == mark_of_facts(history, at + timedelta(days=1), at)
    assert len({base, mark_of_facts(History([purchase(1, 101)]), None, at), mark_of_facts(history, asked, at)}) == 3
    others = [Calendar(ZONE), Calendar(ZoneInfo("UTC"), [(FIRST, LINES)]), Calendar(ZONE, [(FIRST, HIGHER)])]
    assert len({CALENDAR.mark(at), *(calendar.mark(at) for calendar in others)}) == 4


class TestASmallBeginning:
    """One test order, then an import: lines of a handful say nothing about a crowd."""

    handful = Lines(customers=1, top_1=100, top_10=100, top_30=100)
    history = History([purchase(-10, 5_000)])
    later = midnight(START + 1, ZONE)

    def tier(self, *recorded: tuple[datetime, Lines], day: int = 2) -> Tier | None:
        held = fold(self.history, None, Calendar(ZONE, recorded), midnight(START + day, ZONE), DEFAULT)
        return held.tier if held else None

    def test_a_crowd_ten_times_as_large_is_judged_by_its_own_lines_at_once(self) -> None:
        assert self.tier((FIRST, self.handful)) is Tier.DIAMOND
        crowd = replace(LINES, customers=10)
        assert self.tier((FIRST, self.handful), (self.later, crowd)) is Tier.SILVER

    def test_fewer_than_ten_times_as_many_change_nothing(self) -> None:
        assert self.tier((FIRST, self.handful), (self.later, replace(LINES, customers=9))) is Tier.DIAMOND

    def test_from_a_base_that_is_not_small_nothing_begins_anew(self) -> None:
        first = replace(self.handful, customers=DEFAULT.small_base)
        assert self.tier((FIRST, first), (self.later, replace(LINES, customers=1_000_000))) is Tier.DIAMOND

    def test_growth_counts_from_where_the_fold_began(self) -> None:
        days = [midnight(START + day, ZONE) for day in range(4)]
        sizes = [3, 9, 27, 29]
        slow = [(at, replace(self.handful, customers=size)) for at, size in zip(days, sizes, strict=True)]
        crowd = midnight(START + 4, ZONE), replace(LINES, customers=30)
        assert self.tier(*slow, crowd, day=5) is Tier.SILVER
        # From there on it is a tier that is held again.
        higher = midnight(START + 5, ZONE), replace(HIGHER, customers=299)
        assert self.tier(*slow, crowd, higher, day=6) is Tier.SILVER

    def test_a_state_from_before_is_not_gone_on_from(self) -> None:
        recorded = [(FIRST, self.handful), (self.later, replace(LINES, customers=40))]
        calendar = Calendar(ZONE, recorded)
        state = Checkpoint(
            FIRST, Held(Tier.DIAMOND, START), mark_of_facts(self.history, None, FIRST), calendar.mark(FIRST)
        )
        found = fold(self.history, None, calendar, midnight(START + 2, ZONE), DEFAULT, state)
        assert found == Held(Tier.SILVER, START + 1)


def test_the_marks_of_all_records_are_those_of_single_times() -> None:
    taken, marks = CALENDAR.marks
    times = [FIRST - timedelta(seconds=1), *taken]
    assert [CALENDAR.mark(at) for at in times] == list(marks)
    assert len(set(marks)) == len(marks)
