"""Rows of a file of orders as facts for the intake: pure functions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeVar, get_args
from uuid import UUID

from services.contacts.identities.facts import AccountFact, ExternalId, PersonFact
from services.contacts.imports.faults import RowFault
from services.contacts.orders.drafts import hashed, status_parts
from services.contacts.orders.facts import (
    EffectsName,
    ItemFact,
    OrderCore,
    OrderFact,
    OrderStatus,
    PaymentKind,
    RefundFact,
)
from services.contacts.people.rules import normalise_email, normalise_phone
from services.kit.clock import YEARS
from services.kit.money import MAX_MINOR, decimal_of, exponent

STATUSES: Mapping[str, OrderStatus] = {status: status for status in get_args(OrderStatus)}
KINDS: Mapping[str, PaymentKind] = {kind: kind for kind in get_args(PaymentKind)}
LINE = ("item_sku", "item_title", "item_quantity", "item_unit_price")
Choice = TypeVar("Choice")
MAX_ID = 255
MAX_TEXT = 255
MAX_QUANTITY = 10**9
REFUND = "import"
"""Id of the one refund that a row of an order can tell of."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file, by our column names; only fields that are not blank."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the rows of one file mean."""

    source: str
    source_id: UUID | None
    effects: EffectsName
    zone: tzinfo
    currency: str | None
    region: str | None


def order_of(rows: Sequence[Row], settings: Settings) -> OrderFact:
    """Return the order that its rows describe; RowFault names the first thing that does not fit."""
    head = shared(rows)
    currency = currency_of(head, settings)
    placed_at = instant(head, "placed_at", settings)
    if placed_at is None:
        raise RowFault(head.number, "placed_at", "required", "An order needs the time when it was placed.")
    refunded_at = instant(head, "refunded_at", settings)
    said_at = instant(head, "updated_at", settings) or max(placed_at, refunded_at or placed_at)
    items = tuple(item for row in rows if (item := item_of(row, currency)))
    core = hashed(
        OrderCore(
            updated_at=said_at,
            body_hash="",
            placed_at=placed_at,
            currency=currency,
            total_minor=total_of(head, items, currency),
            subtotal_minor=amount(head, "subtotal", currency),
            discount_minor=amount(head, "discount", currency),
            tax_minor=amount(head, "tax", currency),
            shipping_minor=amount(head, "shipping", currency),
            goods_minor=sum(item.total_minor for item in items) if items else None,
            items=items,
            number=text(head, "number"),
            store=text(head, "store"),
            coupons=coupons(head),
            payment_kind=choice(head, "payment_kind", KINDS),
            lists_all_refunds=True,
            **status_parts(choice(head, "status", STATUSES) or "paid"),
        )
    )
    return OrderFact(
        settings.source,
        head.values["external_id"],
        source_id=settings.source_id,
        core=core,
        refunds=refunds_of(head, core, refunded_at),
        cancelled_at=core.updated_at if core.status == "cancelled" else None,
        buyer=buyer_of(head, settings, said_at),
        account=account_of(head, settings, said_at),
        effects=settings.effects,
    )


def shared(rows: Sequence[Row]) -> Row:
    """Return what all rows of an order say of the order itself; RowFault where two of them differ."""
    found: dict[str, str] = {}
    for row in rows:
        for name, value in row.values.items():
            if name not in LINE and found.setdefault(name, value) != value:
                raise RowFault(row.number, name, "rows_differ", "The rows of one order differ here.")
    return Row(rows[0].number, found)


def currency_of(row: Row, settings: Settings) -> str:
    """Return the currency of an order: its own, else the workspace's."""
    currency = row.values.get("currency", "").upper() or settings.currency
    if currency is None:
        raise RowFault(row.number, "currency", "required", "An order needs a currency.")
    try:
        exponent(currency)
    except ValueError as error:
        raise RowFault(row.number, "currency", "currency", str(error)) from error
    return currency


def amount(row: Row, name: str, currency: str) -> int | None:
    """Return an amount in minor units; None where the field is blank."""
    if name not in row.values:
        return None
    try:
        minor = decimal_of(row.values[name]).scaleb(exponent(currency))
    except ValueError as error:
        raise RowFault(row.number, name, "amount", "An amount is a number such as 1234.50.") from error
    if minor != minor.to_integral_value() or abs(minor) > MAX_MINOR:
        raise RowFault(row.number, name, "amount", f"The amount has more decimals than {currency}, or is too large.")
    return int(minor)


def total_of(row: Row, items: Sequence[ItemFact], currency: str) -> int:
    """Return what the buyer was charged: as stated, else what lines, discount, tax and shipping add up to."""
    stated = amount(row, "total", currency)
    if stated is not None and stated < 0:
        raise RowFault(row.number, "total", "amount", "A total is not below zero; give refunds apart.")
    if stated is not None:
        return stated
    if not items:
        raise RowFault(row.number, "total", "required", "An order needs a total, or lines with prices.")
    parts = {name: amount(row, name, currency) or 0 for name in ("discount", "tax", "shipping")}
    return sum(item.total_minor for item in items) - parts["discount"] + parts["tax"] + parts["shipping"]


def item_of(row: Row, currency: str) -> ItemFact | None:
    """Return the line in a row, None where it holds none."""
    if not any(name in row.values for name in LINE):
        return None
    try:
        quantity = decimal_of(row.values.get("item_quantity", "1"))
    except ValueError as error:
        raise RowFault(row.number, "item_quantity", "number", "A quantity is a number such as 2.") from error
    if not 0 <= quantity <= MAX_QUANTITY:
        raise RowFault(row.number, "item_quantity", "number", "The quantity is out of range.")
    price = amount(row, "item_unit_price", currency) or 0
    total = int((price * quantity).to_integral_value(rounding=ROUND_HALF_EVEN))
    sku = text(row, "item_sku")
    return ItemFact(
        external_id=None,
        sku=sku,
        title=text(row, "item_title") or sku or "",
        quantity=Decimal(quantity),
        unit_price_minor=price,
        total_minor=total,
    )


def refunds_of(row: Row, core: OrderCore, refunded_at: datetime | None) -> tuple[RefundFact, ...]:
    """Return the refund that an order tells of; the status `refunded` alone stands for one of the whole total."""
    refunded = amount(row, "refunded", core.currency)
    if refunded is None and core.status == "refunded":
        refunded = core.total_minor
    if not refunded:
        return ()
    processed_at = refunded_at or core.updated_at
    return (RefundFact(REFUND, processed_at, refunded, seen_at=max(core.updated_at, processed_at)),)


def buyer_of(row: Row, settings: Settings, at: datetime) -> PersonFact | None:
    """Return what an order says about its buyer; None where it names nobody who could be found again."""
    external_id = text(row, "customer_external_id", MAX_ID)
    email = spelled(row, "customer_email", settings)
    phone = spelled(row, "customer_phone", settings)
    if not (external_id or email or phone):
        return None
    return PersonFact(
        at=at,
        source=settings.source,
        external_ids=(ExternalId(settings.source, external_id),) if external_id else (),
        emails=(email,) if email else (),
        phones=(phone,) if phone else (),
        default_region=settings.region,
        display_name=text(row, "customer_name"),
    )


def spelled(row: Row, name: str, settings: Settings) -> str | None:
    """Return an e-mail address or phone number in its one spelling; None where the field is blank."""
    value = row.values.get(name)
    if value is None:
        return None
    try:
        return normalise_email(value) if name.endswith("email") else normalise_phone(value, settings.region)
    except ValueError as error:
        raise RowFault(row.number, name, name.rpartition("_")[2], "It cannot be read.") from error


def account_of(row: Row, settings: Settings, at: datetime) -> AccountFact | None:
    """Return the account that an order is credited to, if it names one."""
    external_id = text(row, "account_external_id", MAX_ID)
    return AccountFact(at, settings.source, ExternalId(settings.source, external_id)) if external_id else None


def coupons(row: Row) -> tuple[str, ...]:
    """Return the coupon codes of an order."""
    codes = re.split(r"[;,|\s]+", row.values.get("coupon_codes", ""))
    return tuple(dict.fromkeys(code[:MAX_TEXT] for code in codes if code))


def text(row: Row, name: str, limit: int = MAX_TEXT) -> str | None:
    """Return a text within its limit; None where the field is blank."""
    value = row.values.get(name)
    if value is not None and len(value) > limit:
        raise RowFault(row.number, name, "too_long", f"The text has more than {limit} characters.")
    return value


def choice(row: Row, name: str, choices: Mapping[str, Choice]) -> Choice | None:
    """Return one of some words; None where the field is blank."""
    value = row.values.get(name)
    if value is None:
        return None
    found = choices.get(value.lower())
    if found is None:
        raise RowFault(row.number, name, "unknown_value", f"It is one of: {', '.join(choices)}.")
    return found


def instant(row: Row, name: str, settings: Settings) -> datetime | None:
    """Return a time in UTC; one without offset is in the workspace's zone, a mere day begins at its midnight."""
    value = row.values.get(name)
    if value is None:
        return None
    try:
        found = datetime.combine(date.fromisoformat(value), time()) if len(value) == len("2026-11-22") else None
        found = found or datetime.fromisoformat(value)
    except ValueError as error:
        raise RowFault(row.number, name, "time", "A time is written 2026-11-22T16:00:00+08:00.") from error
    if found.year not in YEARS:
        raise RowFault(row.number, name, "time", "Years from 1900 to 2199 are taken.")
    return (found if found.tzinfo else found.replace(tzinfo=settings.zone)).astimezone(UTC)
