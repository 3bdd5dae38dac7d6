"""Which adapter reads which platform."""

from services.contacts.sources.adapters.base import Adapter
from services.contacts.sources.adapters.shopify import Shopify
from services.contacts.sources.adapters.woocommerce import WooCommerce

ADAPTERS: dict[str, Adapter] = {adapter.platform: adapter for adapter in (Shopify(), WooCommerce())}
"""Platforms that call us; a platform without an adapter is a name for external ids only."""
