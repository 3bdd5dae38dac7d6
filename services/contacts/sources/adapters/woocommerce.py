"""WooCommerce: signatures, test calls, delivery ids, topics, and which reader takes which topic."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qs

from services.contacts.orders.facts import OrderFact
from services.contacts.sources.adapters import fields
from services.contacts.sources.adapters.base import (
    Context,
    Envelope,
    Headers,
    Malformed,
    Reading,
    body_hash,
    hmac_sha256_base64_fits,
    kept_headers,
    key_of,
)
from services.contacts.sources.adapters.fields import Json
from services.contacts.sources.adapters.woocommerce_orders import read_order
from services.contacts.sources.adapters.woocommerce_people import read_customer

ORDER_TOPICS = frozenset({"order.created", "order.updated", "order.restored"})
TOPICS = ORDER_TOPICS | {"order.deleted", "customer.created", "customer.updated", "customer.deleted"}
COUNTED = frozenset({"order.deleted", "order.restored"})
"""Topics that mean one event each, even where the bodies are equal."""

KEPT = tuple(f"x-wc-webhook-{name}" for name in ("topic", "resource", "event", "id", "delivery-id", "source"))
NO_VIEW = "woocommerce_rest_cannot_view"

ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
CODES = {"39": "'", "34": '"', "60": "<", "62": ">", "38": "&", "x27": "'", "x22": '"', "x26": "&"}
ENTITY = re.compile(r"&(?:lt|gt|amp|quot);|&#0*(39|34|60|62|38);|&#([xX])0*(2[726]);")


def decode_special_chars(text: str) -> str:
    """Return what WordPress's wp_specialchars_decode(text, ENT_QUOTES) returns: the bytes WooCommerce signs with."""

    def letter(found: re.Match[str]) -> str:
        if found[0] in ENTITIES:
            return ENTITIES[found[0]]
        return CODES[found[1] or f"x{found[3]}"]

    return ENTITY.sub(letter, text)


class WooCommerce:
    """Signs the raw body with a secret per webhook; calls unsigned once when a webhook is saved; never repeats."""

    platform = "woocommerce"
    topics = TOPICS

    def signing_key(self, secret: str) -> bytes:
        """Return the secret with HTML entities decoded, as the shop does before it signs."""
        return decode_special_chars(secret).encode()

    def is_signed(self, headers: Headers, body: bytes, keys: Sequence[bytes]) -> bool:
        """Tell whether one of the keys signed the raw body."""
        return hmac_sha256_base64_fits(headers.get("x-wc-webhook-signature", ""), body, keys)

    def is_greeting(self, headers: Headers, body: bytes) -> bool:
        """Tell whether this is the test call on saving: an unsigned form with the webhook's number and nothing else."""
        if "x-wc-webhook-signature" in headers or len(body) > len("webhook_id=") + 20:
            return False
        form = parse_qs(body.decode("latin-1"), keep_blank_values=True)
        return list(form) == ["webhook_id"] and form["webhook_id"][0].isdecimal()

    def envelope(self, headers: Headers, body: bytes) -> Envelope:
        """Return topic and key.

        The delivery id is a hash of webhook and second, so two orders of one second share it: the body decides. Where
        equal bodies mean separate events (deleted twice, with a restoration between) the id is added to the body.
        """
        topic = headers.get("x-wc-webhook-topic", "")
        mark = headers.get("x-wc-webhook-delivery-id", "") if topic in COUNTED else ""
        return Envelope(
            topic=topic,
            dedupe_key=key_of("body", topic, mark, body),
            event_key=None,
            headers=kept_headers(headers, KEPT),
        )

    def read(self, topic: str, headers: Headers, body: bytes, context: Context) -> Reading:
        """Return what a delivery says."""
        content = fields.load(body)
        if content.get("code") == NO_VIEW:
            raise Malformed(
                "cannot_view", "The user who owns this webhook may not read what it sends; give it to an administrator."
            )
        match topic:
            case "order.deleted":
                return read_deletion(content, headers, context)
            case "order.restored":
                return read_order(content, body_hash(body), context, removals={mark_of("restored", headers): -1})
            case "customer.deleted":
                return Reading(fields.identifier(content.get("id"), "id"), outcome="customer_kept")
        if topic in ORDER_TOPICS:
            return read_order(content, body_hash(body), context)
        return read_customer(content, context)


def read_deletion(content: Json, headers: Headers, context: Context) -> Reading:
    """Return the fact that an order was put into the bin."""
    external_id = fields.identifier(content.get("id"), "id")
    removals = {mark_of("deleted", headers): 1}
    return Reading(external_id, order=OrderFact(context.source, external_id, context.source_id, removals=removals))


def mark_of(event: str, headers: Headers) -> str:
    """Return the id of one deletion or restoration: bin and back again may alternate."""
    return f"{event}:{headers.get('x-wc-webhook-delivery-id', '')}"
