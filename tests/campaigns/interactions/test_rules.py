"""Contacts, touches and habits (scoring 11.8, 11.15; S191, S067)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.interactions.rules import (
    ANSWER_WINDOW,
    Interaction,
    best_hour,
    contacts,
    is_contact,
    is_touch,
    last_contact_at,
)

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
TAIPEI = ZoneInfo("Asia/Taipei")


def made(
    channel: str = "call",
    direction: str = "outbound",
    function: str = "care",
    outcome: str | None = None,
    *,
    ago: timedelta = timedelta(days=1),
) -> Interaction:
    return Interaction(channel, direction, function, outcome, NOW - ago)


@pytest.mark.parametrize(
    ("interaction", "counts"),
    [
        (made("visit"), True),
        (made("call", outcome="reached"), True),
        (made("call", outcome="no_answer"), False),
        (made("call", outcome="left_message"), False),
        (made("call", "inbound", outcome="left_message"), True),
        (made("chat"), True),
        (made("event"), True),
        (made("gift", outcome="done"), True),
        (made("gift", outcome="declined"), False),
        (made("email"), False),
        (made("sms"), False),
        (made("social"), False),
        (made("other"), False),
        (made("email", "inbound"), True),
        (made("other", "inbound"), True),
    ],
)
def test_a_contact_is_a_meeting_that_took_place_a_gift_given_or_anything_inbound(
    interaction: Interaction, counts: bool
) -> None:
    assert is_contact(interaction) is counts


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        (made("email", "inbound", ago=timedelta(days=20) - ANSWER_WINDOW), True),
        (made("call", "inbound", ago=timedelta(days=19)), True),
        (made("email", "inbound", ago=timedelta(days=20) - ANSWER_WINDOW - timedelta(seconds=1)), False),
        (made("email", "inbound", ago=timedelta(days=20)), False),
        (made("visit", "inbound", ago=timedelta(days=19)), False),
        (made("email", "outbound", ago=timedelta(days=19)), False),
    ],
)
def test_an_outbound_message_is_a_contact_once_the_customer_writes_or_calls_back_within_14_days(
    answer: Interaction, counts: bool
) -> None:
    sent = made("email", ago=timedelta(days=20))
    assert (sent in contacts([sent, answer], NOW)) is counts


def test_what_is_dated_in_the_future_waits() -> None:
    assert last_contact_at([made(ago=-timedelta(minutes=1))], NOW) is None
    assert contacts([made(ago=-timedelta(minutes=1))], NOW) == []


@given(
    st.lists(
        st.builds(
            made,
            st.sampled_from(["visit", "call", "email", "chat", "sms", "social", "event", "gift", "other"]),
            st.sampled_from(["inbound", "outbound"]),
            st.sampled_from(["care", "service"]),
            st.sampled_from([None, "reached", "no_answer", "left_message", "declined"]),
            ago=st.integers(-3, 60).map(lambda days: timedelta(days=days)),
        ),
        max_size=8,
    )
)
def test_the_last_contact_is_the_same_whether_or_not_answered_messages_are_looked_at(all_of: list[Interaction]) -> None:
    times = [one.occurred_at for one in contacts(all_of, NOW)]
    assert last_contact_at(all_of, NOW) == max(times, default=None)


@pytest.mark.parametrize(
    ("interaction", "counts"),
    [
        (made("email"), True),
        (made("call", outcome="left_message"), True),
        (made("call", outcome="no_answer"), False),
        (made("email", "inbound"), False),
        (made("email", function="transaction"), False),
        (made("visit", function="service"), False),
    ],
)
def test_a_touch_is_our_reaching_out_except_for_case_and_transaction_work(
    interaction: Interaction, counts: bool
) -> None:
    assert is_touch(interaction) is counts


class TestBestHour:
    def test_it_is_the_local_hour_with_most_contacts(self) -> None:
        at_six = [NOW.replace(hour=10) - timedelta(days=day) for day in (3, 4, 5)]  # 18:00 in Taipei
        at_noon = [NOW - timedelta(days=day) for day in (3, 4)]
        assert best_hour([*at_six, *at_noon], TAIPEI, NOW) == 18

    def test_ties_go_to_the_earlier_hour(self) -> None:
        later = [NOW.replace(hour=10) - timedelta(days=day) for day in (3, 4, 5)]
        earlier = [NOW.replace(hour=2) - timedelta(days=day) for day in (3, 4, 5)]
        assert best_hour([*later, *earlier], TAIPEI, NOW) == 10

    def test_two_contacts_are_no_habit(self) -> None:
        assert best_hour([NOW, NOW - timedelta(days=1)], TAIPEI, NOW) is None
        assert best_hour([], TAIPEI, NOW) is None

    def test_contacts_of_more_than_a_year_ago_or_to_come_do_not_count(self) -> None:
        old = [NOW - timedelta(days=365 + day) for day in range(3)]
        assert best_hour([*old, NOW + timedelta(hours=1)], TAIPEI, NOW) is None
