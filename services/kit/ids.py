"""Identifiers: UUIDv7, so that ids made later sort later and indexes stay dense at their end."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """Return a new UUIDv7."""
    return uuid_utils.compat.uuid7()
