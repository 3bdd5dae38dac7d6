"""When a customer is owed care: four rules, each a pure function of the customer's facts and the clock (scoring 11.15).

A rule answers with a `Trigger` or with None, never twice for one cause: the cause names the fact that it rests on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

ALL_EFFECTS = "all"
CLOCK_SKEW = timedelta(minutes=5)
"""A shop's clock may be ahead of ours by this much."""

CLOCK_SLACK = timedelta(minutes=5)
"""A beat may have waited this long for the clock to look; what comes in meanwhile must not drown it."""

RHYTHM = MappingProxyType({"diamond": timedelta(days=14), "gold": timedelta(days=30), "silver": timedelta(days=90)})
"""Longest time without a contact by tier; bronze has none."""

WARNINGS = ("warn", "likely_lost")
MAX_AGE = timedelta(days=3)
"""A trigger never fires for a fact older than this: a late or replayed fact is no reason to disturb anybody."""


class Code(StrEnum):
    """The care rules that exist."""

    FIRST_ORDER_THANKS = "first_order_thanks"
    PURCHASE_FOLLOW_UP = "purchase_follow_up"
    TIER_RHYTHM = "tier_rhythm"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a customer when the rules are asked."""

    customer_id: UUID
    effects: str = ALL_EFFECTS
    """How far the facts behind this evaluation may reach; only `all` may open a reminder."""
    contactable: bool = True
    created_at: datetime | None = None
    care_from: datetime | None = None
    """When facts last came in that may start nothing (imports): what became due before is let be."""
    first_order_at: datetime | None = None
    last_order_id: UUID | None = None
    last_order_at: datetime | None = None
    last_order_effects: str = ALL_EFFECTS
    purchase_days: int = 0
    last_contact_at: datetime | None = None
    tier: str | None = None
    tier_since: datetime | None = None
    churn: str | None = None
    churn_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """A reason to care for a customer, and by when."""

    code: Code
    cause: str
    fact_at: datetime
    """When the fact happened: the order, the last contact, the fall of the churn level."""
    due_at: datetime
    wanted_at: datetime
    """From when on a contact serves the purpose."""
    expires_at: datetime
    order_id: UUID | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FirstOrderThanks:
    """Say thank you for a first order."""

    due_after: timedelta = timedelta(days=1)
    expires_after: timedelta = timedelta(days=14)
    max_age: timedelta = MAX_AGE

    def trigger(self, facts: Facts, now: datetime) -> Trigger | None:
        """Fire once for each first order; a later correction of which order was first makes it a new cause."""
        placed = facts.first_order_at
        if placed is None or not may_start_from_order(facts, placed, now, self.max_age):
            return None
        known = facts.last_order_at == placed
        return Trigger(
            code=Code.FIRST_ORDER_THANKS,
            cause=f"{Code.FIRST_ORDER_THANKS}:{facts.customer_id}:{placed.isoformat()}",
            fact_at=placed,
            due_at=placed + self.due_after,
            wanted_at=now,
            expires_at=placed + self.due_after + self.expires_after,
            order_id=facts.last_order_id if known else None,
            facts={"placed_at": placed.isoformat()},
        )


@dataclass(frozen=True, slots=True)
class PurchaseFollowUp:
    """Ask some time after a purchase whether all is well."""

    due_after: timedelta = timedelta(days=14)
    expires_after: timedelta = timedelta(days=30)
    max_age: timedelta = MAX_AGE

    def trigger(self, facts: Facts, now: datetime) -> Trigger | None:
        """Fire once for each order that is the customer's latest; the reminder is due days after it was placed."""
        placed = facts.last_order_at
        if placed is None or not may_start_from_order(facts, placed, now, self.max_age):
            return None
        due = placed + self.due_after
        return Trigger(
            code=Code.PURCHASE_FOLLOW_UP,
            cause=f"{Code.PURCHASE_FOLLOW_UP}:{facts.last_order_id}",
            fact_at=placed,
            due_at=due,
            wanted_at=max(now, due - timedelta(days=1)),
            expires_at=due + self.expires_after,
            order_id=facts.last_order_id,
            facts={"placed_at": placed.isoformat(), "days": self.due_after.days},
        )


@dataclass(frozen=True, slots=True)
class TierRhythm:
    """Keep up contact with the customers of the upper tiers, each at the tier's own rhythm.

    Without a contact the rhythm beats again and again: due one interval after the last contact, two intervals, three.
    A beat that was missed by more than `max_age` is let go, and the next one counts, so no fact is ever too old to
    matter for good. A customer who was never contacted is counted from the day we came to know him.
    """

    intervals: Mapping[str, timedelta] = field(default_factory=lambda: RHYTHM)
    expires_after: timedelta = timedelta(days=90)
    max_age: timedelta = MAX_AGE

    def trigger(self, facts: Facts, now: datetime) -> Trigger | None:
        """Fire when a beat is due, or when a customer has just reached a tier whose beat is overdue."""
        beat, _ = self.beats(facts, now)
        interval = self.intervals.get(facts.tier or "")
        if beat is None or interval is None:
            return None
        # A rise to a shorter interval counts from the rise, but not for contacts that were imported with the past: the
        # first cut-offs after an import would make care due for every key customer on the same day.
        known_live = after(facts.last_contact_at or beat, facts.care_from)
        moment = max(beat, facts.tier_since or beat) if known_live else beat
        let_be = facts.care_from and facts.care_from - CLOCK_SLACK
        if not is_fresh(moment, now, self.max_age) or not may_start(facts) or not after(moment, let_be):
            return None
        last = facts.last_contact_at
        return Trigger(
            code=Code.TIER_RHYTHM,
            cause=f"{Code.TIER_RHYTHM}:{facts.customer_id}:{beat.isoformat()}",
            fact_at=last or beat - interval,
            due_at=beat,
            wanted_at=now,
            expires_at=beat + self.expires_after,
            facts={
                "value_tier": facts.tier,
                "days": interval.days,
                "last_contact_at": last.isoformat() if last else None,
            },
        )

    def beats(self, facts: Facts, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the last beat up to now and the next one after it; None where there is none."""
        interval = self.intervals.get(facts.tier or "")
        start = facts.last_contact_at or facts.created_at
        if interval is None or start is None:
            return None, None
        passed = max((now - start) // interval, 0)
        return (start + passed * interval if passed else None), start + (passed + 1) * interval


@dataclass(frozen=True, slots=True)
class Silence:
    """Ask after a customer who used to come back and has fallen silent; one-time customers are left in peace."""

    levels: tuple[str, ...] = WARNINGS
    min_purchase_days: int = 2
    due_after: timedelta = timedelta(days=2)
    expires_after: timedelta = timedelta(days=60)
    max_age: timedelta = MAX_AGE

    def trigger(self, facts: Facts, now: datetime) -> Trigger | None:
        """Fire when the churn level enters a warning; once for each last order, however the level moves after it."""
        since = facts.churn_since
        if facts.churn not in self.levels or since is None or facts.purchase_days < self.min_purchase_days:
            return None
        if not is_fresh(since, now, self.max_age) or not may_start(facts) or not after(since, facts.care_from):
            return None
        last = facts.last_order_at
        return Trigger(
            code=Code.SILENCE,
            cause=f"{Code.SILENCE}:{facts.customer_id}:{facts.last_order_id}",
            fact_at=since,
            due_at=since + self.due_after,
            wanted_at=now,
            expires_at=since + self.due_after + self.expires_after,
            facts={"churn_risk": facts.churn, "last_order_at": last.isoformat() if last else None},
        )


Rule = FirstOrderThanks | PurchaseFollowUp | TierRhythm | Silence
RULES: Mapping[Code, type[Rule]] = MappingProxyType(
    {
        Code.FIRST_ORDER_THANKS: FirstOrderThanks,
        Code.PURCHASE_FOLLOW_UP: PurchaseFollowUp,
        Code.TIER_RHYTHM: TierRhythm,
        Code.SILENCE: Silence,
    }
)
"""Every rule with its defaults."""

FUNCTIONS: Mapping[Code, str] = MappingProxyType(
    {
        Code.FIRST_ORDER_THANKS: "care",
        Code.PURCHASE_FOLLOW_UP: "service",
        Code.TIER_RHYTHM: "care",
        Code.SILENCE: "care",
    }
)
"""Which of the five functions of contact a rule serves."""


def is_fresh(fact_at: datetime, now: datetime, max_age: timedelta) -> bool:
    """Tell whether a fact is not older than a rule allows, nor in the future by more than clocks differ."""
    return now - max_age <= fact_at <= now + CLOCK_SKEW


def may_start(facts: Facts) -> bool:
    """Tell whether care may start from this evaluation: its effects reach that far and contact is allowed."""
    return facts.contactable and facts.effects == ALL_EFFECTS


def may_start_from_order(facts: Facts, placed_at: datetime, now: datetime, max_age: timedelta) -> bool:
    """Tell whether an order may start care: it is recent and came in with all effects.

    The order's own effects decide, not those of what made us look: an order whose first evaluation had to wait (for a
    rate, for the workspace's settings) is told as a revaluation, and deserves its thank-you all the same.
    """
    return is_fresh(placed_at, now, max_age) and facts.contactable and facts.last_order_effects == ALL_EFFECTS


def after(moment: datetime, care_from: datetime | None) -> bool:
    """Tell whether something became due after the last facts that may start nothing."""
    return care_from is None or moment > care_from


def next_look_at(facts: Facts, rhythm: TierRhythm | None, now: datetime) -> datetime | None:
    """Return when the clock alone may make care due: the next beat of the rhythm, None where nothing beats."""
    return rhythm.beats(facts, now)[1] if rhythm and facts.contactable else None


def withdrawn(code: str, fact_at: datetime, facts: Facts) -> str | None:
    """Return why an unfinished reminder has lost its cause, None while the cause stands.

    Nobody is cared for who may not be contacted any more. A thank-you needs its order to be the first one, a
    follow-up its order to be the last one that counts, the rhythm no newer contact, silence no newer order. So what
    stands in the end depends on the facts alone, and not on the sequence in which they came.
    """
    if not facts.contactable:
        return "not_contactable"
    last = facts.last_order_at
    match code:
        case Code.FIRST_ORDER_THANKS if facts.first_order_at != fact_at:
            return "order_withdrawn"
        case Code.PURCHASE_FOLLOW_UP if last is None or last < fact_at:
            return "order_withdrawn"
        case Code.TIER_RHYTHM if facts.last_contact_at is not None and facts.last_contact_at > fact_at:
            return "contacted"
        case Code.PURCHASE_FOLLOW_UP | Code.SILENCE if last is not None and last > fact_at:
            return "bought_again"
    return None
