"""Request bodies: bounded before they are read, whole where they are small by nature, streamed where they are files."""

from collections.abc import AsyncIterator

from starlette.types import Receive

from services.kit.problems import BadRequest, TooLarge


class CallerGone(Exception):
    """The caller closed the connection before the request was complete."""


def declared_length(value: bytes | None, limit: int) -> int | None:
    """Return the length that Content-Length states; TooLarge beyond the limit, before a byte of the body is read."""
    if value is None:
        return None
    if not value.isdigit():
        raise BadRequest("Content-Length is not a number.")
    if int(value) > limit:
        raise too_large(limit)
    return int(value)


async def read_body(receive: Receive, limit: int) -> bytes:
    """Return the whole body; TooLarge as soon as it is longer than the limit."""
    message = await receive()
    if message["type"] != "http.request":
        raise CallerGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > limit:
            raise too_large(limit)
        return body
    return b"".join([body, *[piece async for piece in stream_body(receive, limit - len(body))]])


async def stream_body(receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """Yield the body piece by piece; TooLarge as soon as it is longer than the limit."""
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise CallerGone
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        more = message.get("more_body", False)
        if piece:
            yield piece


def too_large(limit: int) -> TooLarge:
    """Return the problem that names the limit."""
    return TooLarge(f"At most {limit} bytes are taken here.", limit_bytes=limit)
