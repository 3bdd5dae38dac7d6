"""A load generator for loopback: keep-alive connections, one request in flight on each, bounded in time."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its line, its headers and its body."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def wire(self) -> bytes:
        """Return the request as it goes over the wire."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"host: {HOST}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append(f"content-length: {len(self.body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass(slots=True)
class Result:
    """What a load run saw; times in seconds."""

    seconds: float
    latencies: list[float]
    codes: Counter[int]

    @property
    def rate(self) -> float:
        """Answers with a status below 400 per second."""
        return sum(count for code, count in self.codes.items() if code < 400) / self.seconds

    def quantile(self, share: float) -> float:
        """Return the latency that a share of the answers stayed below, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def run_load(
    port: int, make: Callable[[int], Call], *, connections: int, seconds: float, rate: float | None = None
) -> Result:
    """Send requests for some seconds; `make` returns the n-th request, `rate` paces all connections together.

    Paced connections begin one after the other: all at once they would send in bursts as long as there are connections.
    """
    result = Result(0.0, [], Counter())
    numbers: Iterator[int] = iter(range(10**9))
    started = time.monotonic()
    pause = connections / rate if rate else 0.0

    async def begin(place: int) -> None:
        await asyncio.sleep(pause * place / connections)
        await one_connection(port, make, numbers, started + seconds, pause, result)

    await asyncio.gather(*map(begin, range(connections)))
    result.seconds = time.monotonic() - started
    return result


async def one_connection(
    port: int, make: Callable[[int], Call], numbers: Iterator[int], end: float, pause: float, result: Result
) -> None:
    """Send one request after the other on one connection."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        while time.monotonic() < end:
            wire = make(next(numbers)).wire()
            began = time.perf_counter()
            writer.write(wire)
            code = await read_answer(reader)
            took = time.perf_counter() - began
            result.codes[code] += 1
            result.latencies.append(took)
            if pause > took:
                await asyncio.sleep(pause - took)
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> int:
    """Read one answer whole and return its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    status = int(head[9:12])
    if b"\r\ncontent-length:" in lower:
        length = int(lower.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    elif b"transfer-encoding: chunked" in lower:
        await read_chunks(reader)
    return status


async def read_chunks(reader: asyncio.StreamReader) -> None:
    """Read a chunked body to its end."""
    while size := int((await reader.readline()).strip() or b"0", 16):
        await reader.readexactly(size + 2)
    await reader.readline()
