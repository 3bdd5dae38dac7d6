"""Packing answers with zstd, br or gzip: what is worth it, and off the event loop where it takes time."""

import asyncio
from collections.abc import AsyncIterator
from types import ModuleType

import cramjam

from gateway.door.headers import Header, value_of
from gateway.door.wire import Answer

SMALLEST = 1024
"""Below a packet's size packing saves nothing."""
LONG = 65_536
"""Packing more than this would hold up other requests for longer than a change of threads takes."""
PACKERS: dict[bytes, tuple[ModuleType, int]] = {
    b"zstd": (cramjam.zstd, 3),
    b"br": (cramjam.brotli, 4),
    b"gzip": (cramjam.gzip, 5),
}
TEXTS = (b"text/", b"application/json", b"application/problem+json", b"application/x-ndjson", b"image/svg+xml")
LIVE = b"text/event-stream"


def is_worth_it(headers: list[Header], body: bytes | Answer) -> bool:
    """Tell whether an answer is text of some length that is not packed already and may be changed on its way."""
    if isinstance(body, bytes) and len(body) < SMALLEST:
        return False
    kind = value_of(headers, b"content-type") or b""
    if not kind.startswith(TEXTS) or kind.startswith(LIVE) or value_of(headers, b"content-encoding") is not None:
        return False
    return b"no-transform" not in (value_of(headers, b"cache-control") or b"")


async def packed(body: bytes, encoding: bytes) -> bytes:
    """Return a body packed."""
    packer, level = PACKERS[encoding]
    if len(body) <= LONG:
        return bytes(packer.compress(body, level))
    return bytes(await asyncio.to_thread(packer.compress, body, level))  # it lets go of the interpreter meanwhile


class PackedStream:
    """A stream, packed piece by piece: each piece of the answer leaves as soon as it is packed."""

    def __init__(self, answer: Answer, encoding: bytes) -> None:
        self._answer = answer
        packer, level = PACKERS[encoding]
        self._packer = packer.Compressor(level)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces."""
        async for piece in self._answer:
            if ready := await asyncio.to_thread(self._pack, piece):
                yield ready
        yield bytes(self._packer.finish())

    def close(self) -> None:
        """Let the stream go."""
        self._answer.close()

    def _pack(self, piece: bytes) -> bytes:
        self._packer.compress(piece)
        return bytes(self._packer.flush())
