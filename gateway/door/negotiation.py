"""What a caller can take: media types (Accept) and encodings (Accept-Encoding), weighed by their q-values."""

from collections.abc import Iterable
from functools import lru_cache

ANYTHING = b"*/*"
ENCODINGS = (b"zstd", b"br", b"gzip")
"""What we can pack with, best first: of two that a caller likes alike, the first is taken."""


@lru_cache(1024)
def accepts(header: bytes | None, offered: frozenset[bytes]) -> bool:
    """Tell whether one of the media types offered is wanted; no header = anything, and nothing offered = all fits."""
    if header is None or header == ANYTHING or not offered:
        return True
    wanted = dict(weighed(header))
    return any(weight_of(kind, wanted) > 0 for kind in offered)


def weight_of(kind: bytes, wanted: dict[bytes, float]) -> float:
    """Return the weight of a media type by the most specific range that names it (RFC 9110 12.5.1)."""
    family = kind.partition(b"/")[0] + b"/*"
    return next((wanted[name] for name in (kind, family, ANYTHING) if name in wanted), 0.0)


@lru_cache(1024)
def encoding_for(header: bytes | None) -> bytes | None:
    """Return the encoding that a caller likes best, None for none (RFC 9110 12.5.3)."""
    if header is None:
        return None
    wanted = dict(weighed(header))
    rest = wanted.get(b"*", 0.0)
    plain = wanted.get(b"identity", 0.0)  # taken in any case, but where it is not named, packed is better
    best = max(ENCODINGS, key=lambda name: wanted.get(name, rest))
    weight = wanted.get(best, rest)
    return best if weight > 0 and weight >= plain else None


def weighed(header: bytes) -> Iterable[tuple[bytes, float]]:
    """Yield what a header lists with its weight; 0 = refused. Parameters other than q do not matter here."""
    for entry in header.lower().split(b","):
        name, *parameters = (part.strip() for part in entry.split(b";"))
        if name:
            yield name, next((weight(part[2:]) for part in parameters if part.startswith(b"q=")), 1.0)


def weight(text: bytes) -> float:
    """Return a q-value, between 0 and 1; what is none counts as 1."""
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return min(1.0, max(0.0, value)) if value == value else 1.0  # noqa: PLR0124 - a NaN is no weight
