"""What clients send and get about orders."""

from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from services.contacts.orders.facts import FulfilmentStatus, OrderStatus, PaymentKind, PaymentStatus
from services.contacts.people.schemas import Addresses, Birthday, Emails, Phones
from services.contacts.vocabulary import ExternalIdentifier, LocaleTag, RepReference, Tags, TimeZone
from services.kit.money import Money
from services.kit.web.batches import MAX_BATCH, Item
from services.kit.web.schemas import AwareTime, ExternalId, Input, Output, Page, Ref, ShortText, Slug, SourceRef

MAX_ITEMS = 1000
MAX_REFUNDS = 200

ForeignId = Annotated[ExternalId, Field(json_schema_extra={"x-verbatim-id": True})]
Quantity = Annotated[
    Decimal,
    Field(ge=0, le=10**9, max_digits=13, decimal_places=4, description="Number or decimal text; may be broken."),
]
Options = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=100)],
        Annotated[str, StringConstraints(max_length=500)],
    ],
    Field(max_length=30, description="What was chosen of the product: name to value."),
]
InputStatus = Annotated[OrderStatus, Field(description="One status; left out on creation, it is `paid`.")]

EXAMPLE: dict[str, Any] = {
    "customer": {
        "external_ids": [{"source": "import", "id": "207119551"}],
        "emails": [{"address": "ming@example.com"}],
    },
    "source": "import",
    "external_id": "820982911946154508",
    "number": "#1001",
    "placed_at": "2026-11-20T10:15:00+08:00",
    "updated_at": "2026-11-20T10:16:30+08:00",
    "total": {"amount": "1350.00", "currency": "TWD"},
    "items": [
        {
            "sku": "OOLONG-100",
            "title": "Oolong, 100 g",
            "quantity": 3,
            "unit_price": {"amount": "450.00", "currency": "TWD"},
        }
    ],
    "payment": {"kind": "card"},
}


class OrderCustomer(Input):
    """The buyer as the sender knows him or her; there must be an identifier."""

    given_name: ShortText | None = None
    family_name: ShortText | None = None
    display_name: ShortText | None = None
    phonetic_name: ShortText | None = None
    emails: Emails = Field(default_factory=list)
    phones: Phones = Field(default_factory=list)
    addresses: Addresses = Field(default_factory=list)
    birthday: Birthday | None = None
    locale: LocaleTag | None = None
    time_zone: TimeZone | None = None
    region: ShortText | None = None
    tags: Tags = Field(default_factory=list)
    external_ids: Annotated[list[ExternalIdentifier], Field(max_length=20)] = Field(default_factory=list)

    @model_validator(mode="after")
    def can_be_recognised(self) -> Self:
        """Refuse a buyer whom nothing tells from others."""
        if not (self.emails or self.phones or self.external_ids):
            message = "give at least one of: emails, phones, external_ids"
            raise ValueError(message)
        return self


class OrderAccount(Input):
    """The organisation that bought, by its id in another system."""

    source: Slug
    id: ForeignId
    name: ShortText | None = None


class OrderItem(Input):
    """One line of an order."""

    external_id: ForeignId | None = None
    sku: ShortText | None = None
    title: ShortText
    quantity: Quantity = Decimal(1)
    unit_price: Money | None = None
    total: Money | None = Field(None, description="After discounts; if left out, price times quantity.")
    options: Options = Field(default_factory=dict)


class OrderPayment(Input):
    """How the order is paid."""

    kind: PaymentKind


class OrderRefund(Input):
    """One refund; it lowers the order it belongs to."""

    id: ForeignId | None = Field(None, description="Its id elsewhere; a repetition with the same id changes nothing.")
    amount: Money
    processed_at: AwareTime | None = Field(None, description="Now, if left out.")
    reason: ShortText | None = None


class OrderUpsert(Input):
    """What is known of an order; only fields that are sent change, unless something newer is known."""

    customer_id: UUID | None = Field(None, description="A person or an account that is known; instead of `customer`.")
    customer: OrderCustomer | None = None
    account_id: UUID | None = None
    account: OrderAccount | None = None
    number: ShortText | None = None
    placed_at: AwareTime | None = Field(None, description="Now, if left out on creation.")
    updated_at: AwareTime | None = Field(None, description="When the order was so; the newer wins. Now, if left out.")
    total: Money | None = Field(None, description="What the buyer was charged: with tax and shipping, before refunds.")
    subtotal: Money | None = None
    discount: Money | None = None
    tax: Money | None = None
    shipping: Money | None = None
    items: Annotated[list[OrderItem], Field(max_length=MAX_ITEMS)] | None = None
    status: InputStatus | None = None
    payment: OrderPayment | None = None
    refunds: Annotated[list[OrderRefund], Field(max_length=MAX_REFUNDS)] | None = None
    coupons: Annotated[list[ShortText], Field(max_length=50)] | None = None
    store: ShortText | None = None
    rep_id: RepReference | None = None
    promised_at: AwareTime | None = None
    dispatched_at: AwareTime | None = None
    delivered_at: AwareTime | None = None
    test: bool | None = None

    @model_validator(mode="after")
    def names_each_once(self) -> Self:
        """Refuse two ways of naming the same customer or account."""
        for name in ("customer", "account"):
            if getattr(self, name) and getattr(self, f"{name}_id"):
                message = f"give either {name} or {name}_id"
                raise ValueError(message)
        return self


class OrderCreate(OrderUpsert):
    """A new order."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    source: Slug = Field("manual", description="Key of the source that the order comes from.")
    external_id: ForeignId | None = Field(None, description="Its id there; made up if left out.")
    total: Money


class OrdersBatchCommand(Input):
    """Orders to take in; each is judged on its own, and of an order that is known the newer state wins."""

    items: Annotated[list[Item[OrderCreate]], Field(min_length=1, max_length=MAX_BATCH)]


class CancelCommand(Input):
    """A cancellation."""

    cancelled_at: AwareTime | None = Field(None, description="Now, if left out.")


class OrderItemRead(Output):
    """One line of an order."""

    external_id: Annotated[str | None, Field(json_schema_extra={"x-verbatim-id": True})]
    sku: str | None
    title: str
    quantity: str
    unit_price: Money
    total: Money
    options: dict[str, str]


class OrderRefundRead(Output):
    """One refund."""

    id: Annotated[str, Field(json_schema_extra={"x-verbatim-id": True})]
    processed_at: AwareTime
    amount: Money
    reason: str | None


class OrderSummary(Output):
    """An order in a list."""

    id: UUID
    type: str
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    source_id: UUID | None
    source: SourceRef | None
    external_id: str
    number: str | None
    customer_id: UUID | None = Field(description="Who is credited: the account if there is one, else the buyer.")
    customer: Ref | None
    buyer_id: UUID | None
    buyer: Ref | None
    account_id: UUID | None
    account: Ref | None
    status: OrderStatus | str
    payment_status: PaymentStatus | str
    fulfilment_status: FulfilmentStatus | str
    platform_status: str | None
    payment_kind: PaymentKind | str | None
    placed_at: AwareTime
    platform_updated_at: AwareTime
    cancelled_at: AwareTime | None
    total: Money
    subtotal: Money | None
    discount: Money | None
    tax: Money | None
    shipping: Money | None
    refunded: Money
    net: Money
    total_reporting: Money | None = Field(description="In the reporting currency; null where that day has no rate.")
    items: list[OrderItemRead]
    refunds: list[OrderRefundRead]
    coupons: list[str]
    test: bool


class OrderRead(OrderSummary):
    """An order as all that is known of it adds up."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    net_reporting: Money | None
    store: str | None
    rep_id: UUID | None
    rep: Ref | None
    promised_at: AwareTime | None
    dispatched_at: AwareTime | None
    delivered_at: AwareTime | None


class OrderPage(Page[OrderSummary]):
    """Orders, one page."""
