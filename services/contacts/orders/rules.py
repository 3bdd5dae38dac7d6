"""How facts about one order add up: a merge that ends the same whatever the sequence, and the columns that show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.contacts.orders.facts import EffectsName, ItemFact, OrderCore, OrderFact, OrderStatus, RefundFact
from services.contracts.contacts import OrderChanged
from services.contracts.contacts import RefundFact as ToldRefund
from services.contracts.envelope import Effects

PRECEDENCE: tuple[OrderStatus, ...] = (
    "deleted",
    "cancelled",
    "refunded",
    "partially_refunded",
    "failed",
    "on_hold",
    "draft",
    "fulfilled",
    "paid",
    "partially_paid",
    "pending",
)
"""An order has one status: the first of these that holds."""

RANK: dict[OrderStatus, int] = {
    "draft": 0,
    "pending": 1,
    "failed": 2,
    "on_hold": 3,
    "partially_paid": 4,
    "paid": 5,
    "fulfilled": 6,
    "partially_refunded": 7,
    "refunded": 8,
    "cancelled": 9,
    "deleted": 10,
}
"""How far an order has come; of two messages with the same update time the further one counts."""

EFFECTS: tuple[EffectsName, ...] = ("none", "scores", "all")

CoreKey = tuple[datetime, int, str]


@dataclass(frozen=True, slots=True)
class OrderState:
    """All that is known of one order."""

    core: OrderCore | None = None
    """Of the message with the greatest (update time, rank of its status, hash); None: only loose facts so far."""
    source_id: UUID | None = None
    buyer_id: UUID | None = None
    account_id: UUID | None = None
    refunds: Mapping[str, RefundFact] = field(default_factory=dict)
    removals: Mapping[str, int] = field(default_factory=dict)
    first_cancelled_at: datetime | None = None
    """Earliest cancellation that any message shows; a shop may not say when it cancelled."""
    cancel_wish_at: datetime | None = None
    """Latest cancellation that came on its own; it holds until a newer message describes the whole order."""
    effects: EffectsName = "none"


def core_key(core: OrderCore) -> CoreKey:
    """Return what decides which of two messages describes the order."""
    return core.updated_at, RANK[core.status], core.body_hash


def merge(
    state: OrderState, fact: OrderFact, buyer_id: UUID | None = None, account_id: UUID | None = None
) -> OrderState:
    """Return the state after one more fact. Commutative, associative, and a repeated fact changes nothing.

    `buyer_id` and `account_id` are what the fact's buyer and account were resolved to.
    """
    merged = replace(
        state,
        source_id=state.source_id or fact.source_id,
        refunds=merge_refunds(state.refunds, fact.refunds),
        removals={**state.removals, **fact.removals},
        first_cancelled_at=earliest(state.first_cancelled_at, shown_cancellation(fact)),
        cancel_wish_at=latest(state.cancel_wish_at, None if fact.core else fact.cancelled_at),
        effects=max(state.effects, fact.effects, key=EFFECTS.index),
    )
    if fact.core and (state.core is None or core_key(fact.core) > core_key(state.core)):
        return replace(merged, core=fact.core, buyer_id=buyer_id, account_id=account_id)
    return merged


def shown_cancellation(fact: OrderFact) -> datetime | None:
    """Return when the order was cancelled as far as this fact tells: its own time, else that of the message."""
    if fact.cancelled_at:
        return fact.cancelled_at
    return fact.core.updated_at if fact.core and fact.core.status == "cancelled" else None


def merge_refunds(known: Mapping[str, RefundFact], told: tuple[RefundFact, ...]) -> Mapping[str, RefundFact]:
    """Unite refunds by id: the earliest processing time, and the amount as the newest message shows it."""
    if not told:
        return known
    united = dict(known)
    for refund in told:
        dated = replace(refund, seen_at=refund.seen_at or refund.processed_at)
        old = united.get(refund.id)
        united[refund.id] = dated if old is None else newer_refund(old, dated)
    return united


def newer_refund(one: RefundFact, other: RefundFact) -> RefundFact:
    """Return the newer picture of a refund with the earlier of both processing times."""
    newest = max(one, other, key=lambda refund: (refund.seen_at, refund.amount_minor, refund.reason or ""))
    return replace(newest, processed_at=min(one.processed_at, other.processed_at))


def standing_refunds(state: OrderState) -> list[RefundFact]:
    """Return the refunds that count, oldest first: not those that a complete newer message no longer lists."""
    since = state.core.updated_at if state.core and state.core.lists_all_refunds else None
    found = [
        refund
        for refund in state.refunds.values()
        if refund.amount_minor and (since is None or (refund.seen_at or refund.processed_at) >= since)
    ]
    return sorted(found, key=lambda refund: (refund.processed_at, refund.id))


def is_deleted(state: OrderState) -> bool:
    """Tell whether deletions outnumber restorations."""
    return sum(state.removals.values()) > 0


def is_cancelled(state: OrderState) -> bool:
    """Tell whether the order is cancelled: the deciding message says so, or somebody wished it since."""
    if state.core is None:
        return state.cancel_wish_at is not None
    wished = state.cancel_wish_at is not None and state.cancel_wish_at >= state.core.updated_at
    return wished or state.core.status == "cancelled"


def status_of(state: OrderState, core: OrderCore, refunded_minor: int) -> OrderStatus:
    """Return the one status of an order."""
    holds: set[OrderStatus] = {core.status}
    if is_deleted(state):
        holds.add("deleted")
    if is_cancelled(state):
        holds.add("cancelled")
    if refunded_minor > 0:
        holds.add("refunded" if refunded_minor >= core.total_minor else "partially_refunded")
    return min(holds, key=PRECEDENCE.index)


def payment_of(core: OrderCore, refunded_minor: int) -> str:
    """Return the payment state, refunds that came on their own included."""
    if refunded_minor <= 0 or core.payment_status not in {"paid", "partially_paid", "partially_refunded"}:
        return core.payment_status
    return "refunded" if refunded_minor >= core.total_minor else "partially_refunded"


def columns_of(state: OrderState) -> dict[str, Any]:
    """Return the columns of `orders` that show a state with a core; jsonb columns as Python values."""
    core = state.core
    if core is None:
        message = "an order without a core has no row"
        raise ValueError(message)
    refunds = standing_refunds(state)
    refunded = sum(refund.amount_minor for refund in refunds)
    return {
        "source_id": state.source_id,
        "number": core.number,
        "buyer_id": state.buyer_id,
        "account_id": state.account_id,
        "customer_id": state.account_id or state.buyer_id,
        "customer_type": "account" if state.account_id else "person" if state.buyer_id else None,
        "status": status_of(state, core, refunded),
        "payment_status": payment_of(core, refunded),
        "fulfilment_status": core.fulfilment_status,
        "platform_status": core.platform_status,
        "payment_kind": core.payment_kind,
        "currency": core.currency,
        "total_minor": core.total_minor,
        "subtotal_minor": core.subtotal_minor,
        "discount_minor": core.discount_minor,
        "tax_minor": core.tax_minor,
        "shipping_minor": core.shipping_minor,
        "refunded_minor": refunded,
        "net_minor": max(0, core.total_minor - refunded),
        "goods_minor": core.goods_minor,
        "placed_at": core.placed_at.astimezone(UTC),
        "platform_updated_at": core.updated_at.astimezone(UTC),
        "status_rank": RANK[core.status],
        "body_hash": core.body_hash,
        "cancelled_at": in_utc(state.first_cancelled_at) if is_cancelled(state) else None,
        "deleted_balance": sum(state.removals.values()),
        "items": [item_json(item) for item in core.items],
        "refunds": [refund_json(refund) for refund in refunds],
        "coupons": list(core.coupons),
        "store": core.store,
        "rep_id": core.rep_id,
        "promised_at": in_utc(core.promised_at),
        "dispatched_at": in_utc(core.dispatched_at),
        "delivered_at": in_utc(core.delivered_at),
        "test": core.test,
        "effects": state.effects,
        "merge_state": hidden_json(state, core),
    }


def order_event(row: Mapping[str, Any]) -> OrderChanged:
    """Return what the other services are told about an order; `row` holds its columns, id and version included."""
    return OrderChanged(
        order_id=row["id"],
        refunds=tuple(
            ToldRefund(refund_id=refund["id"], processed_at=refund["processed_at"], amount_minor=refund["amount_minor"])
            for refund in row["refunds"]
        ),
        effects=Effects(row["effects"]),
        **{name: row[name] for name in IN_EVENT},
    )


IN_EVENT = (
    "version",
    "customer_id",
    "customer_type",
    "buyer_id",
    "account_id",
    "source_id",
    "status",
    "payment_kind",
    "placed_at",
    "cancelled_at",
    "currency",
    "total_minor",
    "goods_minor",
    "test",
)
"""Columns that the event repeats under the same name."""


def state_of(row: Mapping[str, Any]) -> OrderState:
    """Return the state that a row of `orders` shows: the inverse of `columns_of`."""
    hidden = row["merge_state"]
    core = OrderCore(
        updated_at=row["platform_updated_at"],
        status=hidden["status"],
        payment_status=hidden["payment"],
        lists_all_refunds=hidden.get("all", False),
        items=tuple(item_of(item) for item in row["items"]),
        coupons=tuple(row["coupons"]),
        **{name: row[name] for name in SAME_IN_ROW},
    )
    return OrderState(
        core=core,
        source_id=row["source_id"],
        buyer_id=row["buyer_id"],
        account_id=row["account_id"],
        refunds={key: refund_of(key, value) for key, value in hidden.get("refunds", {}).items()},
        removals=hidden.get("removals", {}),
        first_cancelled_at=time_of(hidden.get("cancelled")),
        cancel_wish_at=time_of(hidden.get("wish")),
        effects=row["effects"],
    )


SAME_IN_ROW = (
    "body_hash",
    "placed_at",
    "currency",
    "total_minor",
    "fulfilment_status",
    "platform_status",
    "payment_kind",
    "number",
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "shipping_minor",
    "goods_minor",
    "store",
    "rep_id",
    "promised_at",
    "dispatched_at",
    "delivered_at",
    "test",
)
"""Fields of a core that its row holds under the same name and unchanged."""


def hidden_json(state: OrderState, core: OrderCore) -> dict[str, Any]:
    """Return what the columns alone do not tell; empty parts are left out."""
    parts: dict[str, Any] = {
        "status": core.status,
        "payment": core.payment_status,
        "all": core.lists_all_refunds,
        "refunds": {refund.id: hidden_refund(refund) for refund in state.refunds.values()},
        "removals": dict(state.removals),
        "cancelled": iso(state.first_cancelled_at),
        "wish": iso(state.cancel_wish_at),
    }
    return {name: part for name, part in parts.items() if part}


def hidden_refund(refund: RefundFact) -> list[Any]:
    """Return a refund as the merge needs it again."""
    return [iso(refund.processed_at), refund.amount_minor, refund.reason, iso(refund.seen_at)]


def refund_of(key: str, value: list[Any]) -> RefundFact:
    """Return the refund that `hidden_refund` wrote."""
    processed_at, amount_minor, reason, seen_at = value
    return RefundFact(key, datetime.fromisoformat(processed_at), amount_minor, reason, time_of(seen_at))


def refund_json(refund: RefundFact) -> dict[str, Any]:
    """Return a refund as readers see it."""
    return {
        "id": refund.id,
        "processed_at": iso(refund.processed_at),
        "amount_minor": refund.amount_minor,
        "reason": refund.reason,
    }


def item_json(item: ItemFact) -> dict[str, Any]:
    """Return an order line as the column holds it."""
    return {
        "external_id": item.external_id,
        "sku": item.sku,
        "title": item.title,
        "quantity": format(item.quantity, "f"),
        "unit_price_minor": item.unit_price_minor,
        "total_minor": item.total_minor,
        "options": item.options,
        "product_id": item.product_id,
        "gift_card": item.gift_card,
    }


def item_of(value: Mapping[str, Any]) -> ItemFact:
    """Return the order line that `item_json` wrote."""
    return ItemFact(**{**value, "quantity": Decimal(value["quantity"])})


def earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two times; an unknown one does not count."""
    return min((time for time in (one, other) if time), default=None)


def latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two times; an unknown one does not count."""
    return max((time for time in (one, other) if time), default=None)


def in_utc(time: datetime | None) -> datetime | None:
    """Return the same instant in UTC."""
    return time.astimezone(UTC) if time else None


def iso(time: datetime | None) -> str | None:
    """Return an instant as text in UTC."""
    return time.astimezone(UTC).isoformat() if time else None


def time_of(text: str | None) -> datetime | None:
    """Return the instant that `iso` wrote."""
    return datetime.fromisoformat(text) if text else None
