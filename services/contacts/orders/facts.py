"""What somebody told us about an order: the one input of webhooks, API, batch and import."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.contacts.identities.facts import AccountFact, Address, EffectsName, ExternalId, PersonFact

__all__ = [
    "AccountFact",
    "Address",
    "EffectsName",
    "ExternalId",
    "ItemFact",
    "OrderCore",
    "OrderFact",
    "OrderStatus",
    "PersonFact",
    "RefundFact",
]

OrderStatus = Literal[
    "draft",
    "pending",
    "paid",
    "partially_paid",
    "fulfilled",
    "cancelled",
    "refunded",
    "partially_refunded",
    "failed",
    "on_hold",
    "deleted",
]
PaymentStatus = Literal["pending", "partially_paid", "paid", "partially_refunded", "refunded", "voided", "failed"]
FulfilmentStatus = Literal["unfulfilled", "partially_fulfilled", "fulfilled", "returned"]
PaymentKind = Literal["card", "transfer", "cash_on_delivery", "invoice", "wallet", "other"]


@dataclass(frozen=True, slots=True)
class ItemFact:
    """One line of an order; amounts in minor units of the order's currency."""

    external_id: str | None
    sku: str | None
    title: str
    quantity: Decimal
    unit_price_minor: int
    total_minor: int
    """After discounts, without tax where the source tells it apart."""
    options: dict[str, str] = field(default_factory=dict)
    product_id: str | None = None
    gift_card: bool = False


@dataclass(frozen=True, slots=True)
class RefundFact:
    """One refund of an order; `id` is unique within the order."""

    id: str
    processed_at: datetime
    amount_minor: int
    reason: str | None = None
    seen_at: datetime | None = None
    """Update time of the message that shows it so; the newest one decides its amount. None: processed_at."""


@dataclass(frozen=True, slots=True)
class OrderCore:
    """The state of an order as one message describes it, whole."""

    updated_at: datetime
    body_hash: str
    """Hash of the message: settles equal update times and equal states."""
    placed_at: datetime
    currency: str
    total_minor: int
    """What the buyer was charged before any refund: after discounts, with tax and shipping."""
    status: OrderStatus
    """As the source states it, without regard to refunds that it only lists."""
    payment_status: PaymentStatus = "paid"
    fulfilment_status: FulfilmentStatus = "unfulfilled"
    platform_status: str | None = None
    payment_kind: PaymentKind | None = None
    number: str | None = None
    subtotal_minor: int | None = None
    discount_minor: int | None = None
    tax_minor: int | None = None
    shipping_minor: int | None = None
    goods_minor: int | None = None
    items: tuple[ItemFact, ...] = ()
    coupons: tuple[str, ...] = ()
    store: str | None = None
    rep_id: UUID | None = None
    promised_at: datetime | None = None
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None
    test: bool = False
    lists_all_refunds: bool = False
    """The message lists every refund there is: one that it leaves out and nothing newer shows was taken back."""


@dataclass(frozen=True, slots=True)
class OrderFact:
    """Something that was learned about one order; facts of an order may arrive in any sequence and more than once."""

    source: str
    external_id: str
    source_id: UUID | None = None
    core: OrderCore | None = None
    """None: a refund, cancellation or deletion that came on its own."""
    refunds: tuple[RefundFact, ...] = ()
    cancelled_at: datetime | None = None
    removals: dict[str, int] = field(default_factory=dict)
    """Deletions (+1) and restorations (-1), each under an id of its own; deleted while they add up to more than 0."""
    buyer: PersonFact | None = None
    buyer_id: UUID | None = None
    """A known person; takes precedence over `buyer`."""
    account: AccountFact | None = None
    account_id: UUID | None = None
    """A known account; takes precedence over `account`."""
    effects: EffectsName = "all"
