"""When a customer is owed care (scoring 11.15; S021, S048, S054, S184, S191, S192)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.care_rules.rules import (
    FUNCTIONS,
    RULES,
    Code,
    Facts,
    FirstOrderThanks,
    PurchaseFollowUp,
    Silence,
    TierRhythm,
    Trigger,
    next_look_at,
    withdrawn,
)

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
CUSTOMER = UUID("01234567-89ab-7def-8123-456789abcdef")
ORDER = UUID("01234567-89ab-7def-8123-000000000001")
DAY = timedelta(days=1)


def bought(placed_at: datetime = NOW - timedelta(seconds=1), **changes: object) -> Facts:
    facts = Facts(
        CUSTOMER,
        created_at=placed_at,
        first_order_at=placed_at,
        last_order_id=ORDER,
        last_order_at=placed_at,
        purchase_days=1,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]  # a test names fields freely


def keeps_buying(tier: str | None = "gold", **changes: object) -> Facts:
    return bought(
        NOW - 40 * DAY,
        **{"first_order_at": NOW - 400 * DAY, "purchase_days": 5, "tier": tier, "created_at": NOW - 400 * DAY}
        | changes,
    )


def fired(trigger: Trigger | None) -> Trigger:
    assert trigger is not None
    return trigger


class TestPurchases:
    def test_a_first_order_is_owed_a_thank_you_within_a_day(self) -> None:
        trigger = fired(FirstOrderThanks().trigger(bought(), NOW))
        assert trigger.due_at == NOW - timedelta(seconds=1) + DAY
        assert trigger.order_id == ORDER

    def test_a_follow_up_is_due_14_days_after_the_order_and_not_wanted_much_earlier(self) -> None:
        trigger = fired(PurchaseFollowUp().trigger(bought(NOW), NOW))
        assert trigger.due_at == NOW + 14 * DAY
        assert trigger.wanted_at == NOW + 13 * DAY
        assert trigger.cause == f"purchase_follow_up:{ORDER}"

    def test_a_later_order_is_followed_up_but_not_thanked_for_again(self) -> None:
        facts = bought(first_order_at=NOW - 30 * DAY, purchase_days=2)
        assert FirstOrderThanks().trigger(facts, NOW) is None
        assert PurchaseFollowUp().trigger(facts, NOW) is not None

    def test_two_orders_at_once_still_earn_a_thank_you_for_the_first(self) -> None:
        facts = bought(first_order_at=NOW - timedelta(hours=1), purchase_days=2)
        assert fired(FirstOrderThanks().trigger(facts, NOW)).order_id is None

    @pytest.mark.parametrize("rule", [FirstOrderThanks(), PurchaseFollowUp()])
    def test_nobody_is_thanked_for_nothing(self, rule: FirstOrderThanks | PurchaseFollowUp) -> None:
        assert rule.trigger(Facts(CUSTOMER), NOW) is None

    @pytest.mark.parametrize("rule", [FirstOrderThanks(), PurchaseFollowUp()])
    @pytest.mark.parametrize(
        ("placed_at", "fires"),
        [
            (NOW - 3 * DAY, True),
            (NOW - 3 * DAY - timedelta(seconds=1), False),
            (NOW + timedelta(minutes=5), True),
            (NOW + timedelta(minutes=5, seconds=1), False),
        ],
    )
    def test_an_order_older_than_three_days_or_of_the_future_starts_nothing(
        self, rule: FirstOrderThanks | PurchaseFollowUp, placed_at: datetime, fires: bool
    ) -> None:
        assert (rule.trigger(bought(placed_at), NOW) is not None) is fires

    @pytest.mark.parametrize("rule", [FirstOrderThanks(), PurchaseFollowUp()])
    @pytest.mark.parametrize(
        "facts",
        [
            bought(last_order_effects="scores"),
            bought(last_order_effects="none"),
            bought(contactable=False),
        ],
    )
    def test_an_order_with_less_than_all_effects_starts_nothing(
        self, rule: FirstOrderThanks | PurchaseFollowUp, facts: Facts
    ) -> None:
        assert rule.trigger(facts, NOW) is None

    @pytest.mark.parametrize("rule", [FirstOrderThanks(), PurchaseFollowUp()])
    def test_an_order_that_was_evaluated_late_is_cared_for_all_the_same(
        self, rule: FirstOrderThanks | PurchaseFollowUp
    ) -> None:
        assert rule.trigger(bought(effects="scores"), NOW) is not None


class TestRhythm:
    @pytest.mark.parametrize(("tier", "days"), [("diamond", 14), ("gold", 30), ("silver", 90)])
    def test_each_tier_has_its_own_interval_counted_from_the_last_contact(self, tier: str, days: int) -> None:
        last = NOW - days * DAY
        trigger = fired(TierRhythm().trigger(keeps_buying(tier, last_contact_at=last), NOW))
        assert trigger.due_at == NOW
        assert trigger.fact_at == last
        assert TierRhythm().trigger(keeps_buying(tier, last_contact_at=last + timedelta(seconds=1)), NOW) is None

    @pytest.mark.parametrize("tier", ["bronze", None])
    def test_bronze_and_unknown_tiers_have_none(self, tier: str | None) -> None:
        facts = keeps_buying(last_contact_at=NOW - 400 * DAY, tier=tier)
        assert TierRhythm().trigger(facts, NOW) is None
        assert next_look_at(facts, TierRhythm(), NOW) is None

    def test_a_beat_missed_by_more_than_three_days_is_let_go_and_the_next_one_counts(self) -> None:
        facts = keeps_buying("diamond", last_contact_at=NOW - 20 * DAY)
        assert TierRhythm().trigger(facts, NOW) is None
        beat = next_look_at(facts, TierRhythm(), NOW)
        assert beat == NOW + 8 * DAY
        assert fired(TierRhythm().trigger(facts, beat)).due_at == beat

    def test_reaching_a_tier_whose_interval_has_passed_makes_care_due_at_once(self) -> None:
        facts = keeps_buying("diamond", last_contact_at=NOW - 20 * DAY, tier_since=NOW)
        assert fired(TierRhythm().trigger(facts, NOW)).due_at == NOW - 6 * DAY

    def test_a_tier_reached_after_an_import_waits_for_the_next_beat(self) -> None:
        imported = {"last_contact_at": NOW - 20 * DAY, "care_from": NOW - DAY}
        facts = keeps_buying("diamond", tier_since=NOW, **imported)
        assert TierRhythm().trigger(facts, NOW) is None
        assert TierRhythm().trigger(facts, NOW + 8 * DAY) is not None

    def test_a_customer_never_contacted_is_counted_from_the_day_we_came_to_know_him(self) -> None:
        facts = keeps_buying("diamond", created_at=NOW - 14 * DAY)
        trigger = fired(TierRhythm().trigger(facts, NOW))
        assert trigger.fact_at == NOW - 14 * DAY
        assert trigger.facts["last_contact_at"] is None
        assert TierRhythm().trigger(keeps_buying("diamond", created_at=None), NOW) is None

    def test_what_became_due_before_an_import_is_let_be(self) -> None:
        facts = keeps_buying("diamond", last_contact_at=NOW - 15 * DAY)
        assert TierRhythm().trigger(facts, NOW) is not None
        assert TierRhythm().trigger(replace(facts, care_from=NOW), NOW) is None
        assert TierRhythm().trigger(replace(facts, care_from=NOW - 2 * DAY), NOW) is not None

    def test_a_beat_that_only_waited_for_the_clock_is_not_drowned_by_what_comes_in(self) -> None:
        facts = keeps_buying("diamond", last_contact_at=NOW - 14 * DAY, care_from=NOW + timedelta(minutes=1))
        assert TierRhythm().trigger(facts, NOW + timedelta(minutes=2)) is not None

    @pytest.mark.parametrize("limit", [{"effects": "scores"}, {"contactable": False}])
    def test_limited_effects_and_marks_stop_it(self, limit: dict[str, object]) -> None:
        facts = keeps_buying("diamond", last_contact_at=NOW - 14 * DAY, **limit)
        assert TierRhythm().trigger(facts, NOW) is None

    def test_the_clock_looks_again_at_the_next_beat_only_where_there_may_be_care(self) -> None:
        facts = keeps_buying("gold", last_contact_at=NOW - DAY)
        assert next_look_at(facts, TierRhythm(), NOW) == NOW + 29 * DAY
        assert next_look_at(facts, None, NOW) is None
        assert next_look_at(replace(facts, contactable=False), TierRhythm(), NOW) is None

    @given(
        tier=st.sampled_from(["diamond", "gold", "silver"]),
        last=st.integers(0, 500 * 24).map(lambda hours: NOW - timedelta(hours=hours)),
    )
    def test_the_next_look_is_always_in_the_future_and_within_one_interval(self, tier: str, last: datetime) -> None:
        rhythm = TierRhythm()
        beat = next_look_at(keeps_buying(tier, last_contact_at=last), rhythm, NOW)
        assert beat is not None
        assert NOW < beat <= NOW + rhythm.intervals[tier]

    @given(st.integers(0, 60 * 24), st.integers(0, 60))
    def test_looking_every_minute_or_late_finds_the_same_causes(self, hours: int, late: int) -> None:
        facts = keeps_buying("diamond", last_contact_at=NOW - timedelta(hours=hours))
        beat = next_look_at(facts, TierRhythm(), NOW)
        assert beat is not None
        at_once = fired(TierRhythm().trigger(facts, beat))
        assert fired(TierRhythm().trigger(facts, beat + timedelta(hours=late))).cause == at_once.cause


class TestSilence:
    @pytest.mark.parametrize("level", ["warn", "likely_lost"])
    def test_a_returning_customer_who_falls_silent_is_asked_after(self, level: str) -> None:
        trigger = fired(Silence().trigger(keeps_buying(churn=level, churn_since=NOW), NOW))
        assert trigger.due_at == NOW + 2 * DAY
        assert trigger.facts["churn_risk"] == level

    def test_one_time_customers_are_left_in_peace(self) -> None:
        facts = keeps_buying(churn="likely_lost", churn_since=NOW, purchase_days=1)
        assert Silence().trigger(facts, NOW) is None

    @pytest.mark.parametrize(
        "facts",
        [
            keeps_buying(churn="watch", churn_since=NOW),
            keeps_buying(churn="none", churn_since=NOW),
            keeps_buying(),
            keeps_buying(churn="warn"),
            keeps_buying(churn="warn", churn_since=NOW - 4 * DAY),
            keeps_buying(churn="warn", churn_since=NOW, effects="scores"),
            keeps_buying(churn="warn", churn_since=NOW, contactable=False),
            keeps_buying(churn="warn", churn_since=NOW - DAY, care_from=NOW),
        ],
    )
    def test_it_needs_a_fresh_warning_that_may_start_something(self, facts: Facts) -> None:
        assert Silence().trigger(facts, NOW) is None

    def test_getting_worse_is_the_same_cause_and_a_new_order_a_new_one(self) -> None:
        warned = keeps_buying(churn="warn", churn_since=NOW)
        first = fired(Silence().trigger(warned, NOW))
        worse = replace(warned, churn="likely_lost", churn_since=NOW + DAY)
        again = replace(worse, last_order_id=CUSTOMER)
        assert fired(Silence().trigger(worse, NOW + DAY)).cause == first.cause
        assert fired(Silence().trigger(again, NOW + DAY)).cause != first.cause


class TestWithdrawal:
    def test_a_thank_you_goes_when_its_order_is_no_longer_the_first_that_counts(self) -> None:
        placed = NOW - DAY
        assert withdrawn(Code.FIRST_ORDER_THANKS, placed, bought(placed)) is None
        cancelled = bought(placed, first_order_at=None, last_order_at=None, last_order_id=None)
        assert withdrawn(Code.FIRST_ORDER_THANKS, placed, cancelled) == "order_withdrawn"
        older = bought(placed, first_order_at=placed - 9 * DAY)
        assert withdrawn(Code.FIRST_ORDER_THANKS, placed, older) == "order_withdrawn"

    def test_a_follow_up_stands_for_the_last_order_that_counts(self) -> None:
        placed = NOW - DAY
        assert withdrawn(Code.PURCHASE_FOLLOW_UP, placed, bought(placed)) is None
        assert withdrawn(Code.PURCHASE_FOLLOW_UP, placed, bought(NOW)) == "bought_again"
        assert withdrawn(Code.PURCHASE_FOLLOW_UP, placed, bought(placed - DAY)) == "order_withdrawn"
        assert withdrawn(Code.PURCHASE_FOLLOW_UP, placed, Facts(CUSTOMER)) == "order_withdrawn"

    def test_the_rhythm_is_satisfied_by_a_newer_contact(self) -> None:
        last = NOW - 14 * DAY
        assert withdrawn(Code.TIER_RHYTHM, last, keeps_buying(last_contact_at=last)) is None
        assert withdrawn(Code.TIER_RHYTHM, last, keeps_buying(last_contact_at=NOW)) == "contacted"
        assert withdrawn(Code.TIER_RHYTHM, last, keeps_buying()) is None

    def test_silence_is_broken_by_an_order_not_by_a_call(self) -> None:
        since = NOW - DAY
        assert withdrawn(Code.SILENCE, since, keeps_buying(last_contact_at=NOW)) is None
        assert withdrawn(Code.SILENCE, since, bought(NOW)) == "bought_again"
        assert withdrawn(Code.SILENCE, since, Facts(CUSTOMER)) is None

    def test_who_may_not_be_contacted_is_not_cared_for(self) -> None:
        assert withdrawn(Code.SILENCE, NOW, keeps_buying(contactable=False)) == "not_contactable"


@given(
    st.builds(
        keeps_buying,
        st.sampled_from(["diamond", "gold", "silver", "bronze"]),
        first_order_at=st.sampled_from([NOW, NOW - DAY, NOW - 9 * DAY]),
        last_order_at=st.sampled_from([NOW, NOW - DAY, NOW - 9 * DAY]),
        last_contact_at=st.none() | st.integers(0, 99).map(lambda days: NOW - days * DAY),
        churn=st.sampled_from([None, "none", "warn", "likely_lost"]),
        churn_since=st.sampled_from([NOW, NOW - DAY]),
    )
)
def test_whatever_fires_states_its_own_rule_a_cause_and_an_end_after_its_due_time(facts: Facts) -> None:
    for code, rule in RULES.items():
        trigger = rule().trigger(facts, NOW)
        if trigger:
            assert trigger.code is code
            assert trigger.cause.startswith(f"{code}:")
            assert trigger.expires_at > trigger.due_at
            assert trigger.wanted_at >= NOW


def test_every_rule_serves_one_of_the_five_functions() -> None:
    assert set(FUNCTIONS) == set(RULES) == set(Code)
    assert set(FUNCTIONS.values()) <= {"care", "information", "transaction", "service", "intelligence"}
