"""What every platform adapter does: check a signature, name a delivery, and read facts from it. No I/O."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict
from uuid import UUID

from services.contacts.identities.facts import PersonFact
from services.contacts.orders.facts import OrderFact

Headers = Mapping[str, str]
"""Request headers by their name in lower case."""

DIGEST_BYTES = 32


class Malformed(Exception):
    """A well signed delivery that cannot be read. The text names the place, never a value of a person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a delivery before its body is read."""

    topic: str
    dedupe_key: UUID
    """Two deliveries with the same key are one."""
    event_key: UUID | None
    """A second key that marks repetitions, where the platform sends two ids and its manuals disagree on which."""
    headers: dict[str, str]
    """The headers that reading needs again; never the signature."""


@dataclass(frozen=True, slots=True)
class Context:
    """The source that a delivery came to."""

    source_id: UUID
    source: str
    default_region: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery says. Without facts it is ignored, or kept waiting where `waits` is set."""

    external_id: str | None = None
    order: OrderFact | None = None
    person: PersonFact | None = None
    outcome: str | None = None
    """Why there are no facts."""
    waits: bool = False


class Names(TypedDict, total=False):
    """The names in a fact."""

    given_name: str | None
    family_name: str | None
    display_name: str | None


class Adapter(Protocol):
    """One platform."""

    platform: str
    topics: frozenset[str]
    """Topics that are read; others are kept, answered 200 and ignored."""

    def signing_key(self, secret: str) -> bytes:
        """Return the bytes that a secret, as shown by the platform, signs with."""
        ...

    def is_signed(self, headers: Headers, body: bytes, keys: Sequence[bytes]) -> bool:
        """Tell whether one of the keys signed the raw body; never raises, whatever the header holds."""
        ...

    def is_greeting(self, headers: Headers, body: bytes) -> bool:
        """Tell whether this is the platform's unsigned test call, which is answered and changes nothing."""
        ...

    def envelope(self, headers: Headers, body: bytes) -> Envelope:
        """Return what is known of a delivery before its body is read."""
        ...

    def read(self, topic: str, headers: Headers, body: bytes, context: Context) -> Reading:
        """Return what a delivery of a known topic says; raises Malformed."""
        ...


def hmac_sha256_base64_fits(given: str, body: bytes, keys: Sequence[bytes]) -> bool:
    """Tell whether a base64 HMAC-SHA256 of the body by one of the keys was given; constant time over the bytes."""
    text = given.strip()
    try:
        told = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(told) != DIGEST_BYTES or base64.b64encode(told).decode() != text:
        return False
    fits = False
    for key in keys:
        fits |= hmac.compare_digest(hmac.digest(key, body, "sha256"), told)
    return fits


def key_of(*parts: str | bytes) -> UUID:
    """Return a 128-bit key for a delivery's marks: bounded, and safe whatever a header holds.

    Half of a SHA-256, which processors compute by themselves: a body of 15 KB takes half the time of BLAKE2.
    """
    marks = bytearray()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        marks += len(raw).to_bytes(4, "big") + raw
    return UUID(bytes=hashlib.sha256(marks).digest()[:16])


def body_hash(body: bytes) -> str:
    """Return the hash that settles equal update times."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def kept_headers(headers: Headers, names: Sequence[str]) -> dict[str, str]:
    """Return the named headers as they can be stored."""
    return {name: storable(headers[name]) for name in names if name in headers}


def storable(value: str) -> str:
    """Return a header's value without letters that cannot be shown, cut to a length."""
    if not value.isprintable():
        value = "".join(letter for letter in value if letter.isprintable())
    return value[:255]
