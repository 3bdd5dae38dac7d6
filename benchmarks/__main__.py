"""`make bench`: every figure, one JSON object a line. `python -m benchmarks intake effect` runs some of them."""

import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import uvloop

from benchmarks import feeds, imports, intake, memory, requests, rescore, rescore_first, rls
from benchmarks.figures import flush_latency_ms, report
from benchmarks.intake import Ground
from benchmarks.stack import running_ceiling, running_stack

PARTS: dict[str, Callable[[Ground], Coroutine[None, None, None]]] = {
    "intake": intake.measure_intake,
    "effect": intake.measure_effect,
    "feeds": feeds.measure_feeds,
    "requests": requests.measure_requests,
    "rls": rls.measure_rls,
    "rescore_first": rescore_first.measure_first,
    "rescore": rescore.measure_rescore,
    "imports": imports.measure_imports,
    "memory": memory.measure_memory,
}


def main(wanted: list[str]) -> None:
    """Start a Kith and the ceiling, and run the wanted parts against them."""
    with running_stack() as stack, running_ceiling(stack.database_url) as ceiling_port:
        report("fdatasync_ms", flush_latency_ms(Path.cwd()), "ms", "lower")
        ground = intake.prepare(stack, ceiling_port)
        for name, part in PARTS.items():
            if not wanted or name in wanted:
                uvloop.run(part(ground))  # the load shares the processors with what it measures


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped too
    main(sys.argv[1:])
