"""Writes orders as the CSV file that `POST /v1/imports` takes: one row a line, rows of one order together."""

import csv
import io
from collections.abc import Iterable

from deploy.demo.model import Line, Order

COLUMNS = (
    "external_id",
    "customer_external_id",
    "customer_email",
    "customer_phone",
    "account_external_id",
    "placed_at",
    "updated_at",
    "status",
    "payment_kind",
    "total",
    "currency",
    "subtotal",
    "discount",
    "tax",
    "shipping",
    "refunded",
    "refunded_at",
    "coupon_codes",
    "item_sku",
    "item_title",
    "item_quantity",
    "item_unit_price",
)


def orders_csv(orders: Iterable[Order]) -> bytes:
    """Write the orders, in UTF-8 with a header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for order in orders:
        shared = _shared(order)
        writer.writerows(shared | _line(line) for line in order.lines)
    return text.getvalue().encode()


def _shared(order: Order) -> dict[str, str]:
    person = order.person
    return {
        "external_id": str(order.number),
        "customer_external_id": person.key,
        "customer_email": person.email or "",
        "customer_phone": person.phone or "",
        "account_external_id": person.account or "",
        "placed_at": order.placed_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
        "status": order.status,
        "payment_kind": order.payment_kind,
        "total": str(order.total),
        "currency": order.currency,
        "subtotal": str(order.subtotal),
        "discount": str(order.discount),
        "tax": "0",
        "shipping": str(order.shipping),
        "refunded": str(order.refunded) if order.refunded_at else "",
        "refunded_at": order.refunded_at.isoformat() if order.refunded_at else "",
        "coupon_codes": order.coupon or "",
    }


def _line(line: Line) -> dict[str, str]:
    return {
        "item_sku": line.product.sku,
        "item_title": line.product.title,
        "item_quantity": str(line.quantity),
        "item_unit_price": str(line.unit_price),
    }
