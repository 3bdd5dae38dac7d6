"""The text of an API key: how it is made, checked for typos and taken apart, and when it counts."""

import string
import zlib
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from random import Random
from typing import Literal

Mode = Literal["live", "test"]
MODES: tuple[Mode, ...] = ("live", "test")
Visibility = Literal["own", "team", "all"]
VISIBILITY_RANK: dict[str, int] = {"own": 0, "team": 1, "all": 2}

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
PUBLIC_ID_LENGTH = 10
RANDOM_LENGTH = 43  # 43 x log2(62) = 256 bits
CHECKSUM_LENGTH = 6  # 62^6 > 2^32, so a CRC-32 always fits
PREFIX = "kith"
SHOWN_END = 4

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class KeyText:
    """The parts of a well-formed key."""

    mode: Mode
    public_id: str
    text: str


def checksum(text: str) -> str:
    """Return the CRC-32 of `text` as six base-62 digits.

    It protects nothing: it lets a scanner tell a key from noise, and a typo be answered without a look-up.
    """
    value = zlib.crc32(text.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        value, digit = divmod(value, len(BASE62))
        digits = BASE62[digit] + digits
    return digits


def make_key(mode: Mode, chance: Random) -> KeyText:
    """Return a new key. `chance` must be a `SystemRandom` outside tests."""
    public_id = "".join(chance.choices(BASE62, k=PUBLIC_ID_LENGTH))
    secret = "".join(chance.choices(BASE62, k=RANDOM_LENGTH))
    start = f"{PREFIX}_{mode}_{public_id}_{secret}"
    return KeyText(mode, public_id, f"{start}_{checksum(start)}")


def parse_key(text: str) -> KeyText | None:
    """Return the parts of a key, or None where the text is no key of ours or has a typo."""
    start, _, end = text.rpartition("_")
    parts = start.split("_")
    if len(parts) != 4 or parts[0] != PREFIX:  # noqa: PLR2004 - the four parts before the checksum
        return None
    mode = next((known for known in MODES if known == parts[1]), None)
    if mode is None or not _is_base62(parts[2], PUBLIC_ID_LENGTH) or not _is_base62(parts[3], RANDOM_LENGTH):
        return None
    return KeyText(mode, parts[2], text) if checksum(start) == end else None


def hint(text: str) -> str:
    """Return what may be shown of a key for good: its start and its last digits."""
    start = text.rpartition("_")[0].rpartition("_")[0]
    return f"{start}_...{text[-SHOWN_END:]}"


def is_live(now: datetime, expires_at: datetime | None, revoked_at: datetime | None) -> bool:
    """Tell whether a key counts at `now`; the instants themselves are already outside."""
    return (expires_at is None or now < expires_at) and (revoked_at is None or now < revoked_at)


def status(now: datetime, expires_at: datetime | None, revoked_at: datetime | None) -> str:
    """Return active, expired or revoked; revoked weighs more."""
    if revoked_at is not None:
        return "revoked"
    return "active" if is_live(now, expires_at, None) else "expired"


def missing_scopes(wanted: frozenset[str], held: frozenset[str]) -> list[str]:
    """Return the wanted scopes that the holder lacks and so may not grant; `admin` holds all."""
    return [] if "admin" in held else sorted(wanted - held)


def may_grant_visibility(wanted: str, held: str) -> bool:
    """Tell whether one who sees `held` may let another see `wanted`."""
    return VISIBILITY_RANK[wanted] <= VISIBILITY_RANK[held]


def parse_networks(networks: list[str]) -> tuple[Network, ...]:
    """Return CIDR ranges. Raises ValueError for a text that is none, or that has host bits set."""
    return tuple(ip_network(text) for text in networks)


def in_networks(address: str | None, networks: tuple[Network, ...]) -> bool:
    """Tell whether a key bound to `networks` may be used from `address`; no networks = from anywhere."""
    if not networks:
        return True
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return False
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(plain in network for network in networks)


def from_origin(origin: str | None, origins: frozenset[str]) -> bool:
    """Tell whether a key bound to `origins` may be used from `origin`; no origins = from anywhere."""
    return not origins or origin in origins


def _is_base62(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isalnum()
