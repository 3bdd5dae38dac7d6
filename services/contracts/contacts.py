"""Events of `contacts`: people, accounts, reps, orders, interactions, exchange rates."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.envelope import Effects, Event

CustomerType = Literal["person", "account"]


class CustomerChanged(Event):
    """A person or an account was created, changed, joined into another, deleted or erased.

    Names and addresses are not in the event: a follower that needs them asks the owner for the changed ids.
    """

    TYPE: ClassVar[str] = "customer.changed"
    SUBJECT: ClassVar[str] = "customer_id"

    customer_id: UUID
    customer_type: CustomerType
    created_at: datetime
    deleted: bool = False
    erased: bool = False
    merged_into: UUID | None = None
    owner_rep_id: UUID | None = None
    designated_rep_id: UUID | None = None
    designated_at: datetime | None = None
    """When the customer asked for the rep (scoring 11.5, test 3). An owner rep alone is no designation."""
    lifecycle_stage: str | None = None
    do_not_contact: bool = False
    do_not_pursue: bool = False
    internal: bool = False
    """Our own staff or test data: never scored."""
    region: str | None = None
    tags: tuple[str, ...] = ()
    effects: Effects = Effects.ALL


class RepChanged(Event):
    """A member of staff who looks after customers was created or changed."""

    TYPE: ClassVar[str] = "rep.changed"
    SUBJECT: ClassVar[str] = "rep_id"

    rep_id: UUID
    active: bool
    time_zone: str | None = None
    locale: str | None = None


class RefundFact(BaseModel):
    """One refund of an order; it lowers the order it belongs to, whatever its own day (scoring 11.2)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    refund_id: str
    processed_at: datetime
    amount_minor: int


class OrderChanged(Event):
    """The whole state of an order as far as scoring and care need it; the latest version replaces earlier ones."""

    TYPE: ClassVar[str] = "order.changed"
    SUBJECT: ClassVar[str] = "order_id"

    order_id: UUID
    customer_id: UUID | None
    """Who is credited: the account if there is one, else the buyer; null for an anonymous order."""
    customer_type: CustomerType | None
    buyer_id: UUID | None = None
    account_id: UUID | None = None
    source_id: UUID | None = None
    status: str
    """draft, pending, paid, partially_paid, fulfilled, cancelled, refunded, partially_refunded, failed, on_hold or
    deleted."""
    payment_kind: str | None = None
    """card, transfer, cash_on_delivery, invoice, wallet, other."""
    placed_at: datetime
    cancelled_at: datetime | None = None
    currency: str
    total_minor: int
    """What the buyer was charged: after discounts, with tax and shipping; in minor units of `currency`."""
    goods_minor: int | None = None
    refunds: tuple[RefundFact, ...] = ()
    test: bool = False
    effects: Effects = Effects.ALL


class InteractionChanged(Event):
    """Something happened between us and a customer."""

    TYPE: ClassVar[str] = "interaction.changed"
    SUBJECT: ClassVar[str] = "interaction_id"

    interaction_id: UUID
    customer_id: UUID
    customer_type: CustomerType
    rep_id: UUID | None = None
    function: str
    """care, information, transaction, service, intelligence."""
    channel: str
    """visit, call, email, chat, sms, social, event, gift, other."""
    direction: str
    """inbound or outbound."""
    occurred_at: datetime
    outcome: str | None = None
    sentiment: float | None = None
    deleted: bool = False
    effects: Effects = Effects.ALL


class ExchangeRateChanged(Event):
    """A dated rate: one unit of `currency` in units of the workspace's reporting currency."""

    TYPE: ClassVar[str] = "exchange_rate.changed"
    SUBJECT: ClassVar[str] = "rate_id"

    rate_id: UUID
    currency: str
    valid_from: date
    rate: str
    """Decimal text; null value is never sent, a deleted rate has `deleted`."""
    deleted: bool = False
