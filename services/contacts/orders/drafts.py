"""From what a client sent to the facts that the intake takes: pure functions."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

from services.contacts.identities.facts import AccountFact, Address, ExternalId, PersonFact
from services.contacts.orders.facts import (
    FulfilmentStatus,
    ItemFact,
    OrderCore,
    OrderStatus,
    PaymentStatus,
    RefundFact,
)
from services.contacts.orders.schemas import OrderAccount, OrderCustomer, OrderItem, OrderRefund, OrderUpsert
from services.contacts.people.rules import display_name
from services.kit.money import Money
from services.kit.problems import ErrorItem, Invalid, invalid_body

AMOUNTS = ("subtotal", "discount", "tax", "shipping")
AS_SENT = ("number", "placed_at", "store", "promised_at", "dispatched_at", "delivered_at")
PAYMENT: Mapping[OrderStatus, PaymentStatus] = {
    "draft": "pending",
    "pending": "pending",
    "on_hold": "pending",
    "partially_paid": "partially_paid",
    "paid": "paid",
    "fulfilled": "paid",
    "partially_refunded": "partially_refunded",
    "refunded": "refunded",
    "cancelled": "voided",
    "failed": "failed",
    "deleted": "voided",
}
"""The payment state that a status stands for, where a sender gives only the one status."""
WHOLE = "whole"
"""Id of the refund that the status `refunded` stands for where no refund is listed."""


TIMES = ("placed_at", "promised_at", "dispatched_at", "delivered_at")
TIMES_OF = attrgetter(*TIMES)
WORDS_OF = attrgetter(
    *(one.name for one in fields(OrderCore) if one.name not in {*TIMES, "items", "updated_at", "body_hash"})
)
LINE_OF = attrgetter(*(one.name for one in fields(ItemFact) if one.name not in {"quantity", "options"}))


@dataclass(frozen=True, slots=True)
class Context:
    """What the fields of a body mean, and what was there before."""

    source: str
    now: datetime
    rep_id: UUID | None
    default_region: str | None
    before: OrderCore | None = None


def core_of(body: OrderUpsert, context: Context) -> OrderCore:
    """Return the state of the order that a body describes, given the one before; Invalid names what does not fit.

    Without `updated_at` the state is of now, unless it says nothing new: then it stays of its old time.
    """
    start = context.before or blank(body, context.now)
    if body.total is not None and body.total.minor < 0:
        raise invalid_body("#/total/amount", "A total is not below zero; give refunds apart.", "too_small")
    check_currency(body, start.currency if body.total is None else body.total.currency)
    changed = replace(start, **changes(body, context))
    same = replace(changed, updated_at=start.updated_at, body_hash=start.body_hash) == start
    if body.updated_at is None and context.before is not None and same:
        return context.before
    return hashed(replace(changed, updated_at=body.updated_at or newest(context.before, context.now)))


def newest(before: OrderCore | None, now: datetime) -> datetime:
    """Return the time of a change that its sender did not date: now, but in any case after what was known."""
    return now if before is None else max(now, before.updated_at + timedelta(microseconds=1))


def blank(body: OrderUpsert, now: datetime) -> OrderCore:
    """Return a paid order of which only the total is known; Invalid without a total."""
    if body.total is None:
        raise invalid_body("#/total", "A new order needs a total.", "required")
    return OrderCore(
        updated_at=now,
        body_hash="",
        placed_at=now,
        currency=body.total.currency,
        total_minor=body.total.minor,
        status="paid",
    )


def changes(body: OrderUpsert, context: Context) -> dict[str, Any]:
    """Return the fields of the core that a body sets."""
    sent = body.model_fields_set
    found: dict[str, Any] = {name: getattr(body, name) for name in AS_SENT if name in sent}
    if "placed_at" in found and found["placed_at"] is None:
        del found["placed_at"]
    if body.status is not None:
        found |= status_parts(body.status)
    if "payment" in sent:
        found["payment_kind"] = body.payment.kind if body.payment else None
    if "rep_id" in sent:
        found["rep_id"] = context.rep_id
    if "test" in sent:
        found["test"] = bool(body.test)
    return found | charged(body)


def charged(body: OrderUpsert) -> dict[str, Any]:
    """Return the amounts, lines, coupons and the completeness of refunds that a body sets."""
    sent = body.model_fields_set
    told = {name: getattr(body, name) for name in AMOUNTS if name in sent}
    found: dict[str, Any] = {f"{name}_minor": amount.minor if amount else None for name, amount in told.items()}
    if body.total is not None:
        found |= {"total_minor": body.total.minor, "currency": body.total.currency}
    if "items" in sent:
        items = tuple(item_of(item) for item in body.items or ())
        found |= {"items": items, "goods_minor": sum(item.total_minor for item in items) if items else None}
    if "coupons" in sent:
        found["coupons"] = tuple(body.coupons or ())
    if "refunds" in sent:
        found["lists_all_refunds"] = True
    return found


def status_parts(status: OrderStatus) -> dict[str, Any]:
    """Return the status with the states of payment and fulfilment that it stands for."""
    fulfilment: FulfilmentStatus = "fulfilled" if status == "fulfilled" else "unfulfilled"
    return {"status": status, "payment_status": PAYMENT[status], "fulfilment_status": fulfilment}


def item_of(item: OrderItem) -> ItemFact:
    """Return a line; its total is price times quantity where none is given."""
    price = item.unit_price.minor if item.unit_price else None
    total = item.total.minor if item.total else rounded(Decimal(price or 0) * item.quantity)
    if price is None:
        price = rounded(total / item.quantity) if item.quantity else total
    return ItemFact(
        external_id=item.external_id,
        sku=item.sku,
        title=item.title,
        quantity=item.quantity,
        unit_price_minor=price,
        total_minor=total,
        options=dict(item.options),
    )


def rounded(amount: Decimal) -> int:
    """Return an amount in whole minor units, half to even."""
    return int(amount.to_integral_value(rounding=ROUND_HALF_EVEN))


def refunds_of(body: OrderUpsert, core: OrderCore, now: datetime) -> tuple[RefundFact, ...]:
    """Return the refunds that a body lists; the status `refunded` alone stands for one of the whole total."""
    if body.refunds:
        return tuple(refund_of(refund, place, core, now) for place, refund in enumerate(body.refunds))
    if body.status == "refunded" and body.refunds is None and core.total_minor > 0:
        return (RefundFact(WHOLE, core.updated_at, core.total_minor, seen_at=core.updated_at),)
    return ()


def refund_of(refund: OrderRefund, place: int, core: OrderCore, now: datetime) -> RefundFact:
    """Return one refund; without an id it is known by its place, time and amount."""
    processed_at = refund.processed_at or now
    name = refund.id or f"{place}:{processed_at.timestamp():.6f}:{refund.amount.minor}"
    return RefundFact(
        name, processed_at, refund.amount.minor, refund.reason, seen_at=max(core.updated_at, processed_at)
    )


def buyer_of(
    customer: OrderCustomer, source: str, at: datetime, region: str | None, owner_rep_id: UUID | None
) -> PersonFact:
    """Return what a body says about the buyer, whom a rep looks after if this is a new one."""
    return PersonFact(
        at=at,
        source=source,
        external_ids=tuple(ExternalId(entry.source, entry.id) for entry in customer.external_ids),
        emails=primary_first([(entry.address, entry.primary) for entry in customer.emails]),
        phones=primary_first([(entry.number, entry.primary) for entry in customer.phones]),
        default_region=region,
        given_name=customer.given_name,
        family_name=customer.family_name,
        display_name=customer.display_name or display_name(customer.given_name, customer.family_name),
        phonetic_name=customer.phonetic_name,
        birthday=customer.birthday,
        locale=customer.locale,
        time_zone=customer.time_zone,
        region=customer.region,
        addresses=tuple(Address(**{**entry.model_dump(), "lines": tuple(entry.lines)}) for entry in customer.addresses),
        tags=tuple(customer.tags),
        owner_rep_id=owner_rep_id,
    )


def primary_first(entries: list[tuple[str, bool]]) -> tuple[str, ...]:
    """Return addresses or numbers with the primary one first."""
    return tuple(value for value, _ in sorted(entries, key=lambda entry: not entry[1]))


def account_of(account: OrderAccount, at: datetime, owner_rep_id: UUID | None) -> AccountFact:
    """Return what a body says about the organisation, which a rep looks after if this is a new one."""
    external_id = ExternalId(account.source, account.id)
    return AccountFact(at, account.source, external_id, account.name, owner_rep_id=owner_rep_id)


def hashed(core: OrderCore) -> OrderCore:
    """Return a state with the hash that settles equal update times; equal states have equal hashes."""
    times = [time and time.astimezone(UTC).isoformat() for time in TIMES_OF(core)]
    said = repr((WORDS_OF(core), times, [spelled(item) for item in core.items]))
    return replace(core, body_hash=hashlib.sha256(said.encode()).hexdigest()[:32])


def spelled(item: ItemFact) -> tuple[object, ...]:
    """Return a line spelled the same however many zeros its quantity was written with."""
    return (*LINE_OF(item), format(item.quantity.normalize(), "f"), sorted(item.options.items()))


def check_currency(body: OrderUpsert, currency: str) -> None:
    """Raise Invalid where an amount is not in the currency of the order."""
    faults = [
        ErrorItem("body", f"The order is in {currency}.", "other_currency", pointer=f"#/{place}/currency")
        for place, amount in amounts(body)
        if amount.currency != currency
    ]
    if faults:
        raise Invalid("All amounts of an order are in one currency.", errors=faults)


def amounts(body: OrderUpsert) -> Iterator[tuple[str, Money]]:
    """Yield every amount of a body with its place."""
    for name in AMOUNTS:
        if (amount := getattr(body, name)) is not None:
            yield name, amount
    for place, item in enumerate(body.items or ()):
        for name in ("unit_price", "total"):
            if (amount := getattr(item, name)) is not None:
                yield f"items/{place}/{name}", amount
    for place, refund in enumerate(body.refunds or ()):
        yield f"refunds/{place}/amount", refund.amount
