"""Webhook intake: acknowledged orders per second against the ceiling, and the way to the reminder."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from benchmarks.ceiling import KEY, signature
from benchmarks.figures import middle, report
from benchmarks.load import Call, Result, run_load
from benchmarks.orders import CURRENCY, LARGE, SMALL, Customers, Orders
from benchmarks.stack import Stack

SECONDS = 2.0
ROUNDS = 3
WARM_SECONDS = 0.5
PATIENCE_SECONDS = 120.0
ENOUGH = 0.5
"""Share of a load's orders that must have a reminder of their own; one that was overtaken at once has none."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where intake is measured: a Kith with a Shopify source, and the ceiling on the same database server."""

    stack: Stack
    ceiling_port: int
    source_path: str
    customers: Customers = field(default_factory=Customers)
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def orders(self, size: int, count: int) -> Orders:
        """Return orders for one load, none of which was sent before."""
        return Orders(self.source_path, self.customers, run=next(self.runs), size=size, count=count)


def prepare(stack: Stack, ceiling_port: int) -> Ground:
    """Create the source that the load goes to, in a workspace that reports in the currency of the orders."""
    stack.call("PATCH", "/v1/workspace", {"reporting_currency": CURRENCY})
    body = {"platform": "shopify", "name": "Benchmark shop", "secret": KEY.decode()}
    source = stack.call("POST", "/v1/sources", body)
    return Ground(stack, ceiling_port, f"/v1/webhooks/{source['id']}")


async def measure_intake(ground: Ground) -> None:
    """Print the acknowledgement ratios: direct and through the gateway, 16 and 64 connections, two body sizes."""
    for size, suffix in ((LARGE, ""), (SMALL, "_2kb")):
        for connections in (16, 64):
            await ratio(ground, size, connections, "contacts", f"ingest_direct_c{connections}_ratio{suffix}")
        await ratio(ground, size, 16, "gateway", f"ingest_gateway_c16_ratio{suffix}")


async def ratio(ground: Ground, size: int, connections: int, process: str, name: str) -> None:
    """Measure one ratio: ceiling and Kith in turn, each pair by itself, since a busy machine is not steady."""
    port = ground.stack.ports[process]
    await run_load(port, ground.orders(size, 3000).call, connections=connections, seconds=WARM_SECONDS)
    await drained(ground.stack.database_url)
    ceiling_rates: list[float] = []
    ratios: list[float] = []
    for _ in range(ROUNDS):
        bare = await loaded(ground.ceiling_port, bare_call(ground.orders(size, 1000)), connections)
        orders = ground.orders(size, int(bare.rate * SECONDS * 2.5) + 1000)
        ceiling_rates.append(bare.rate)
        ratios.append((await loaded(port, orders.call, connections)).rate / bare.rate)
        await drained(ground.stack.database_url)
    report(name, middle(ratios), "x", "higher", against(ceiling_rates, size))


def against(ceiling_rates: list[float], size: int) -> str:
    """Say what a ratio is to."""
    return f"bare ceiling, {size} byte body: {middle(ceiling_rates):.0f}/s"


async def loaded(port: int, make: Callable[[int], Call], connections: int) -> Result:
    """Run one load of the usual length; an error if anything but acknowledgements came back."""
    result = await run_load(port, make, connections=connections, seconds=SECONDS)
    if set(result.codes) != {200}:
        message = f"not everything was acknowledged: {dict(result.codes)}"
        raise RuntimeError(message)
    return result


def bare_call(orders: Orders) -> Callable[[int], Call]:
    """Return such bodies as calls to the ceiling, which takes one as often as it comes."""

    def make(number: int) -> Call:
        call = orders.call(number % len(orders))
        return Call("POST", "/signed", {"x-shopify-hmac-sha256": signature(call.body).decode()}, call.body)

    return make


async def drained(database_url: str) -> float:
    """Wait until nothing that was acknowledged is waiting any more; returns the seconds that took.

    Deliveries that failed are no work done: a run with any of them gives no figures.
    """
    began = time.monotonic()
    connection = await asyncpg.connect(database_url)
    try:
        while time.monotonic() - began < PATIENCE_SECONDS:
            if not await connection.fetchval(BACKLOG):
                if failed := await connection.fetchval(FAILED):
                    message = f"{failed} deliveries failed"
                    raise RuntimeError(message)
                return time.monotonic() - began
            await asyncio.sleep(0.05)
    finally:
        await connection.close()
    message = "the backlog was not worked off in time"
    raise TimeoutError(message)


FAILED = "SELECT count(*) FROM contacts.deliveries WHERE status = 'failed'"
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
    rates: list[float] = []
    ratios: list[float] = []
    ceiling_rates: list[float] = []
    acknowledged: list[float] = []
    for _ in range(ROUNDS):
        bare = await loaded(ground.ceiling_port, bare_call(ground.orders(LARGE, 1000)), 64)
        orders = ground.orders(LARGE, int(bare.rate * SECONDS * 2.5) + 1000)
        began, started = time.monotonic(), datetime.now(UTC)
        result = await loaded(ground.stack.ports["contacts"], orders.call, 64)
        await drained(ground.stack.database_url)
        rates.append(len(result.latencies) / (time.monotonic() - began))
        await waits(ground, started)
        ratios.append(rates[-1] / bare.rate)
        ceiling_rates.append(bare.rate)
        acknowledged.append(result.rate)
    report("orders_applied_ratio", middle(ratios), "x", "higher", against(ceiling_rates, LARGE))
    await at_half_peak(ground, middle(acknowledged), middle(rates))


async def at_half_peak(ground: Ground, peak: float, applied: float) -> None:
    """Print latencies at half the peaks: of the answer, and of the reminder."""
    port = ground.stack.ports["contacts"]
    orders = ground.orders(LARGE, int(peak * SECONDS) + 1000)
    result = await run_load(port, orders.call, connections=64, seconds=SECONDS, rate=peak / 2)
    report("ingest_p99_half_peak_ms", result.quantile(0.99) * 1000, "ms", "lower", f"at {result.rate:.0f}/s")
    await drained(ground.stack.database_url)
    orders = ground.orders(LARGE, int(applied * SECONDS) + 1000)
    began = datetime.now(UTC)
    result = await run_load(port, orders.call, connections=16, seconds=SECONDS, rate=applied / 2)
    await drained(ground.stack.database_url)
    row = await waits(ground, began)
    report("order_to_reminder_p50_s", row["p50"], "s", "lower", f"at {result.rate:.0f}/s")
    report("order_to_reminder_p99_s", row["p99"], "s", "lower", f"at {result.rate:.0f}/s")


async def waits(ground: Ground, began: datetime) -> asyncpg.Record:
    """Return how long the orders of a load waited for their reminders; an error where many have none."""
    connection = await asyncpg.connect(ground.stack.database_url)
    try:
        row = await connection.fetchrow(TO_REMINDER, began)
    finally:
        await connection.close()
    if row is None or not row["orders"] or row["reminders"] < ENOUGH * row["orders"]:
        message = f"too few orders have their reminder, so nothing can be said of the way there: {row}"
        raise RuntimeError(message)
    return row


TO_REMINDER = """
SELECT count(*) AS orders, count(r.id) AS reminders,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM r.created_at - d.received_at)::float8) AS p50,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM r.created_at - d.received_at)::float8) AS p99
FROM contacts.deliveries d
LEFT JOIN campaigns.reminders r ON r.workspace_id = d.workspace_id AND r.cause = 'purchase_follow_up:' || d.order_id
WHERE d.received_at >= $1
"""
