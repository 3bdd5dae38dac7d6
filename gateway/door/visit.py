"""One request on its way through the door: what is known about it, and what its answer will carry."""

import time
from dataclasses import dataclass, field

from prometheus_client import Histogram
from starlette.types import Scope

from gateway.door.cors import Cors
from gateway.door.headers import Header, client_address, forwarded
from services.kit.context import RequestContext, accept
from services.kit.ids import new_id

OVERHEAD = Histogram(
    "kith_gateway_request_seconds",
    "Time from request to the end of the answer at the gateway, by owning service and route template.",
    ["peer", "method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
NO_PLACE = "unmatched"
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class Visit:
    """A request and what the door adds to its answer."""

    method: str
    path: str
    """Raw, still percent-encoded."""
    query: bytes
    headers: list[Header]
    first: dict[bytes, bytes]
    """The first value of each header."""
    context: RequestContext
    address: str | None
    inward: list[Header]
    """What the service is told about the way the request came."""
    extra: list[Header]
    """What every answer to it carries."""
    service: str = "gateway"
    route: str = NO_PLACE
    started: bool = False
    began: float = field(default_factory=time.perf_counter)

    @classmethod
    def begin(cls, scope: Scope, cors: Cors, trusted_hops: int) -> "Visit":
        """Take up a request."""
        headers: list[Header] = scope["headers"]
        first = dict(reversed(headers))
        context = accept(_text(first, b"x-request-id"), _text(first, b"traceparent"))
        peer = scope["client"][0] if scope.get("client") else None
        claimed = first.get(b"x-forwarded-for") if trusted_hops else None
        request_id = context.request_id.encode()
        trace = context.traceparent or new_trace()
        return cls(
            method=scope["method"],
            path=scope.get("raw_path", scope["path"].encode()).decode("latin-1"),
            query=scope["query_string"],
            headers=headers,
            first=first,
            context=RequestContext(context.request_id, trace),
            address=client_address(peer, claimed, trusted_hops),
            inward=[
                (b"x-request-id", request_id),
                (b"traceparent", trace.encode()),
                *forwarded(peer, scope["scheme"], first.get(b"host"), claimed),
            ],
            extra=[(b"x-request-id", request_id), *cors.headers(first.get(b"origin"))],
        )

    @property
    def target(self) -> str:
        """The raw path with its query, as it came."""
        return f"{self.path}?{self.query.decode('latin-1')}" if self.query else self.path

    @property
    def is_head(self) -> bool:
        """Tell whether the caller wants the head of an answer only."""
        return self.method == "HEAD"

    def measure(self, status: int) -> None:
        """Measure the finished request."""
        method = self.method if self.method in KNOWN_METHODS else "other"
        OVERHEAD.labels(self.service, method, self.route, status).observe(time.perf_counter() - self.began)


def new_trace() -> str:
    """Return a W3C trace context that begins here."""
    trace, span = new_id().hex, new_id().hex[-16:]
    return f"00-{trace}-{span}-01"


def _text(first: dict[bytes, bytes], name: bytes) -> str | None:
    value = first.get(name)
    return None if value is None else value.decode("latin-1")
