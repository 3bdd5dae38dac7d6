"""Webhook intake: acknowledged orders per second against the ceiling, and the way to the reminder."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from benchmarks.ceiling import KEY, signature
from benchmarks.figures import middle, report
from benchmarks.load import Call, Result, run_load
from benchmarks.orders import LARGE, SMALL, Orders
from benchmarks.stack import Stack

SECONDS = 4.0
ROUNDS = 3
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Where intake is measured: a Kith with a Shopify source, and the ceiling on the same database server."""

    stack: Stack
    ceiling_port: int
    source_path: str


def prepare(stack: Stack, ceiling_port: int) -> Ground:
    """Create the source that the load goes to."""
    body = {"platform": "shopify", "name": "Benchmark shop", "secret": KEY.decode()}
    source = stack.call("POST", "/v1/sources", body)
    return Ground(stack, ceiling_port, f"/v1/webhooks/{source['id']}")


class Runs:
    """Hands out run numbers, so that no two loads send the same order."""

    def __init__(self, first: int = 0) -> None:
        self._next = first

    def orders(self, ground: Ground, size: int, count: int) -> Orders:
        """Return fresh orders for one load."""
        self._next += 1
        return Orders(ground.source_path, run=self._next, size=size, count=count)


async def measure_intake(ground: Ground) -> None:
    """Print the acknowledgement ratios: direct and through the gateway, 16 and 64 connections, two body sizes."""
    runs = Runs()
    for size, suffix in ((LARGE, ""), (SMALL, "_2kb")):
        for connections in (16, 64):
            await ratio(ground, runs, size, connections, "contacts", f"ingest_direct_c{connections}_ratio{suffix}")
        await ratio(ground, runs, size, 16, "gateway", f"ingest_gateway_c16_ratio{suffix}")


async def ratio(ground: Ground, runs: Runs, size: int, connections: int, process: str, name: str) -> None:
    """Measure one ratio, ceiling and Kith in turn within the same run."""
    ceiling_rates: list[float] = []
    kith_rates: list[float] = []
    for _ in range(ROUNDS):
        orders = runs.orders(ground, size, 4_000)
        bare = bare_call(orders)
        ceiling_rates.append((await loaded(ground.ceiling_port, bare, connections)).rate)
        kith_rates.append((await loaded(ground.stack.ports[process], orders.call, connections)).rate)
        await drained(ground.stack.database_url)
    report(name, middle(kith_rates) / middle(ceiling_rates), "x", "higher", f"bare ceiling, {size} byte body")


async def loaded(port: int, make: Callable[[int], Call], connections: int) -> Result:
    """Run one load of the usual length."""
    return await run_load(port, make, connections=connections, seconds=SECONDS)


def bare_call(orders: Orders) -> Callable[[int], Call]:
    """Return the same bodies as calls to the ceiling."""

    def make(number: int) -> Call:
        call = orders.call(number)
        return Call("POST", "/signed", {"x-shopify-hmac-sha256": signature(call.body).decode()}, call.body)

    return make


async def drained(database_url: str) -> float:
    """Wait until nothing that was acknowledged is waiting any more; returns the seconds that took."""
    began = time.monotonic()
    connection = await asyncpg.connect(database_url)
    try:
        while time.monotonic() - began < PATIENCE_SECONDS:
            if not await connection.fetchval(BACKLOG):
                return time.monotonic() - began
            await asyncio.sleep(0.02)
    finally:
        await connection.close()
    message = "the backlog was not worked off in time"
    raise TimeoutError(message)


BACKLOG = """
SELECT EXISTS (SELECT 1 FROM contacts.deliveries WHERE status = 'received')
    OR EXISTS (SELECT 1 FROM contacts.outbox) OR EXISTS (SELECT 1 FROM scoring.outbox)
    OR EXISTS (SELECT 1 FROM scoring.cursors, contacts.feed_state
               WHERE follower = 'facts-from-contacts' AND position < head)
    OR EXISTS (SELECT 1 FROM campaigns.cursors, contacts.feed_state
               WHERE follower = 'audience-from-contacts' AND position < head)
    OR EXISTS (SELECT 1 FROM campaigns.cursors, scoring.feed_state
               WHERE follower = 'audience-from-scoring' AND position < head)
"""
"""Whether anything acknowledged has not yet become a score and a reminder."""


async def measure_effect(ground: Ground) -> None:
    """Print what reaches the end of the way: orders applied per second, and the time from webhook to reminder."""
    runs = Runs(first=1_000)
    rates: list[float] = []
    ceiling_rates: list[float] = []
    acknowledged = 0.0
    for _ in range(ROUNDS):
        orders = runs.orders(ground, LARGE, 6_000)
        ceiling_rates.append((await loaded(ground.ceiling_port, bare_call(orders), 64)).rate)
        began = time.monotonic()
        result = await loaded(ground.stack.ports["contacts"], orders.call, 64)
        await drained(ground.stack.database_url)
        acknowledged = result.rate
        rates.append(sum(result.codes.values()) / (time.monotonic() - began))
    applied = middle(rates)
    report("orders_applied_ratio", applied / middle(ceiling_rates), "x", "higher", f"bare ceiling, {LARGE} byte body")
    await at_half_peak(ground, runs, acknowledged, applied)


async def at_half_peak(ground: Ground, runs: Runs, peak: float, applied: float) -> None:
    """Print latencies at half the peaks: of the answer, and of the reminder."""
    orders = runs.orders(ground, LARGE, int(peak * SECONDS))
    result = await run_load(ground.stack.ports["contacts"], orders.call, connections=64, seconds=SECONDS, rate=peak / 2)
    report("ingest_p99_half_peak_ms", result.quantile(0.99) * 1000, "ms", "lower")
    await drained(ground.stack.database_url)
    orders = runs.orders(ground, LARGE, int(applied * SECONDS))
    began = datetime.now(UTC)
    await run_load(ground.stack.ports["contacts"], orders.call, connections=16, seconds=SECONDS, rate=applied / 2)
    await drained(ground.stack.database_url)
    connection = await asyncpg.connect(ground.stack.database_url)
    try:
        row = await connection.fetchrow(TO_REMINDER, began)
    finally:
        await connection.close()
    report("order_to_reminder_p50_s", row["p50"] if row else -1, "s", "lower")
    report("order_to_reminder_p99_s", row["p99"] if row else -1, "s", "lower")


TO_REMINDER = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds) AS p99
FROM (
    SELECT extract(epoch FROM r.created_at - d.received_at)::float8 AS seconds
    FROM contacts.deliveries d
    JOIN campaigns.reminders r ON r.workspace_id = d.workspace_id AND r.cause = 'purchase_follow_up:' || d.order_id
    WHERE d.received_at >= $1
) waited
"""
