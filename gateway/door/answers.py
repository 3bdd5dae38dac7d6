"""Answers on their way out: whoever made them, they leave with the same ids, limits, CORS and security headers."""

import orjson
from starlette.types import Send

from gateway.door.headers import SECURITY, Header
from gateway.door.packing import PackedStream
from gateway.door.wire import Answer
from services.kit.problems import Problem

PROBLEM = (b"content-type", b"application/problem+json")
PRIVATE = (b"cache-control", b"private, no-cache")
VARY = (b"vary", b"Accept-Encoding, Accept-Language, Authorization")
HOUSE = (*SECURITY, PRIVATE, VARY)
BODILESS = frozenset({204, 304})


async def send_answer(
    send: Send, status: int, headers: list[Header], body: bytes | Answer | PackedStream, *, head_only: bool = False
) -> None:
    """Send an answer whose headers are complete but for its length."""
    if isinstance(body, bytes):
        if status not in BODILESS:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head_only else body})
        return
    try:
        if head_only:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        async for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        body.close()


def problem_answer(problem: Problem, *, base: str, instance: str, request_id: str) -> tuple[list[Header], bytes]:
    """Return the headers and body of a problem."""
    document = problem.document(base=base, instance=instance, request_id=request_id)
    own = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    return [PROBLEM, *own], orjson.dumps(document)


def finish(headers: list[Header], extra: list[Header]) -> list[Header]:
    """Return the headers with the door's own; what an answer says itself about security or caching stays."""
    said = dict(headers)
    return [*headers, *extra, *(header for header in HOUSE if header[0] not in said)]
