"""The request at hand: its id and trace context, for logs and for calls to other services."""

import re
from contextvars import ContextVar
from dataclasses import dataclass

from services.kit.ids import new_id

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What travels along with a request through all services."""

    request_id: str
    traceparent: str | None = None


CURRENT: ContextVar[RequestContext | None] = ContextVar("kith_request", default=None)


def current() -> RequestContext:
    """Return the request at hand; a fresh one outside of any request (background work)."""
    return CURRENT.get() or RequestContext(request_id=str(new_id()))


def accept(request_id: str | None, traceparent: str | None) -> RequestContext:
    """Take over the caller's ids where they look like ids; make a new request id otherwise."""
    known = request_id if request_id and REQUEST_ID.fullmatch(request_id) else str(new_id())
    trace = traceparent if traceparent and TRACEPARENT.fullmatch(traceparent) else None
    return RequestContext(request_id=known, traceparent=trace)
