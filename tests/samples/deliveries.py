"""The sample deliveries, signed the way their platforms sign."""

import base64
import hmac
import json
from pathlib import Path
from uuid import uuid4

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "webhooks"
"""Payloads collected from public sources; not part of the repository, tests that use them need the folder."""

SECRET = "hush-4f1c2d"


def sample(name: str) -> bytes:
    """Return a body, for example `shopify/orders-create-paid`."""
    return (HERE / f"{name}.json").read_bytes()


def changed(name: str, **fields: object) -> bytes:
    """Return a body with some of its top fields replaced."""
    content = json.loads(sample(name))
    return json.dumps({**content, **fields}, ensure_ascii=False, separators=(",", ":")).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    """Return the base64 HMAC-SHA256 of a body, which both platforms use."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def shopify(
    topic: str, body: bytes, *, secret: str = SECRET, webhook_id: str | None = None, event_id: str | None = None
) -> dict[str, str]:
    """Return the headers that Shopify sends with a body."""
    return {
        "content-type": "application/json",
        "user-agent": "Shopify-Captain-Hook",
        "x-shopify-topic": topic,
        "x-shopify-shop-domain": "three-hills.example",
        "x-shopify-api-version": "2026-07",
        "x-shopify-webhook-id": webhook_id or str(uuid4()),
        "x-shopify-event-id": event_id or str(uuid4()),
        "x-shopify-triggered-at": "2026-11-02T01:15:02.000Z",
        "x-shopify-hmac-sha256": signature(body, secret),
    }


def woocommerce(topic: str, body: bytes, *, secret: str = SECRET, delivery_id: str = "6c2f0e") -> dict[str, str]:
    """Return the headers that WooCommerce sends with a body."""
    resource, _, event = topic.partition(".")
    return {
        "content-type": "application/json",
        "user-agent": "WooCommerce/9.4.2 Hookshot (WordPress/6.8)",
        "x-wc-webhook-source": "https://laden.example/",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": resource,
        "x-wc-webhook-event": event,
        "x-wc-webhook-id": "4",
        "x-wc-webhook-delivery-id": delivery_id,
        "x-wc-webhook-signature": signature(body, secret),
    }
