"""What is to be done about one customer: reminders to open, fold, withdraw and refresh; when to look again. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.campaigns.care_rules.rules import (
    FUNCTIONS,
    Code,
    Facts,
    Rule,
    TierRhythm,
    Trigger,
    next_look_at,
    withdrawn,
)
from services.campaigns.interactions.rules import Interaction, best_hour, contacts, is_touch
from services.campaigns.pressure.rules import Habits, contact_moment, read_windows, zone_of
from services.campaigns.reminders.rules import MANUAL, Status, Waiting, merge, priority, suggest


@dataclass(frozen=True, slots=True)
class Active:
    """An unfinished reminder."""

    id: UUID
    rule: str
    cause: str
    fact_at: datetime
    due_at: datetime
    contact_at: datetime
    rep_id: UUID | None
    rep_pinned: bool
    priority: int


@dataclass(frozen=True, slots=True)
class Closing:
    """An unfinished reminder that ends without anybody's doing."""

    id: UUID
    status: Status
    reason: str | None
    leader_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about one customer."""

    triggers: Sequence[Trigger]
    closings: Sequence[Closing]
    standing: Sequence[Active]
    """Unfinished reminders that stay."""
    look_at: datetime | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A reminder to be added; `leader` is the key of the one it folds into: a cause, or the id of one that stands."""

    trigger: Trigger
    function: str
    channel: str
    form: str
    priority: int
    contact_at: datetime
    leader: str | None


def facts_of(row: Mapping[str, Any], effects: str) -> Facts:
    """Return a customer's row as the care rules see it.

    Before contacts has told of a customer nobody knows whether he or she may be contacted, so nothing starts yet.
    """
    barred = row["deleted"] or row["merged_into"] or row["do_not_contact"] or row["do_not_pursue"] or row["internal"]
    return Facts(
        customer_id=row["customer_id"],
        effects=effects,
        contactable=row["created_at"] is not None and not barred,
        created_at=row["created_at"],
        care_from=row["care_from"],
        first_order_at=row["first_order_at"],
        last_order_id=row["last_order_id"],
        last_order_at=row["last_order_at"],
        last_order_effects=row["last_order_effects"],
        purchase_days=row["purchase_days"],
        last_contact_at=row["last_contact_at"],
        tier=row["value_tier"],
        tier_since=row["value_tier_since"],
        churn=row["churn_risk"],
        churn_since=row["churn_risk_since"],
    )


def plan(
    facts: Facts, rules: Mapping[Code, Rule], active: Sequence[Active], coming_at: datetime | None, now: datetime
) -> Plan:
    """Return what is to be done about a customer; `coming_at` is a contact that is dated ahead."""
    closings = {one.id: one for one in closings_of(facts, active)}
    standing = [one for one in active if one.id not in closings]
    rhythm = rules.get(Code.TIER_RHYTHM)
    looks = [next_look_at(facts, rhythm if isinstance(rhythm, TierRhythm) else None, now), coming_at]
    return Plan(
        triggers=list(triggers_of(facts, rules, standing, now)),
        closings=list(closings.values()),
        standing=standing,
        look_at=min((look for look in looks if look), default=None),
    )


def closings_of(facts: Facts, active: Iterable[Active]) -> Iterator[Closing]:
    """Yield the reminders whose cause is gone, and doubles, which a merge of two customers may bring.

    Of each rule a customer has at most one unfinished reminder: its cause is the first order, the last one, a beat.
    """
    first: dict[str, UUID] = {}
    for one in active:
        reason = withdrawn(one.rule, one.fact_at, facts)
        if reason:
            yield Closing(one.id, Status.EXPIRED, reason)
        elif one.rule != MANUAL and first.setdefault(one.rule, one.id) != one.id:
            yield Closing(one.id, Status.MERGED, None, first[one.rule])


def triggers_of(
    facts: Facts, rules: Mapping[Code, Rule], standing: Collection[Active], now: datetime
) -> Iterator[Trigger]:
    """Yield what the rules ask for and no unfinished reminder stands for already."""
    busy = {one.rule for one in standing}
    for code, rule in rules.items():
        trigger = rule.trigger(facts, now)
        if trigger and code not in busy:
            yield trigger


def drafts(
    row: Mapping[str, Any],
    triggers: Sequence[Trigger],
    standing: Sequence[Active],
    interactions: Sequence[Interaction],
    now: datetime,
) -> list[Draft]:
    """Return the reminders for some triggers of a customer; `interactions` are those of the last year, newest first."""
    folded = merge(
        [Waiting(one.cause, one.code, one.due_at) for one in triggers],
        [Waiting(str(one.id), one.rule, one.due_at) for one in standing],
    )
    zone = zone_of(row["time_zone"], row["workspace_zone"])
    habits = Habits(
        zone=zone,
        windows=read_windows(row["contact_hours"]),
        best_hour=best_hour([one.occurred_at for one in contacts(interactions, now)], zone, now),
        touch_days=[
            *(one.occurred_at.astimezone(zone).date() for one in interactions if is_touch(one)),
            *(one.contact_at.astimezone(zone).date() for one in standing),
        ],
    )
    last = [(one.channel, one.function) for one in interactions if not one.inbound]
    return [draft(row, trigger, habits, last, folded.get(trigger.cause)) for trigger in triggers]


def draft(
    row: Mapping[str, Any],
    trigger: Trigger,
    habits: Habits,
    last: Sequence[tuple[str, str]],
    leader: str | None,
) -> Draft:
    """Return the reminder for one trigger."""
    form = suggest(trigger.code, row["value_tier"], row["preferred_channel"], last)
    return Draft(
        trigger=trigger,
        function=FUNCTIONS[trigger.code],
        channel=form.channel,
        form=form.code,
        priority=priority(trigger.code, row["value_tier"], row["churn_risk"], row["overdue_ratio"]),
        contact_at=contact_moment(trigger.wanted_at, habits),
        leader=leader,
    )


def refreshed(row: Mapping[str, Any], one: Active) -> tuple[UUID | None, int] | None:
    """Return the rep and priority that an unfinished reminder should have now, None where it has them."""
    rep_id = one.rep_id if one.rep_pinned else row["rep_id"]
    rank = priority(one.rule, row["value_tier"], row["churn_risk"], row["overdue_ratio"])
    return None if (rep_id, rank) == (one.rep_id, one.priority) else (rep_id, rank)
