"""Keeping the audience: what each producer tells becomes columns of one row per customer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.campaigns.audience import repository
from services.campaigns.audience.profiles import Profile
from services.campaigns.audience.repository import (
    Key,
    clear_forgotten_scores,
    count_reminders,
    due,
    for_care,
    forget_customers,
    forget_scores,
    lock,
    look_again,
    look_at_customers_of,
    meet,
    remove_forgotten_customers,
    set_contacts,
    set_looks,
)
from services.contracts.contacts import CustomerChanged
from services.contracts.envelope import Effects
from services.contracts.scoring import CustomerScored, ScoreState
from services.kit.database import Session

__all__ = [
    "Key",
    "clear_forgotten_scores",
    "count_reminders",
    "due",
    "for_care",
    "forget_customers",
    "forget_scores",
    "lock",
    "look_again",
    "look_at_customers_of",
    "meet",
    "remove_forgotten_customers",
    "set_contacts",
    "set_looks",
    "take_customers",
    "take_scores",
]

HUNDREDTHS = 100
UNKNOWN = ScoreState(value=None, points=None, changed_at=datetime.min)  # noqa: DTZ901 - never read: a score without a value has no time


async def take_customers(
    session: Session,
    changes: Sequence[tuple[UUID, CustomerChanged]],
    profiles: Mapping[Key, Profile],
    now: datetime,
) -> set[Key]:
    """Take over customers, each once; return those for which it was news."""
    rows = {(workspace_id, one.customer_id): facts_of(workspace_id, one, now) for workspace_id, one in changes}
    fresh = await repository.upsert_facts(session, list(rows.values()))
    await repository.set_tags(session, [rows[key] for key in sorted(fresh)])
    gone = {(workspace_id, one.customer_id) for workspace_id, one in changes if one.erased}
    personal = [profile_of(key, profile) for key, profile in profiles.items() if key in rows.keys() - gone]
    erased = [
        profile_of((ws, one.customer_id), Profile(id=one.customer_id, version=one.version))
        for ws, one in changes
        if one.erased
    ]
    await repository.update_profiles(session, personal + erased)
    return fresh


async def take_scores(session: Session, changes: Sequence[tuple[UUID, CustomerScored]]) -> set[Key]:
    """Take over scores, each customer once; return those for whom it was news."""
    return await repository.upsert_scores(session, [scores_of(ws, one) for ws, one in changes])


def facts_of(workspace_id: UUID, event: CustomerChanged, now: datetime) -> dict[str, Any]:
    """Return the row of what contacts tells."""
    return {
        "workspace_id": workspace_id,
        "customer_id": event.customer_id,
        "type": event.customer_type,
        "version": event.version,
        "care_from": limited_from(event.effects, now),
        "created_at": event.created_at,
        "owner_rep_id": event.owner_rep_id,
        "designated_rep_id": event.designated_rep_id,
        "tags": event.tags,
        "lifecycle_stage": event.lifecycle_stage,
        "region": event.region,
        "do_not_contact": event.do_not_contact,
        "do_not_pursue": event.do_not_pursue,
        "internal": event.internal,
        "deleted": event.deleted or event.erased,
        "merged_into": event.merged_into,
    }


def profile_of(key: Key, profile: Profile) -> dict[str, Any]:
    """Return the row of a customer's personal values."""
    workspace_id, customer_id = key
    return profile.model_dump(exclude={"id"}) | {"workspace_id": workspace_id, "customer_id": customer_id}


def scores_of(workspace_id: UUID, event: CustomerScored) -> dict[str, Any]:
    """Return the row of what scoring tells.

    Who has no order left that counts looks like one who never had any: how it came to that must not show.
    """
    tier, churn = event.scores.get("value_tier", UNKNOWN), event.scores.get("churn_risk", UNKNOWN)
    last = event.last_order
    return {
        "workspace_id": workspace_id,
        "customer_id": event.customer_id,
        "type": event.customer_type,
        "version": event.version,
        "care_from": limited_from(event.effects, event.as_of),
        "currency": event.currency,
        "net_revenue_minor": event.net_revenue_minor if event.orders_count else None,
        "orders_count": event.orders_count,
        "purchase_days": event.purchase_days,
        "first_order_at": event.first_order_at,
        "last_order_id": last.order_id if last else None,
        "last_order_at": last.placed_at if last else None,
        "last_order_effects": last.effects if last else Effects.ALL,
        "overdue_ratio": event.overdue_ratio,
        "value_tier": tier.value,
        "value_tier_points": hundredths(tier.points),
        "value_tier_since": tier.changed_at if tier.value else None,
        "customer_class": event.scores.get("customer_class", UNKNOWN).value,
        "rfm": event.scores.get("rfm", UNKNOWN).value,
        "churn_risk": churn.value,
        "churn_risk_since": churn.changed_at if churn.value else None,
        "scores": {
            kind: {"value": score.value, "points": score.points}
            for kind, score in event.scores.items()
            if (score.value, score.points) != (None, None)
        },
    }


def limited_from(effects: Effects, at: datetime) -> datetime | None:
    """Return from when on care may start, where a fact must not start any itself."""
    return None if effects is Effects.ALL else at


def hundredths(points: str | None) -> int | None:
    """Return points as a whole number of hundredths."""
    return None if points is None else int(Decimal(points) * HUNDREDTHS)
