"""How events become rows of facts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from services.contracts.contacts import (
    CustomerChanged,
    ExchangeRateChanged,
    InteractionChanged,
    OrderChanged,
    RepChanged,
)
from services.contracts.envelope import Effects

Key = tuple[UUID, UUID]
"""A workspace and an id in it."""
DEAD = frozenset({"cancelled", "deleted"})
STRENGTH = {Effects.NONE: 0, Effects.SCORES: 1, Effects.ALL: 2}


class Told(Protocol):
    """What is looked at in an event of a feed."""

    @property
    def workspace_id(self) -> UUID: ...
    @property
    def type(self) -> str: ...
    @property
    def subject(self) -> UUID: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


def strongest(effects: Iterable[Effects]) -> Effects:
    """Return the furthest-reaching of some effects."""
    return max(effects, key=STRENGTH.__getitem__)


def reach_of(events: Iterable[Told]) -> dict[Key, Effects]:
    """Return how far the events about each entity may reach: as far as the one that reaches farthest."""
    reach: defaultdict[Key, Effects] = defaultdict(lambda: Effects.NONE)
    for event in events:
        key = event.workspace_id, event.subject
        reach[key] = strongest((reach[key], Effects(event.data.get("effects", Effects.ALL))))
    return reach


def last_living_status(events: Iterable[Told]) -> dict[Key, str]:
    """Return the last status of each order that was neither cancelled nor deleted."""
    seen = {}
    for event in events:
        if event.type == OrderChanged.TYPE and event.data["status"] not in DEAD:
            seen[event.workspace_id, event.subject] = str(event.data["status"])
    return seen


def named_in(orders: Sequence[tuple[UUID, OrderChanged]]) -> set[tuple[UUID, UUID, str]]:
    """Return the customers that orders name, with workspace and type."""
    named: set[tuple[UUID, UUID, str]] = set()
    for owner, order in orders:
        if order.customer_id is not None:
            named.add((owner, order.customer_id, order.customer_type or "person"))
    return named


def customer_row(owner: UUID, event: CustomerChanged) -> dict[str, Any]:
    """Return a customer as a row."""
    return {
        "workspace_id": owner,
        "customer_id": event.customer_id,
        "version": event.version,
        "type": event.customer_type,
        "created_at": event.created_at,
        "deleted": event.deleted,
        "erased": event.erased,
        "merged_into": event.merged_into,
        "owner_rep_id": event.owner_rep_id,
        "designated_rep_id": event.designated_rep_id,
        "designated_at": event.designated_at,
        "do_not_pursue": event.do_not_pursue,
        "internal": event.internal,
    }


def order_row(owner: UUID, event: OrderChanged, seen: str | None) -> dict[str, Any]:
    """Return an order as a row; `seen` is the last status before a cancellation that this batch shows."""
    return {
        "workspace_id": owner,
        "order_id": event.order_id,
        "version": event.version,
        "customer_id": event.customer_id,
        "customer_type": event.customer_type,
        "buyer_id": event.buyer_id,
        "account_id": event.account_id,
        "placed_at": event.placed_at,
        "status": event.status,
        "status_before": seen,
        "payment_kind": event.payment_kind,
        "currency": event.currency,
        "total_minor": event.total_minor,
        "goods_minor": event.goods_minor,
        "refunds": [
            {"processed_at": refund.processed_at.isoformat(), "amount_minor": refund.amount_minor}
            for refund in event.refunds
        ],
        "cancelled_at": event.cancelled_at,
        "test": event.test,
        "effects": str(event.effects),
        "seen": seen,
    }


def interaction_row(owner: UUID, event: InteractionChanged) -> dict[str, Any]:
    """Return a contact as a row."""
    return {
        "workspace_id": owner,
        "interaction_id": event.interaction_id,
        "version": event.version,
        "customer_id": event.customer_id,
        "function": event.function,
        "channel": event.channel,
        "direction": event.direction,
        "occurred_at": event.occurred_at,
        "outcome": event.outcome,
        "rep_id": event.rep_id,
        "deleted": event.deleted,
    }


def rate_row(owner: UUID, event: ExchangeRateChanged) -> dict[str, Any]:
    """Return an exchange rate as a row."""
    return {
        "workspace_id": owner,
        "rate_id": event.rate_id,
        "version": event.version,
        "currency": event.currency,
        "valid_from": event.valid_from,
        "rate": Decimal(event.rate),
        "deleted": event.deleted,
    }


def rep_row(owner: UUID, event: RepChanged) -> dict[str, Any]:
    """Return a rep as a row."""
    return {"workspace_id": owner, "rep_id": event.rep_id, "version": event.version, "active": event.active}
