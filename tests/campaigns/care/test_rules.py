"""What is to be done about one customer (S005, S067, S068, S192)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.care.rules import Active, drafts, facts_of, plan, refreshed
from services.campaigns.care_rules.rules import RULES, Code, Facts, TierRhythm
from services.campaigns.interactions.rules import Interaction
from services.campaigns.reminders.rules import Status
from services.kit.ids import new_id

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
DAY = timedelta(days=1)
WHO = UUID("01234567-89ab-7def-8123-456789abcdef")
ORDER = UUID("01234567-89ab-7def-8123-000000000001")
ALL_RULES = {code: rule() for code, rule in RULES.items()}

ROW: dict[str, Any] = {
    "customer_id": WHO,
    "created_at": NOW - 400 * DAY,
    "deleted": False,
    "merged_into": None,
    "do_not_contact": False,
    "do_not_pursue": False,
    "internal": False,
    "care_from": None,
    "first_order_at": NOW,
    "last_order_id": ORDER,
    "last_order_at": NOW,
    "last_order_effects": "all",
    "purchase_days": 1,
    "last_contact_at": None,
    "value_tier": "bronze",
    "value_tier_since": NOW,
    "churn_risk": "none",
    "churn_risk_since": NOW,
    "overdue_ratio": None,
    "preferred_channel": None,
    "time_zone": "Asia/Taipei",
    "workspace_zone": "UTC",
    "contact_hours": [],
    "rep_id": None,
}


def waiting(rule: str = "silence", **changes: object) -> Active:
    standing = Active(
        id=new_id(),
        rule=rule,
        cause=f"{rule}:1",
        fact_at=NOW,
        due_at=NOW + 9 * DAY,
        contact_at=NOW,
        rep_id=None,
        rep_pinned=False,
        priority=0,
    )
    return replace(standing, **changes)  # type: ignore[arg-type]  # a test names fields freely


class TestFacts:
    def test_a_customer_whom_contacts_has_not_told_of_is_left_in_peace(self) -> None:
        assert facts_of(ROW, "all").contactable
        assert not facts_of(ROW | {"created_at": None}, "all").contactable

    @pytest.mark.parametrize("mark", ["deleted", "do_not_contact", "do_not_pursue", "internal", "merged_into"])
    def test_every_mark_bars_contact(self, mark: str) -> None:
        assert not facts_of(ROW | {mark: WHO}, "all").contactable


class TestPlan:
    def test_a_first_order_asks_for_thanks_and_follow_up(self) -> None:
        found = plan(facts_of(ROW, "all"), ALL_RULES, [], None, NOW)
        assert [one.code for one in found.triggers] == [Code.FIRST_ORDER_THANKS, Code.PURCHASE_FOLLOW_UP]
        assert found.look_at is None

    def test_what_waits_already_is_not_asked_for_again(self) -> None:
        thanks, _ = plan(facts_of(ROW, "all"), ALL_RULES, [], None, NOW).triggers
        known = waiting("first_order_thanks", cause=thanks.cause)
        found = plan(facts_of(ROW, "all"), ALL_RULES, [known], None, NOW)
        assert [one.code for one in found.triggers] == [Code.PURCHASE_FOLLOW_UP]

    @pytest.mark.parametrize("rule", ["silence", "tier_rhythm"])
    def test_a_customer_has_one_of_each_rule_at_a_time(self, rule: str) -> None:
        row = ROW | {"value_tier": "diamond", "churn_risk": "warn", "purchase_days": 4, "last_order_at": NOW - 90 * DAY}
        fresh = [one.code for one in plan(facts_of(row, "all"), ALL_RULES, [], None, NOW).triggers]
        assert rule in fresh
        found = plan(facts_of(row, "all"), ALL_RULES, [waiting(rule)], None, NOW)
        assert rule not in [one.code for one in found.triggers]

    def test_what_has_lost_its_cause_ends_and_doubles_fold(self) -> None:
        gone, first, second = waiting("first_order_thanks", fact_at=NOW - DAY), waiting(), waiting()
        found = plan(facts_of(ROW, "all"), {}, [gone, first, second], None, NOW)
        assert [(one.id, one.status, one.reason, one.leader_id) for one in found.closings] == [
            (gone.id, Status.EXPIRED, "order_withdrawn", None),
            (second.id, Status.MERGED, None, first.id),
        ]
        assert found.standing == [first]

    def test_the_clock_looks_again_at_the_next_beat_or_contact_to_come(self) -> None:
        row = ROW | {"value_tier": "gold", "last_contact_at": NOW}
        assert plan(facts_of(row, "all"), ALL_RULES, [], None, NOW).look_at == NOW + 30 * DAY
        assert plan(facts_of(row, "all"), ALL_RULES, [], NOW + DAY, NOW).look_at == NOW + DAY
        without = {code: rule for code, rule in ALL_RULES.items() if not isinstance(rule, TierRhythm)}
        assert plan(facts_of(row, "all"), without, [], None, NOW).look_at is None

    @given(
        st.sampled_from(["all", "scores", "none"]),
        st.sampled_from([None, "bronze", "gold", "diamond"]),
        st.sampled_from([None, "none", "warn", "likely_lost"]),
        st.integers(0, 9),
        st.integers(0, 120),
    )
    def test_less_than_all_effects_never_open_anything(
        self, effects: str, tier: str | None, churn: str | None, days: int, silent: int
    ) -> None:
        row = ROW | {"value_tier": tier, "churn_risk": churn, "purchase_days": days}
        row |= {
            "last_contact_at": NOW - silent * DAY,
            "first_order_at": NOW - silent * DAY,
            "last_order_effects": effects,
        }
        found = plan(facts_of(row, effects), ALL_RULES, [], None, NOW)
        assert effects == "all" or not found.triggers


class TestDrafts:
    def triggers(self, row: dict[str, Any]) -> list[Any]:
        return list(plan(facts_of(row, "all"), ALL_RULES, [], None, NOW).triggers)

    def test_a_draft_serves_a_function_through_a_form_at_a_good_hour(self) -> None:
        thanks, follow_up = drafts(ROW, self.triggers(ROW), [], [], NOW)
        assert (thanks.function, thanks.form, thanks.channel, thanks.leader) == ("care", "note", "email", None)
        assert thanks.contact_at == datetime(2026, 11, 23, 2, tzinfo=UTC)
        assert follow_up.function == "service"
        assert follow_up.contact_at == datetime(2026, 12, 6, 2, tzinfo=UTC)

    def test_habits_and_wishes_choose_the_hour(self) -> None:
        talks = [
            Interaction("call", "inbound", "care", None, NOW - day * DAY + timedelta(hours=3)) for day in (1, 2, 3)
        ]
        [thanks, _] = drafts(ROW, self.triggers(ROW), [], talks, NOW)
        assert thanks.contact_at == NOW + timedelta(hours=3)
        wishes = ROW | {"contact_hours": [{"days": ["wed"], "from": "09:00", "to": "10:00"}]}
        [thanks, _] = drafts(wishes, self.triggers(wishes), [], talks, NOW)
        assert thanks.contact_at == datetime(2026, 11, 25, 1, tzinfo=UTC)

    def test_touches_of_the_week_and_planned_contacts_leave_room(self) -> None:
        talks = [Interaction("email", "outbound", "care", None, NOW - day * DAY) for day in (1, 2)]
        planned = waiting(contact_at=NOW + DAY)
        [thanks, _] = drafts(ROW, self.triggers(ROW), [planned], talks, NOW)
        assert thanks.contact_at.date().isoformat() == "2026-11-27"

    def test_what_falls_together_with_one_that_waits_folds_into_it(self) -> None:
        near = waiting(due_at=NOW + DAY)
        thanks, follow_up = drafts(ROW, self.triggers(ROW), [near], [], NOW)
        assert thanks.leader == str(near.id)
        assert follow_up.leader is None


class TestRefresh:
    def test_rep_and_priority_follow_the_customer(self) -> None:
        rep = new_id()
        row = ROW | {"rep_id": rep, "value_tier": "gold"}
        news = refreshed(row, waiting())
        assert news is not None
        assert news[0] == rep
        assert refreshed(row, waiting(rep_id=news[0], priority=news[1])) is None

    def test_a_rep_chosen_by_hand_stays(self) -> None:
        chosen = new_id()
        row = ROW | {"rep_id": new_id()}
        news = refreshed(row, waiting(rep_id=chosen, rep_pinned=True))
        assert news is not None
        assert news[0] == chosen


def test_facts_have_all_that_rules_ask_for() -> None:
    assert facts_of(ROW, "scores") == Facts(
        customer_id=WHO,
        effects="scores",
        created_at=NOW - 400 * DAY,
        first_order_at=NOW,
        last_order_id=ORDER,
        last_order_at=NOW,
        purchase_days=1,
        tier="bronze",
        tier_since=NOW,
        churn="none",
        churn_since=NOW,
    )
