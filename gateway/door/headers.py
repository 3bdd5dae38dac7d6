"""Which headers pass the door inwards and outwards, and which the door sets itself."""

from collections.abc import Iterable

Header = tuple[bytes, bytes]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)
OURS = frozenset({b"kith-identity", b"kith-workspace", b"x-request-id", b"traceparent"})
"""Set by the door; a copy that comes from outside is dropped."""
FORWARDING = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"x-real-ip"}
)
CREDENTIALS = frozenset({b"authorization", b"cookie"})
DROPPED_INWARDS = HOP_BY_HOP | OURS | FORWARDING | {b"host", b"expect", b"content-length", b"accept-encoding"}
"""The length goes with the body: who forwards it states it anew. Answers are packed here, not by the services."""
DROPPED_OUTWARDS = HOP_BY_HOP | {b"server", b"date", b"x-request-id", b"x-powered-by"}
CORS_HEADERS = (b"access-control-", b"timing-allow-origin")

SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-site"),
)


def inwards(headers: Iterable[Header], *, keep_credentials: bool) -> list[Header]:
    """Return what a service gets to see of the caller's headers.

    `keep_credentials` is for addresses without a key of ours (webhooks): what stands there belongs to the platform.
    """
    headers = list(headers)
    named = named_by_connection(headers)
    dropped = DROPPED_INWARDS | named if keep_credentials else DROPPED_INWARDS | CREDENTIALS | named
    return [(name, value) for name, value in headers if name not in dropped]


def outwards(headers: Iterable[Header]) -> list[Header]:
    """Return what a caller gets to see of a service's headers; names come out in lower case."""
    lowered = [(name.lower(), value) for name, value in headers]
    dropped = DROPPED_OUTWARDS | named_by_connection(lowered)
    return [(name, value) for name, value in lowered if name not in dropped and not name.startswith(CORS_HEADERS)]


def named_by_connection(headers: Iterable[Header]) -> frozenset[bytes]:
    """Return the headers that `Connection` declares to be for this hop only."""
    values = [value for name, value in headers if name == b"connection"]
    return frozenset(item.strip().lower() for value in values for item in value.split(b",")) if values else frozenset()


def value_of(headers: Iterable[Header], name: bytes) -> bytes | None:
    """Return the first value of a header."""
    return next((value for key, value in headers if key == name), None)


def has_two(headers: Iterable[Header], name: bytes) -> bool:
    """Tell whether a header that may stand once stands more often."""
    return sum(1 for key, _ in headers if key == name) > 1


def forwarded(peer: str | None, scheme: str, host: bytes | None, claimed: bytes | None) -> list[Header]:
    """Return the X-Forwarded-* headers of one hop more.

    `claimed` is X-Forwarded-For as it came in; it is passed only where the peer is a trusted proxy.
    """
    chain = ", ".join(part for part in ((claimed or b"").decode("latin-1"), peer or "unknown") if part)
    made = [(b"x-forwarded-for", chain.encode("latin-1")), (b"x-forwarded-proto", scheme.encode())]
    return [*made, (b"x-forwarded-host", host)] if host else made


def client_address(peer: str | None, claimed: bytes | None, trusted_hops: int) -> str | None:
    """Return the address of the caller: the `trusted_hops`-th from the right of X-Forwarded-For, else the peer's.

    Only as many entries are believed as there are proxies of our own in front of us.
    """
    if not trusted_hops or not claimed:
        return peer
    chain = [part.strip() for part in claimed.decode("latin-1").split(",")]
    return chain[-trusted_hops] if len(chain) >= trusted_hops else chain[0]
