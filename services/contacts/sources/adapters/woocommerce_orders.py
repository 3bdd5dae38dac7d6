"""WooCommerce's orders, with the refunds they list; amounts are in the order's own currency."""

from datetime import datetime
from decimal import Decimal
from html import unescape

from services.contacts.orders.facts import (
    FulfilmentStatus,
    ItemFact,
    OrderCore,
    OrderFact,
    OrderStatus,
    PaymentStatus,
    RefundFact,
)
from services.contacts.sources.adapters import fields
from services.contacts.sources.adapters.base import Context, Reading
from services.contacts.sources.adapters.fields import ZERO, Json
from services.contacts.sources.adapters.payments import payment_kind
from services.contacts.sources.adapters.woocommerce_people import buyer_of

STATES: dict[str, tuple[PaymentStatus, FulfilmentStatus, OrderStatus]] = {
    "pending": ("pending", "unfulfilled", "pending"),
    "processing": ("paid", "unfulfilled", "paid"),
    "on-hold": ("pending", "unfulfilled", "on_hold"),
    "completed": ("paid", "fulfilled", "fulfilled"),
    "cancelled": ("pending", "unfulfilled", "cancelled"),
    "refunded": ("refunded", "unfulfilled", "refunded"),
    "failed": ("failed", "unfulfilled", "failed"),
    "checkout-draft": ("pending", "unfulfilled", "draft"),
    "auto-draft": ("pending", "unfulfilled", "draft"),
    "draft": ("pending", "unfulfilled", "draft"),
    "trash": ("pending", "unfulfilled", "deleted"),
}
"""status -> payment, fulfilment and status; a state that a plugin made up follows the date of payment."""


def read_order(content: Json, digest: str, context: Context, *, removals: dict[str, int] | None = None) -> Reading:
    """Return what an order resource says; times without `_gmt` have no zone and are not used."""
    external_id = fields.identifier(content.get("id"), "id")
    currency = fields.currency_of(content.get("currency"), "currency")
    placed_at = fields.instant(content.get("date_created_gmt"), "date_created_gmt", naive_is_utc=True)
    changed = content.get("date_modified_gmt") or content.get("date_created_gmt")
    updated_at = fields.instant(changed, "date_modified_gmt", naive_is_utc=True)
    fact = OrderFact(
        source=context.source,
        external_id=external_id,
        source_id=context.source_id,
        core=core_of(content, digest, currency, placed_at=placed_at, updated_at=updated_at),
        refunds=tuple(
            RefundFact(
                id=fields.identifier(refund.get("id"), "refunds.id"),
                processed_at=updated_at,
                amount_minor=abs(fields.minor(refund.get("total"), currency, "refunds.total")),
                reason=fields.text(refund.get("reason") or refund.get("refund")),
                seen_at=updated_at,
            )
            for refund in fields.rows(content.get("refunds"))
        ),
        removals=removals or {},
        buyer=buyer_of(content, context, placed_at),
    )
    return Reading(external_id, order=fact)


def core_of(content: Json, digest: str, currency: str, *, placed_at: datetime, updated_at: datetime) -> OrderCore:
    """Return the order as this message describes it."""
    payment, fulfilment, status = states_of(content)
    lines = fields.rows(content.get("line_items"))
    completed_at = fields.optional_instant(content.get("date_completed_gmt"), "date_completed_gmt", naive_is_utc=True)
    return OrderCore(
        updated_at=updated_at,
        body_hash=digest,
        placed_at=placed_at,
        currency=currency,
        total_minor=fields.minor(content.get("total"), currency, "total"),
        status=status,
        payment_status=payment,
        fulfilment_status=fulfilment,
        platform_status=fields.text(content.get("status")),
        payment_kind=payment_kind(
            tuple(str(content.get(name) or "")[:100] for name in ("payment_method", "payment_method_title"))
        ),
        number=fields.text(content.get("number")),
        subtotal_minor=fields.minor(sum_of(lines, "subtotal"), currency, "line_items.subtotal"),
        discount_minor=fields.optional_minor(content.get("discount_total"), currency, "discount_total"),
        tax_minor=fields.optional_minor(content.get("total_tax"), currency, "total_tax"),
        shipping_minor=fields.optional_minor(content.get("shipping_total"), currency, "shipping_total"),
        goods_minor=fields.minor(sum_of(lines, "total"), currency, "line_items.total"),
        items=tuple(read_item(line, currency) for line in lines),
        coupons=coupons(content),
        dispatched_at=completed_at,
        lists_all_refunds=True,
    )


def states_of(content: Json) -> tuple[PaymentStatus, FulfilmentStatus, OrderStatus]:
    """Return payment, fulfilment and status. Cash on delivery in progress is not paid before its date of payment."""
    status = str(content.get("status") or "")
    paid = bool(content.get("date_paid_gmt") or content.get("date_paid"))
    if status == "processing" and content.get("payment_method") == "cod" and not paid:
        return "pending", "unfulfilled", "pending"
    if status in {"cancelled", "on-hold", "trash"} and paid:
        return "paid", *STATES[status][1:]
    made_up: tuple[PaymentStatus, FulfilmentStatus, OrderStatus] = (
        ("paid", "unfulfilled", "paid") if paid else ("pending", "unfulfilled", "pending")
    )
    return STATES.get(status, made_up)


def read_item(line: Json, currency: str) -> ItemFact:
    """Return an order line; its price is a JSON number, its totals are text."""
    quantity = fields.decimal(line.get("quantity"), "line_items.quantity")
    total = amount_of(line, "total")
    price = line.get("price")
    unit = fields.decimal(price, "line_items.price") if price is not None else total / quantity if quantity else ZERO
    return ItemFact(
        external_id=fields.optional_id(line.get("id")),
        sku=fields.text(line.get("sku")),
        title=title_of(line),
        quantity=quantity,
        unit_price_minor=fields.minor(unit, currency, "line_items.price"),
        total_minor=fields.minor(total, currency, "line_items.total"),
        options=options_of(line),
        product_id=fields.optional_id(line.get("product_id")),
    )


def title_of(line: Json) -> str:
    """Return the name of a line; WordPress writes it as HTML (Tea &ndash; 100 g)."""
    return unescape(fields.text(line.get("name")) or "?")


def options_of(line: Json) -> dict[str, str]:
    """Return what the buyer chose; entries with a leading underscore are the shop's own notes."""
    pairs = (
        (
            fields.text(entry.get("display_key") or entry.get("key"), 64),
            fields.text(entry.get("display_value") or entry.get("value")),
        )
        for entry in fields.rows(line.get("meta_data"))[:20]
    )
    return {name: value for name, value in pairs if name and value and not name.startswith("_")}


def sum_of(lines: list[Json], name: str) -> Decimal:
    """Return the sum of one amount over all lines."""
    return sum((amount_of(line, name) for line in lines), ZERO)


def amount_of(line: Json, name: str) -> Decimal:
    """Return an amount of a line: without a subtotal nothing was taken off, without a total it is price times quantity.

    WooCommerce itself always writes both; shops that compose their own messages leave some out.
    """
    for known in (name, "total"):
        if line.get(known) is not None:
            return fields.decimal(line[known], f"line_items.{known}")
    price = fields.decimal(line.get("price"), "line_items.price")
    return price * fields.decimal(line.get("quantity"), "line_items.quantity")


def coupons(content: Json) -> tuple[str, ...]:
    """Return the coupon codes, each once."""
    codes = (fields.text(entry.get("code")) for entry in fields.rows(content.get("coupon_lines")))
    return tuple(dict.fromkeys(code for code in codes if code))
