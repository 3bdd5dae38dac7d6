"""Keys, secrets and health of sources; pure functions."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import cramjam

Platform = Literal["shopify", "woocommerce", "generic"]
DeliveryStatus = Literal["received", "processed", "ignored", "failed", "parked", "rejected"]
HealthStatus = Literal["waiting", "ok", "failing", "blocked", "rejecting", "no_secret", "no_calls"]

BUILT_IN = {"import": "Imports", "manual": "Entered by hand"}
"""Sources that every workspace has from the start, by key."""
MAX_KEY = 63
PRIVACY_REQUEST = "privacy_request_kept"
"""Outcome of a request about personal data that is not carried out yet."""
PACKED_FROM = 512
"""Bodies of fewer bytes are stored as they are."""
BLOCKED = "cannot_view"
"""Outcome of a call whose owner in the shop may not see what it is to send."""


def key_for(name: str, platform: str, taken: Collection[str]) -> str:
    """Return a free key made of a source's name, or of its platform where the name holds no Latin letters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: MAX_KEY - 4].strip("-") or platform
    if stem not in taken:
        return stem
    return next(f"{stem}-{number}" for number in range(2, len(taken) + 3) if f"{stem}-{number}" not in taken)


def first_id_at(time: datetime) -> UUID:
    """Return the smallest UUIDv7 that can have been made at an instant."""
    return UUID(int=max(0, int(time.timestamp() * 1000)) << 80)


def health_of(row: Mapping[str, Any], *, takes_calls: bool) -> HealthStatus:
    """Return how a source is doing.

    `blocked`: the latest call came without its content, because its owner in the shop may not see it.
    `rejecting`: the latest call was not signed with a secret of ours. `failing`: the latest call could not be applied.
    """
    if not takes_calls:
        return "no_calls"
    if not row["secrets"]:
        return "no_secret"
    received, rejected = row["last_received_at"], row["rejected_at"]
    if rejected and (received is None or rejected > received):
        return "rejecting"
    if received is None:
        return "waiting"
    if row["last_outcome"] == BLOCKED:
        return "blocked"
    return "failing" if row["last_status"] == "failed" else "ok"


def pack(body: bytes) -> tuple[bytes, int | None]:
    """Return a body as it is stored, and its size in bytes where that is packed.

    LZ4 makes an order half or a quarter as long within 10 us. zlib would save another fifth, for six times the work:
    that was the dearest part of taking a call.
    """
    if len(body) < PACKED_FROM:
        return body, None
    return bytes(cramjam.lz4.compress_block(body, store_size=False)), len(body)


def unpack(stored: bytes, size: int | None) -> bytes:
    """Return the body that `pack` stored."""
    return stored if size is None else bytes(cramjam.lz4.decompress_block(stored, output_len=size))
