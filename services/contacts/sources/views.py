"""How sources and deliveries look to a caller."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.contacts.customers.service import Refs
from services.contacts.sources.adapters.registry import ADAPTERS
from services.contacts.sources.rules import health_of, unpack
from services.contacts.sources.schemas import (
    DeliveryRead,
    DeliverySummary,
    PlatformRead,
    SetupRead,
    SourceCreated,
    SourceRead,
    TopicRead,
)
from services.kit.texts import Catalogue

WORDS = Catalogue("services.contacts")
NAMES = {"shopify": "Shopify", "woocommerce": "WooCommerce", "generic": "Another system"}
STEPS = {"shopify": 5, "woocommerce": 5, "generic": 2}
AS_THEY_ARE = ("id", "version", "created_at", "updated_at", "key", "platform", "name", "status", "secrets")
NAMED = ("source", "order", "person")
"""What a delivery names by id."""
IN_HEALTH = ("last_received_at", "rejected", "failed", "parked")


def webhook_url(row: Mapping[str, Any], public_url: str) -> str | None:
    """Return where the shop calls; None where its platform does not call."""
    return f"{public_url.rstrip('/')}/v1/webhooks/{row['id']}" if row["platform"] in ADAPTERS else None


def source_of(row: Mapping[str, Any], public_url: str) -> SourceRead:
    """Return a source."""
    return SourceRead.model_validate(source_values(row, public_url))


def created_source(row: Mapping[str, Any], public_url: str, secret: str | None) -> SourceCreated:
    """Return a new source, with the secret that we made up."""
    return SourceCreated.model_validate(source_values(row, public_url) | {"secret": secret})


def source_values(row: Mapping[str, Any], public_url: str) -> dict[str, Any]:
    """Return what readers see of a source."""
    health = {name: row[name] for name in IN_HEALTH}
    health["last_rejected_at"] = row["rejected_at"]
    health["status"] = health_of(row, takes_calls=row["platform"] in ADAPTERS)
    values = {name: row[name] for name in AS_THEY_ARE}
    return values | {"health": health, "webhook_url": webhook_url(row, public_url)}


def setup_of(row: Mapping[str, Any], public_url: str, locale: str) -> SetupRead:
    """Return how to make the shop call us, in the reader's language."""
    url, platform = webhook_url(row, public_url), row["platform"]
    params = {"url": url, "key": row["key"], "name": row["name"]}
    return SetupRead(
        webhook_url=url,
        topics=topics_of(platform),
        steps=[WORDS.text(f"setup_{platform}_{step}", params, locale) for step in range(1, STEPS[platform] + 1)],
    )


def platforms() -> list[PlatformRead]:
    """Return every platform that can be connected."""
    return [
        PlatformRead(platform=platform, name=name, takes_calls=platform in ADAPTERS, topics=topics_of(platform))
        for platform, name in NAMES.items()
    ]


def topics_of(platform: str) -> list[TopicRead]:
    """Return the topics that we read."""
    adapter = ADAPTERS.get(platform)
    return [TopicRead(topic=topic) for topic in sorted(adapter.topics)] if adapter else []


def delivery_summary(row: Mapping[str, Any], refs: Refs) -> DeliverySummary:
    """Return a delivery as it stands in lists."""
    return DeliverySummary.model_validate(with_refs(row, refs))


def delivery_of(row: Mapping[str, Any], refs: Refs) -> DeliveryRead:
    """Return a delivery with its body, which may hold anything, as text."""
    shown = None if row["body"] is None else unpack(row["body"], row["size"]).decode(errors="replace")
    plain = {name: value for name, value in row.items() if name != "size"}
    return DeliveryRead.model_validate({**with_refs(plain, refs), "body": shown})


def with_refs(row: Mapping[str, Any], refs: Refs) -> dict[str, Any]:
    """Return a delivery with references to where it came from and what came of it."""
    return {**row, **{kind: refs.to(kind, row[f"{kind}_id"]) for kind in NAMED}}


def named_ids(row: Mapping[str, Any]) -> list[UUID | None]:
    """Return the ids that a delivery names."""
    return [row[f"{kind}_id"] for kind in NAMED]
