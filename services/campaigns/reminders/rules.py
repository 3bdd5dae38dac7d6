"""How a reminder lives: its states, its priority, what it suggests, and what happens when several fall together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """The states of a reminder."""

    OPEN = "open"
    SNOOZED = "snoozed"
    DONE = "done"
    SKIPPED = "skipped"
    ESCALATED = "escalated"
    EXPIRED = "expired"
    MERGED = "merged"


class Action(StrEnum):
    """What a person can do with a reminder."""

    COMPLETE = "complete"
    SNOOZE = "snooze"
    SKIP = "skip"
    REASSIGN = "reassign"
    REOPEN = "reopen"


ACTIVE = frozenset({Status.OPEN, Status.SNOOZED, Status.ESCALATED})
"""States in which a reminder still waits for somebody."""

CLOSED_BY_HAND = frozenset({Status.DONE, Status.SKIPPED})
REOPEN_WITHIN = timedelta(hours=24)
LONGEST_SNOOZE = timedelta(days=366)
RESULTS: Mapping[Action, Status] = MappingProxyType(
    {
        Action.COMPLETE: Status.DONE,
        Action.SNOOZE: Status.SNOOZED,
        Action.SKIP: Status.SKIPPED,
        Action.REOPEN: Status.OPEN,
    }
)


def refusal(action: Action, status: Status, closed_at: datetime | None, now: datetime) -> str | None:
    """Return why an action does not fit the state of a reminder, None where it does."""
    if action is not Action.REOPEN:
        return None if status in ACTIVE else f"The reminder is {status}; only an unfinished one can be changed."
    if status not in CLOSED_BY_HAND or closed_at is None:
        return f"The reminder is {status}; only one that was completed or skipped can be reopened."
    if now - closed_at > REOPEN_WITHIN:
        return "The reminder was closed more than 24 hours ago."
    return None


def result(action: Action, status: Status) -> Status:
    """Return the state after an action; reassigning leaves it as it is."""
    return RESULTS.get(action, status)


# --- who comes first -------------------------------------------------------------------------------------------------

TIER_WEIGHT: Mapping[str | None, int] = MappingProxyType({"diamond": 40, "gold": 30, "silver": 15, "bronze": 5})
CHURN_WEIGHT: Mapping[str | None, int] = MappingProxyType({"warn": 20, "likely_lost": 15, "watch": 8})
MANUAL = "manual"
"""The rule of reminders that people set by hand."""
RULE_WEIGHT: Mapping[str, int] = MappingProxyType(
    {"manual": 20, "silence": 15, "first_order_thanks": 12, "tier_rhythm": 10, "purchase_follow_up": 5}
)
OVERDUE_STEP = 10
OVERDUE_MOST = 25


def priority(rule: str, tier: str | None, churn: str | None, overdue_ratio: float | None) -> int:
    """Return 0-100, higher first: key customers before others, those about to leave before those who stay.

    A customer on the brink (`warn`) weighs more than one who is probably gone. Overdue adds ten points for every
    own rhythm that the customer is late, at most 25.
    """
    late = min(OVERDUE_MOST, int(OVERDUE_STEP * max(0.0, (overdue_ratio or 0.0) - 1)))
    return TIER_WEIGHT.get(tier, 0) + CHURN_WEIGHT.get(churn, 0) + RULE_WEIGHT.get(rule, 0) + late


# --- what to do ------------------------------------------------------------------------------------------------------

WRITTEN = ("email", "sms", "chat", "social")
VARIETY = 2
"""A form is not suggested again while it is among the last two."""


@dataclass(frozen=True, slots=True)
class Form:
    """A way of caring: its code, the channel it goes through and the function it serves."""

    code: str
    channel: str
    function: str


PLANNED = "as_planned"
"""The form of reminders that were set by hand: they say themselves what to do."""
CALL = Form("call", "call", "care")
NOTE = Form("note", "email", "care")
ARTICLE = Form("article", "email", "information")
GIFT = Form("small_gift", "gift", "care")
VISIT = Form("visit", "visit", "care")
HELP = Form("helping_hand", "call", "service")
ASK = Form("ask_by_message", "email", "service")

KEY_TIERS = frozenset({"diamond", "gold"})
FORMS: Mapping[str, tuple[Form, ...]] = MappingProxyType(
    {
        "first_order_thanks": (NOTE, CALL),
        "purchase_follow_up": (ASK, HELP),
        "tier_rhythm": (CALL, ARTICLE, NOTE),
        "silence": (CALL, NOTE, ARTICLE),
    }
)
KEY_FORMS: Mapping[str, tuple[Form, ...]] = MappingProxyType(
    {
        "first_order_thanks": (CALL, NOTE, GIFT),
        "purchase_follow_up": (HELP, ASK),
        "tier_rhythm": (CALL, ARTICLE, VISIT, HELP, GIFT),
        "silence": (CALL, VISIT, GIFT, NOTE),
    }
)
"""Forms for key customers, where more time and a small gift are well spent."""


def suggest(rule: str, tier: str | None, preferred: str | None, last: Sequence[tuple[str, str]]) -> Form:
    """Return the form to suggest: one the customer likes, and not one of the last.

    `last` holds channel and function of our latest contacts with the customer, newest first.
    """
    forms = [through(form, preferred) for form in (KEY_FORMS if tier in KEY_TIERS else FORMS)[rule]]
    ranked = sorted(forms, key=lambda form: form.channel != preferred)
    recent = last[:VARIETY]
    return next((form for form in ranked if (form.channel, form.function) not in recent), ranked[-1])


def through(form: Form, preferred: str | None) -> Form:
    """Return a written form through the written channel that the customer prefers."""
    if form.channel in WRITTEN and preferred in WRITTEN:
        return Form(form.code, preferred, form.function)
    return form


# --- falling together ------------------------------------------------------------------------------------------------

MERGE_WINDOW = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reminder that waits or is about to open, as far as merging looks at it."""

    key: str
    rule: str
    due_at: datetime


def merge(new: Iterable[Waiting], active: Sequence[Waiting]) -> dict[str, str]:
    """Return which of the new reminders fold into which other one: `{key: key of the leader}`.

    Those due within two days of each other are one occasion. One that a rep already sees leads; among new ones the
    weightier rule leads, then the earlier, then the key, so the answer does not depend on their order.
    """
    leaders = list(active)
    folded: dict[str, str] = {}
    for one in sorted(new, key=lambda item: (-RULE_WEIGHT.get(item.rule, 0), item.due_at, item.key)):
        leader = next((other for other in leaders if abs(other.due_at - one.due_at) <= MERGE_WINDOW), None)
        if leader:
            folded[one.key] = leader.key
        else:
            leaders.append(one)
    return folded
