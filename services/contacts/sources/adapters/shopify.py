"""Shopify: signatures, delivery ids, topics, and which reader takes which topic."""

from collections.abc import Callable, Sequence

from services.contacts.orders.facts import OrderFact
from services.contacts.sources.adapters import fields
from services.contacts.sources.adapters.base import (
    Context,
    Envelope,
    Headers,
    Reading,
    body_hash,
    hmac_sha256_base64_fits,
    kept_headers,
    key_of,
)
from services.contacts.sources.adapters.fields import Json
from services.contacts.sources.adapters.shopify_orders import read_loose_refund, read_order
from services.contacts.sources.adapters.shopify_people import read_customer, read_customer_merge
from services.contacts.sources.rules import PRIVACY_REQUEST

ORDER_TOPICS = frozenset(
    {
        "orders/create",
        "orders/updated",
        "orders/paid",
        "orders/partially_fulfilled",
        "orders/fulfilled",
        "orders/cancelled",
    }
)
CUSTOMER_TOPICS = frozenset({"customers/create", "customers/update", "customers/enable", "customers/disable"})
PRIVACY_TOPICS = frozenset({"customers/data_request", "customers/redact", "shop/redact"})

WRAPPERS = ("order", "refund", "customer")
KEPT = tuple(
    f"{family}shopify-{name}"
    for family in ("x-", "")
    for name in ("topic", "webhook-id", "event-id", "triggered-at", "api-version", "shop-domain", "name")
)


def header(headers: Headers, name: str) -> str:
    """Return a header of either family: X-Shopify-... of webhooks, Shopify-... of the newer events."""
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}") or ""


def unwrapped(content: Json) -> Json:
    """Return the resource: bare as Shopify sends it, or out of the envelope that API answers and test tools add."""
    for name in WRAPPERS:
        inner = content.get(name)
        if len(content) == 1 and isinstance(inner, dict):
            return inner
    return content


def read_deletion(content: Json, context: Context) -> Reading:
    """Return the fact that an order was deleted; Shopify has no way back."""
    external_id = fields.identifier(content.get("id"), "id")
    fact = OrderFact(context.source, external_id, source_id=context.source_id, removals={"deleted": 1})
    return Reading(external_id, order=fact)


def read_edit(content: Json, context: Context) -> Reading:
    """Return nothing but the order's id: an edit has no totals, they follow in orders/updated."""
    del context
    edit = fields.part(content.get("order_edit"))
    return Reading(fields.optional_id(edit.get("order_id")), outcome="totals_follow_in_orders_updated")


def read_customer_deletion(content: Json, context: Context) -> Reading:
    """Keep the person: closing an account in a shop is no wish to be forgotten, which has a topic of its own."""
    del context
    return Reading(fields.identifier(content.get("id"), "id"), outcome="customer_kept")


def read_privacy_request(content: Json, context: Context) -> Reading:
    """Keep a request about personal data, whatever it holds, until it is carried out."""
    del context
    customer = fields.part(content.get("customer"))
    return Reading(fields.optional_id(customer.get("id")), outcome=PRIVACY_REQUEST, waits=True)


READERS: dict[str, Callable[[Json, Context], Reading]] = {
    "orders/delete": read_deletion,
    "orders/edited": read_edit,
    "refunds/create": read_loose_refund,
    "customers/delete": read_customer_deletion,
    "customers/merge": read_customer_merge,
    **dict.fromkeys(CUSTOMER_TOPICS, read_customer),
    **dict.fromkeys(PRIVACY_TOPICS, read_privacy_request),
}


class Shopify:
    """Signs the raw body with the app's client secret; gives every delivery an id, and every event another."""

    platform = "shopify"
    topics = ORDER_TOPICS | frozenset(READERS)

    def signing_key(self, secret: str) -> bytes:
        """Return the secret as it is: text."""
        return secret.encode()

    def is_signed(self, headers: Headers, body: bytes, keys: Sequence[bytes]) -> bool:
        """Tell whether one of the keys signed the raw body."""
        return hmac_sha256_base64_fits(header(headers, "hmac-sha256"), body, keys)

    def is_greeting(self, headers: Headers, body: bytes) -> bool:
        """Tell that Shopify sends no unsigned test call."""
        del headers, body
        return False

    def envelope(self, headers: Headers, body: bytes) -> Envelope:
        """Return topic and keys.

        The manuals disagree on whether Webhook-Id or Event-Id marks a repetition, so both do. One event may be about
        several orders and may show one order twice, so the second key also holds the body, which a repetition keeps.
        """
        topic, webhook_id, event_id = (header(headers, name) for name in ("topic", "webhook-id", "event-id"))
        return Envelope(
            topic=topic,
            dedupe_key=key_of("webhook", topic, webhook_id) if webhook_id else key_of("body", topic, body),
            event_key=key_of("event", topic, event_id, body) if event_id else None,
            headers=kept_headers(headers, KEPT),
        )

    def read(self, topic: str, headers: Headers, body: bytes, context: Context) -> Reading:
        """Return what a delivery says."""
        del headers
        content = unwrapped(fields.load(body))
        if topic in ORDER_TOPICS:
            return read_order(content, body_hash(body), context)
        return READERS[topic](content, context)
