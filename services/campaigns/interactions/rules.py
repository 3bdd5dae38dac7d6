"""When an interaction is a contact or a touch, and at which hour a customer is best reached (scoring 11.8, 11.15)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

ANSWER_WINDOW = timedelta(days=14)
"""An outbound message is a contact only if the customer wrote or called back within this time."""

HABIT_WINDOW = timedelta(days=365)
HABIT_MINIMUM = 3
"""So many contacts at one local hour make it the customer's best hour."""

MEETINGS = frozenset({"visit", "call", "chat", "event"})
MESSAGES = frozenset({"email", "sms", "social"})
ANSWERS = MESSAGES | {"chat", "call"}
"""Channels by which a customer writes or calls back."""

NOT_REACHED = frozenset({"no_answer", "left_message"})
FREE_FUNCTIONS = frozenset({"transaction", "service"})
"""Transactional and case work presses nobody: it is outside the ceiling on touches."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """Something that happened between us and a customer, without its text."""

    channel: str
    direction: str
    function: str
    outcome: str | None
    occurred_at: datetime

    @property
    def inbound(self) -> bool:
        """Whether the customer came to us."""
        return self.direction == "inbound"


def is_contact(interaction: Interaction) -> bool:
    """Tell whether it is a contact by itself: any inbound one, a meeting that took place, a gift given.

    Outbound messages are none by themselves; `contacts` adds those that were answered.
    """
    if interaction.inbound:
        return True
    if interaction.channel == "gift":
        return interaction.outcome != "declined"
    return interaction.channel in MEETINGS and interaction.outcome not in NOT_REACHED


def contacts(interactions: Sequence[Interaction], now: datetime) -> list[Interaction]:
    """Return the contacts among one customer's interactions; those dated after `now` wait."""
    past = [one for one in interactions if one.occurred_at <= now]
    answers = [one.occurred_at for one in past if one.inbound and one.channel in ANSWERS]
    return [one for one in past if is_contact(one) or was_answered(one, answers)]


def was_answered(interaction: Interaction, answers: Iterable[datetime]) -> bool:
    """Tell whether an outbound message was followed by one of the answers within the window."""
    if interaction.inbound or interaction.channel not in MESSAGES:
        return False
    sent = interaction.occurred_at
    return any(sent < answer <= sent + ANSWER_WINDOW for answer in answers)


def last_contact_at(interactions: Iterable[Interaction], now: datetime) -> datetime | None:
    """Return the time of the last contact, None if there was none.

    Answered messages need no look here: the answer is a contact itself, and it is later.
    """
    times = [one.occurred_at for one in interactions if is_contact(one) and one.occurred_at <= now]
    return max(times, default=None)


def is_touch(interaction: Interaction) -> bool:
    """Tell whether it counts against the ceiling: we reached out, and it was neither a reply's nor a case's work."""
    return not interaction.inbound and interaction.outcome != "no_answer" and interaction.function not in FREE_FUNCTIONS


def best_hour(times: Iterable[datetime], zone: tzinfo, now: datetime) -> int | None:
    """Return the local hour (0-23) with most contacts in 365 days, None below three; ties go to the earlier."""
    hours = Counter(time.astimezone(zone).hour for time in times if now - HABIT_WINDOW < time <= now)
    if not hours:
        return None
    hour, count = min(hours.items(), key=lambda item: (-item[1], item[0]))
    return hour if count >= HABIT_MINIMUM else None
