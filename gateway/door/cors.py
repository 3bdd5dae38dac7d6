"""Which web pages may call us: exact origins, one answer for preflights, the same headers on errors."""

from collections.abc import Iterable, Mapping

from gateway.door.headers import Header

METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = (
    b"accept, accept-language, authorization, content-type, idempotency-key, if-match, if-none-match, "
    b"kith-after, last-event-id, traceparent, tracestate, x-request-id"
)
EXPOSED = (
    b"allow, content-disposition, content-language, content-location, etag, idempotency-replayed, kith-position, "
    b"kith-stale, kith-unchanged, link, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, "
    b"x-request-id"
)
MAX_AGE = b"600"


class Cors:
    """The origins of one installation. There are no cookies, so credentials are never allowed."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, origin: bytes | None) -> list[Header]:
        """Return what an answer to a page of `origin` carries; `Vary` stands on every answer where origins are set."""
        if not self._origins:
            return []
        vary = (b"vary", b"Origin")
        if origin not in self._origins or origin is None:
            return [vary]
        return [vary, (b"access-control-allow-origin", origin), (b"access-control-expose-headers", EXPOSED)]

    def preflight(self, first: Mapping[bytes, bytes]) -> list[Header] | None:
        """Return the headers that answer a preflight, or None where the request is none."""
        origin = first.get(b"origin")
        if origin is None or b"access-control-request-method" not in first:
            return None
        if origin not in self._origins:
            return self.headers(origin)
        return [
            (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", REQUEST_HEADERS),
            (b"access-control-max-age", MAX_AGE),
        ]
