"""Reminders: states, priority, suggestions, merging (product 4.1; S005, S055, S201)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.care_rules.rules import Code
from services.campaigns.reminders.rules import (
    ACTIVE,
    FORMS,
    KEY_FORMS,
    MERGE_WINDOW,
    Action,
    Status,
    Waiting,
    merge,
    priority,
    refusal,
    result,
    suggest,
)

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


class TestStates:
    @pytest.mark.parametrize("action", [Action.COMPLETE, Action.SNOOZE, Action.SKIP, Action.REASSIGN])
    @pytest.mark.parametrize("status", list(Status))
    def test_only_an_unfinished_reminder_can_be_worked_on(self, action: Action, status: Status) -> None:
        assert (refusal(action, status, None, NOW) is None) is (status in ACTIVE)

    @pytest.mark.parametrize(
        ("status", "closed", "allowed"),
        [
            (Status.DONE, NOW - 24 * HOUR, True),
            (Status.SKIPPED, NOW, True),
            (Status.DONE, NOW - 24 * HOUR - timedelta(seconds=1), False),
            (Status.DONE, None, False),
            (Status.EXPIRED, NOW, False),
            (Status.MERGED, NOW, False),
            (Status.OPEN, None, False),
        ],
    )
    def test_what_was_closed_by_hand_can_be_reopened_for_a_day(
        self, status: Status, closed: datetime | None, allowed: bool
    ) -> None:
        assert (refusal(Action.REOPEN, status, closed, NOW) is None) is allowed

    def test_each_action_leads_to_its_state_and_reassigning_changes_none(self) -> None:
        assert result(Action.COMPLETE, Status.OPEN) is Status.DONE
        assert result(Action.SNOOZE, Status.OPEN) is Status.SNOOZED
        assert result(Action.SKIP, Status.SNOOZED) is Status.SKIPPED
        assert result(Action.REOPEN, Status.DONE) is Status.OPEN
        assert result(Action.REASSIGN, Status.SNOOZED) is Status.SNOOZED


class TestPriority:
    def test_key_customers_come_first(self) -> None:
        ranks = [priority("tier_rhythm", tier, None, None) for tier in ("diamond", "gold", "silver", "bronze", None)]
        assert ranks == sorted(ranks, reverse=True)
        assert len(set(ranks)) == len(ranks)

    def test_who_is_about_to_leave_comes_before_who_is_probably_gone(self) -> None:
        assert priority("silence", "gold", "warn", 1) > priority("silence", "gold", "likely_lost", 1)

    @given(
        st.sampled_from(list(Code)),
        st.sampled_from(["diamond", "gold", "silver", "bronze", None]),
        st.sampled_from(["none", "watch", "warn", "likely_lost", None]),
        st.none() | st.floats(0, 1e6),
    )
    def test_it_stays_within_0_and_100_and_never_falls_with_being_later(
        self, rule: str, tier: str | None, churn: str | None, overdue: float | None
    ) -> None:
        value = priority(rule, tier, churn, overdue)
        assert 0 <= value <= 100
        assert value <= priority(rule, tier, churn, (overdue or 0) + 1)


class TestSuggestions:
    def test_every_rule_has_forms_for_key_customers_and_for_others(self) -> None:
        assert set(FORMS) == set(KEY_FORMS) == set(Code)

    def test_a_key_customer_is_called_first_and_then_something_else(self) -> None:
        first = suggest("tier_rhythm", "diamond", None, [])
        assert first.code == "call"
        assert suggest("tier_rhythm", "diamond", None, [("call", "care")]).code != "call"

    def test_a_form_comes_back_after_two_others(self) -> None:
        last = [("visit", "care"), ("email", "information"), ("call", "care")]
        assert suggest("tier_rhythm", "diamond", None, last).code == "call"

    def test_written_forms_go_through_the_channel_that_the_customer_prefers(self) -> None:
        form = suggest("first_order_thanks", "bronze", "chat", [])
        assert (form.code, form.channel) == ("note", "chat")

    def test_who_prefers_a_call_gets_one(self) -> None:
        assert suggest("first_order_thanks", "bronze", "call", []).channel == "call"

    @given(
        st.sampled_from(list(Code)),
        st.sampled_from(["diamond", "bronze", None]),
        st.sampled_from([None, "email", "call", "chat", "visit"]),
        st.lists(
            st.tuples(
                st.sampled_from(["call", "email", "gift", "visit", "chat"]),
                st.sampled_from(["care", "information", "service"]),
            ),
            max_size=4,
        ),
    )
    def test_none_of_the_last_two_is_suggested_while_there_is_another(
        self, rule: str, tier: str | None, preferred: str | None, last: list[tuple[str, str]]
    ) -> None:
        form = suggest(rule, tier, preferred, last)
        forms = KEY_FORMS[rule] if tier == "diamond" else FORMS[rule]
        others = [one for one in forms if one.channel not in {channel for channel, _ in last[:2]}]
        if (form.channel, form.function) in last[:2]:
            assert not others or preferred in {"email", "chat"}
        assert form.code in {one.code for one in forms}

    def test_when_all_forms_were_just_used_one_is_suggested_all_the_same(self) -> None:
        assert suggest("purchase_follow_up", None, None, [("email", "service"), ("call", "service")]).channel == "call"


class TestMerging:
    def test_what_falls_together_folds_into_the_weightiest(self) -> None:
        thanks = Waiting("a", "first_order_thanks", NOW)
        silence = Waiting("b", "silence", NOW + 47 * HOUR)
        rhythm = Waiting("c", "tier_rhythm", NOW + 49 * HOUR)
        assert merge([thanks, silence, rhythm], []) == {"a": "b", "c": "b"}

    def test_one_that_a_rep_already_sees_leads_whatever_its_weight(self) -> None:
        follow_up = Waiting("old", "purchase_follow_up", NOW)
        assert merge([Waiting("new", "silence", NOW)], [follow_up]) == {"new": "old"}

    def test_what_is_due_at_other_times_stays_apart(self) -> None:
        thanks = Waiting("a", "first_order_thanks", NOW)
        follow_up = Waiting("b", "purchase_follow_up", NOW + timedelta(days=14))
        assert merge([thanks, follow_up], []) == {}

    @given(
        st.lists(st.tuples(st.sampled_from(list(Code)), st.integers(0, 200)), max_size=6, unique=True),
        st.randoms(use_true_random=False),
    )
    def test_the_order_of_arrival_does_not_matter_and_leaders_lead_nobody_twice(
        self, drawn: list[tuple[Code, int]], chance: object
    ) -> None:
        waiting = [Waiting(str(place), rule, NOW + hours * HOUR) for place, (rule, hours) in enumerate(drawn)]
        shuffled = waiting[:]
        chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own random
        folded = merge(waiting, [])
        assert merge(shuffled, []) == folded
        due = {one.key: one.due_at for one in waiting}
        for key, leader in folded.items():
            assert leader not in folded
            assert abs(due[key] - due[leader]) <= MERGE_WINDOW
        leaders = [one.key for one in waiting if one.key not in folded]
        assert all(abs(due[a] - due[b]) > MERGE_WINDOW for a, b in product(leaders, leaders) if a != b)
