"""Shopify's orders and refunds; amounts are shop money, what the buyer saw in another currency does not count."""

from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from services.contacts.orders.facts import (
    FulfilmentStatus,
    ItemFact,
    OrderCore,
    OrderFact,
    OrderStatus,
    PaymentKind,
    PaymentStatus,
    RefundFact,
)
from services.contacts.sources.adapters import fields
from services.contacts.sources.adapters.base import Context, Malformed, Reading
from services.contacts.sources.adapters.fields import ZERO, Json
from services.contacts.sources.adapters.payments import payment_kind
from services.contacts.sources.adapters.shopify_people import buyer_of, company_of

PAYMENTS: dict[str, tuple[PaymentStatus, OrderStatus]] = {
    "pending": ("pending", "pending"),
    "authorized": ("pending", "pending"),
    "partially_paid": ("partially_paid", "partially_paid"),
    "paid": ("paid", "paid"),
    "partially_refunded": ("partially_refunded", "partially_refunded"),
    "refunded": ("refunded", "refunded"),
    "voided": ("voided", "failed"),
    "expired": ("failed", "failed"),
}
"""financial_status -> payment state, and the order's status where nothing else decides."""

FULFILMENTS: dict[str, FulfilmentStatus] = {
    "fulfilled": "fulfilled",
    "partial": "partially_fulfilled",
    "restocked": "returned",
}
MONEY_STATES = frozenset({"success", "pending"})


def read_order(content: Json, digest: str, context: Context) -> Reading:
    """Return what an order resource says."""
    external_id = fields.identifier(content.get("id"), "id")
    currency = fields.currency_of(content.get("currency"), "currency")
    updated_at = fields.instant(content.get("updated_at") or content.get("created_at"), "updated_at")
    placed_at = fields.instant(content.get("processed_at") or content.get("created_at"), "processed_at")
    refunds = tuple(read_refund(refund, currency, updated_at) for refund in fields.rows(content.get("refunds")))
    payment, status = status_of(content)
    fact = OrderFact(
        source=context.source,
        external_id=external_id,
        source_id=context.source_id,
        core=OrderCore(
            updated_at=updated_at,
            body_hash=digest,
            placed_at=placed_at,
            currency=currency,
            total_minor=total_minor(content, currency, sum(refund.amount_minor for refund in refunds)),
            status=status,
            payment_status=payment,
            fulfilment_status=FULFILMENTS.get(str(content.get("fulfillment_status")), "unfulfilled"),
            platform_status=fields.text(content.get("financial_status")),
            payment_kind=kind_of(content),
            number=fields.text(content.get("name") or content.get("order_number")),
            items=tuple(read_item(line, currency) for line in fields.rows(content.get("line_items"))),
            coupons=coupons(content),
            store=fields.optional_id(content.get("location_id")),
            dispatched_at=dispatched_at(content),
            test=content.get("test") is True,
            **amounts(content, currency),
        ),
        refunds=refunds,
        cancelled_at=fields.optional_instant(content.get("cancelled_at"), "cancelled_at"),
        buyer=buyer_of(content, context, placed_at, updated_at),
        account=company_of(content, context, updated_at),
    )
    return Reading(external_id, order=fact)


def status_of(content: Json) -> tuple[PaymentStatus, OrderStatus]:
    """Return payment state and status: cancelled, then refunds and failures, then fulfilled, then the payment."""
    payment, status = PAYMENTS.get(str(content.get("financial_status")), ("pending", "pending"))
    if content.get("cancelled_at"):
        return payment, "cancelled"
    if status in {"pending", "partially_paid", "paid"} and content.get("fulfillment_status") == "fulfilled":
        return payment, "fulfilled"
    return payment, status


def total_minor(content: Json, currency: str, refunded: int) -> int:
    """Return what the buyer was charged, such that total less refunds is what Shopify says is left.

    `total_price` keeps what was taken out of the order by edits and refunds; `current_total_price` does not, but it
    does not know refunds of money alone, so the total never grows past what was charged.
    """
    charged = shop_minor(content, "total_price", currency)
    left = shop_minor(content, "current_total_price", currency)
    if left is None:
        return fields.minor(content.get("total_price"), currency, "total_price") if charged is None else charged
    if charged is None or refunded == 0:
        return left + refunded
    return min(max(charged, left), left + refunded)


class Amounts(TypedDict):
    """The parts of an order's total, in minor units."""

    subtotal_minor: int | None
    discount_minor: int | None
    tax_minor: int | None
    shipping_minor: int | None
    goods_minor: int | None


def amounts(content: Json, currency: str) -> Amounts:
    """Return the parts of the total; goods are line totals after discount, without gift cards, less what came back."""
    lines = fields.rows(content.get("line_items"))
    cards = sum((line_total(line) for line in lines if line.get("gift_card") is True), ZERO)
    goods = shop_decimal(content, "current_subtotal_price")
    return {
        "subtotal_minor": shop_minor(content, "subtotal_price", currency),
        "discount_minor": shop_minor(content, "total_discounts", currency),
        "tax_minor": shop_minor(content, "total_tax", currency),
        "shipping_minor": shop_minor(content, "total_shipping_price", currency),
        "goods_minor": None
        if goods is None
        else max(0, fields.minor(goods_net(content, goods - cards), currency, "goods")),
    }


def goods_net(content: Json, goods: Decimal) -> Decimal:
    """Return goods without tax; prices of many countries include it."""
    tax = shop_decimal(content, "current_total_tax") if content.get("taxes_included") is True else None
    return goods - tax if tax else goods


def read_item(line: Json, currency: str) -> ItemFact:
    """Return an order line as it was ordered."""
    properties = [("variant", line.get("variant_title"))] + [
        (entry.get("name"), entry.get("value")) for entry in fields.rows(line.get("properties"))[:20]
    ]
    options = {name: value for key, raw in properties if (name := fields.text(key, 64)) and (value := fields.text(raw))}
    quantity, price = quantity_of(line), unit_price(line)
    return ItemFact(
        external_id=fields.optional_id(line.get("id")),
        sku=fields.text(line.get("sku")),
        title=fields.text(line.get("title")) or fields.text(line.get("name")) or "?",
        quantity=quantity,
        unit_price_minor=fields.minor(price, currency, "line_items.price"),
        total_minor=fields.minor(price * quantity - discounts_of(line), currency, "line_items.price"),
        options=options,
        product_id=fields.optional_id(line.get("product_id")),
        gift_card=line.get("gift_card") is True,
    )


def line_total(line: Json) -> Decimal:
    """Return what a line costs after its discounts."""
    return unit_price(line) * quantity_of(line) - discounts_of(line)


def quantity_of(line: Json) -> Decimal:
    """Return how many pieces a line is about."""
    return fields.decimal(line.get("quantity"), "line_items.quantity")


def discounts_of(line: Json) -> Decimal:
    """Return what was taken off a line."""
    amounts_off = (shop_decimal(entry, "amount") or ZERO for entry in fields.rows(line.get("discount_allocations")))
    return sum(amounts_off, ZERO)


def unit_price(line: Json) -> Decimal:
    """Return the price of one piece in shop money."""
    price = shop_decimal(line, "price")
    if price is None:
        raise Malformed("no_decimal", "line_items.price is missing.")
    return price


def read_loose_refund(content: Json, context: Context) -> Reading:
    """Return the refund of a refunds/create delivery, which comes without its order."""
    external_id = fields.identifier(content.get("order_id"), "order_id")
    fact = OrderFact(
        source=context.source,
        external_id=external_id,
        source_id=context.source_id,
        refunds=(read_refund(content, refund_currency(content), None),),
    )
    return Reading(external_id, order=fact)


def refund_currency(refund: Json) -> str:
    """Return the shop's currency, as any amount in the refund names it."""
    lines, adjustments = fields.rows(refund.get("refund_line_items")), fields.rows(refund.get("order_adjustments"))
    sets = [
        *(line.get("subtotal_set") for line in lines),
        *(line.get("amount_set") for line in adjustments),
        refund.get("total_duties_set"),
    ]
    named = [fields.part(fields.part(money).get("shop_money")).get("currency_code") for money in sets]
    paid = [line.get("currency") for line in fields.rows(refund.get("transactions"))]
    return fields.currency_of(next((code for code in (*named, *paid) if code), None), "currency")


def read_refund(refund: Json, currency: str, seen_at: datetime | None) -> RefundFact:
    """Return a refund; `seen_at` is the update time of the order that lists it."""
    processed_at = fields.instant(refund.get("processed_at") or refund.get("created_at"), "refunds.processed_at")
    return RefundFact(
        id=fields.identifier(refund.get("id"), "refunds.id"),
        processed_at=processed_at,
        amount_minor=fields.minor(refunded_amount(refund), currency, "refunds.amount"),
        reason=fields.text(refund.get("note")),
        seen_at=seen_at,
    )


def refunded_amount(refund: Json) -> Decimal:
    """Return the money that a refund gave back, 0 where only goods came back.

    Lines and tax less adjustments (which are negative for shipping and for money alone) is the amount in shop money;
    the transactions say whether money moved at all, and how much where the refund has no lines.
    """
    moved = ZERO
    transactions = refund.get("transactions")
    for entry in fields.rows(transactions):
        if entry.get("kind") == "refund" and entry.get("status") in MONEY_STATES:
            moved += fields.decimal(entry.get("amount"), "refunds.transactions.amount")
    if moved == 0 and isinstance(transactions, list):
        return ZERO
    booked = ZERO
    for line in fields.rows(refund.get("refund_line_items")):
        booked += (shop_decimal(line, "subtotal") or ZERO) + (shop_decimal(line, "total_tax") or ZERO)
    for adjustment in fields.rows(refund.get("order_adjustments")):
        booked -= (shop_decimal(adjustment, "amount") or ZERO) + (shop_decimal(adjustment, "tax_amount") or ZERO)
    return booked if booked > 0 else moved


def shop_decimal(holder: Json, name: str) -> Decimal | None:
    """Return an amount in shop money: out of its `_set` where there is one, else the plain field."""
    money = fields.part(fields.part(holder.get(f"{name}_set")).get("shop_money")).get("amount")
    value = holder.get(name) if money is None else money
    return None if value is None or value == "" else fields.decimal(value, name)


def shop_minor(holder: Json, name: str, currency: str) -> int | None:
    """Return an amount in minor units of shop money."""
    found = shop_decimal(holder, name)
    return None if found is None else fields.minor(found, currency, name)


def kind_of(content: Json) -> PaymentKind | None:
    """Return the kind of payment; payment terms mean an invoice."""
    if fields.part(content.get("payment_terms")):
        return "invoice"
    names = content.get("payment_gateway_names")
    return payment_kind(tuple(str(name)[:100] for name in names[:20]) if isinstance(names, list) else ())


def coupons(content: Json) -> tuple[str, ...]:
    """Return the coupon codes, each once."""
    codes = (fields.text(entry.get("code")) for entry in fields.rows(content.get("discount_codes")))
    return tuple(dict.fromkeys(code for code in codes if code))


def dispatched_at(content: Json) -> datetime | None:
    """Return when the first parcel left."""
    times = (
        fields.optional_instant(entry.get("created_at"), "fulfillments.created_at")
        for entry in fields.rows(content.get("fulfillments"))
        if entry.get("status") == "success"
    )
    return min((time for time in times if time), default=None)
