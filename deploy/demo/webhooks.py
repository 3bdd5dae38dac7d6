"""Orders as Shopify and WooCommerce send them: bodies in the shape of the platform, signed with the source's secret."""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from deploy.demo.model import SHOPIFY, Line, Order

Json = dict[str, Any]

SHOP_DOMAIN = "lantern-and-leaf.myshopify.example"
WOO_URL = "https://lantern-leaf.example/"
WOO_PAYMENT = {
    "cash_on_delivery": ("cod", "貨到付款"),
    "transfer": ("bacs", "銀行轉帳"),
    "card": ("stripe", "信用卡"),
    "wallet": ("linepay", "行動支付"),
    "invoice": ("invoice", "Invoice"),
}
GUEST_EVERY = 4
"""Every fourth buyer at the WooCommerce shop does not log in; the e-mail address tells who it is."""


@dataclass(frozen=True, slots=True)
class Call:
    """One webhook, ready to send."""

    order: str
    topic: str
    body: bytes
    headers: dict[str, str]


def call_of(order: Order, secret: str) -> Call:
    """Return the webhook that a shop sends about a fresh order."""
    return shopify_call(order, secret) if order.person.source == SHOPIFY else woocommerce_call(order, secret)


def shopify_call(order: Order, secret: str) -> Call:
    """Return `orders/create` of a Shopify shop."""
    body = _encoded(shopify_order(order))
    event = str(uuid5(NAMESPACE_URL, f"{SHOP_DOMAIN}/{order.number}/{order.updated_at.isoformat()}"))
    headers = {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Shop-Domain": SHOP_DOMAIN,
        "X-Shopify-API-Version": "2026-04",
        "X-Shopify-Webhook-Id": event,
        "X-Shopify-Event-Id": event,
        "X-Shopify-Triggered-At": _utc(order.updated_at),
        "X-Shopify-Hmac-Sha256": signature(body, secret),
    }
    return Call(str(order.number), "orders/create", body, headers)


def woocommerce_call(order: Order, secret: str) -> Call:
    """Return `order.created` of a WooCommerce shop."""
    body = _encoded(woocommerce_order(order))
    headers = {
        "X-WC-Webhook-Source": WOO_URL,
        "X-WC-Webhook-Topic": "order.created",
        "X-WC-Webhook-Resource": "order",
        "X-WC-Webhook-Event": "created",
        "X-WC-Webhook-ID": "7",
        "X-WC-Webhook-Delivery-ID": uuid5(NAMESPACE_URL, f"{WOO_URL}{order.number}").hex,
        "X-WC-Webhook-Signature": signature(body, secret),
    }
    return Call(str(order.number), "order.created", body, headers)


def signature(body: bytes, secret: str) -> str:
    """Sign a body as both platforms do: HMAC-SHA256 over the raw bytes, in base64."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def shopify_order(order: Order) -> Json:
    """Return the body of a Shopify order webhook."""
    person, total = order.person, _money(order.total)
    paid = "pending" if order.status == "pending" else "paid"
    return {
        "id": order.number,
        "admin_graphql_api_id": f"gid://shopify/Order/{order.number}",
        "name": f"#{order.number - 5_500_000}",
        "order_number": order.number - 5_500_000,
        "created_at": order.placed_at.isoformat(),
        "processed_at": order.placed_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
        "cancelled_at": None,
        "test": False,
        "email": person.email or "",
        "contact_email": person.email,
        "phone": person.phone,
        "customer_locale": person.locale,
        "currency": order.currency,
        "presentment_currency": order.currency,
        "financial_status": paid,
        "fulfillment_status": "fulfilled" if order.status == "fulfilled" else None,
        "payment_gateway_names": _gateways(order),
        "total_price": total,
        "total_price_set": _set(order.total, order.currency),
        "current_total_price": total,
        "current_total_price_set": _set(order.total, order.currency),
        "subtotal_price": _money(order.subtotal - order.discount),
        "total_line_items_price": _money(order.subtotal),
        "total_discounts": _money(order.discount),
        "total_tax": "0.00",
        "total_shipping_price_set": _set(order.shipping, order.currency),
        "discount_codes": [_discount(order)] if order.coupon else [],
        "customer": _shopify_customer(order),
        "billing_address": _shopify_address(order),
        "line_items": [_shopify_line(order, number, line) for number, line in enumerate(order.lines, 1)],
        "refunds": [],
    }


def woocommerce_order(order: Order) -> Json:
    """Return the body of a WooCommerce order webhook."""
    person = order.person
    method, title = WOO_PAYMENT[order.payment_kind]
    address = {"first_name": person.given, "last_name": person.family, "company": "", "city": person.city}
    address |= {"country": person.region}
    paid = None if order.status == "pending" else _naive(order.placed_at)
    return {
        "id": order.number,
        "parent_id": 0,
        "number": str(order.number),
        "status": "completed" if order.status == "fulfilled" else "processing",
        "currency": order.currency,
        "date_created_gmt": _naive(order.placed_at),
        "date_modified_gmt": _naive(order.updated_at),
        "date_paid_gmt": paid,
        "discount_total": _money(order.discount),
        "shipping_total": _money(order.shipping),
        "total": _money(order.total),
        "total_tax": "0.00",
        "customer_id": 0 if person.number % GUEST_EVERY == 0 else person.number,
        "billing": address | {"email": person.email or "", "phone": person.phone or ""},
        "shipping": address,
        "payment_method": method,
        "payment_method_title": title,
        "coupon_lines": [{"id": 1, "code": order.coupon, "discount": _money(order.discount)}] if order.coupon else [],
        "line_items": [_woocommerce_line(order, number, line) for number, line in enumerate(order.lines, 1)],
        "refunds": [],
    }


def _shopify_customer(order: Order) -> Json:
    person = order.person
    return {
        "id": person.number,
        "email": person.email,
        "verified_email": True,
        "first_name": person.given,
        "last_name": person.family,
        "phone": person.phone,
        "tags": ", ".join(person.tags),
        "created_at": order.placed_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
    }


def _shopify_address(order: Order) -> Json:
    person = order.person
    return {"first_name": person.given, "last_name": person.family, "city": person.city, "country_code": person.region}


def _shopify_line(order: Order, number: int, line: Line) -> Json:
    return {
        "id": order.number * 100 + number,
        "sku": line.product.sku,
        "title": line.product.title,
        "quantity": line.quantity,
        "price": _money(line.unit_price),
        "total_discount": "0.00",
        "discount_allocations": [],
        "gift_card": False,
    }


def _woocommerce_line(order: Order, number: int, line: Line) -> Json:
    return {
        "id": order.number * 100 + number,
        "sku": line.product.sku,
        "name": line.product.title,
        "product_id": number,
        "quantity": line.quantity,
        "subtotal": _money(line.total),
        "total": _money(line.total),
        "total_tax": "0.00",
        "price": float(line.unit_price),
    }


def _gateways(order: Order) -> list[str]:
    return ["Cash on Delivery (COD)"] if order.payment_kind == "cash_on_delivery" else ["shopify_payments"]


def _discount(order: Order) -> Json:
    return {"code": order.coupon, "amount": _money(order.discount), "type": "percentage"}


def _set(amount: Decimal, currency: str) -> Json:
    money = {"amount": _money(amount), "currency_code": currency}
    return {"shop_money": money, "presentment_money": money}


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _naive(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def _encoded(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
