"""Recomputing the scores of a million customers with ten million orders, against SQL that only works out the results.

A shop of a two-hundredth of the size is put into the tables of scoring and scored by the job behind
`POST /v1/scores/recompute`, where everything is written for the first time. Then it is copied, facts and standings, so
that there are 200 of each customer and ranks stay what they were. The job runs again and is measured: it takes fresh
cut-offs, works out everybody's outcome, and writes what moved; nothing did. `KITH_BENCH_CUSTOMERS` takes another size.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from benchmarks.figures import report
from benchmarks.intake import Ground
from benchmarks.stack import Stack

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

CUSTOMERS = int(os.environ.get("KITH_BENCH_CUSTOMERS", "1000000"))
COPIES = 200
ORDERS_EACH = 10
PATIENCE_SECONDS = 3600.0
LOOK_SECONDS = 0.25

FILL_CUSTOMERS = """
INSERT INTO scoring.customers (workspace_id, customer_id, version, type)
SELECT $1, uuidv7(n * interval '1 ms'), 1, 'person' FROM generate_series(1, $2::bigint) AS n
"""
# Somebody buys 1 to 19 times within three years, at an own pace and price level; orders lie as they came in, by time.
FILL_ORDERS = f"""
INSERT INTO scoring.orders (workspace_id, order_id, version, customer_id, customer_type, buyer_id, placed_at, status,
    payment_kind, currency, total_minor, settled_at, day, counts, net_minor)
SELECT $1, gen_random_uuid(), 1, customer_id, 'person', customer_id, placed_at, 'paid', 'card', $2, minor,
    placed_at, (placed_at AT TIME ZONE $3)::date, true, minor
FROM (
    SELECT c.customer_id, (c.level * (20 + abs(hashint8(c.place * 31 + k)) % 100))::bigint AS minor,
        now() - c.last - (k - 1) * c.gap - (abs(hashint8(c.place + k * 7)) % 86400) * interval '1 s' AS placed_at
    FROM (
        SELECT customer_id, row_number() OVER () AS place,
            1 + abs(hashtext(customer_id::text)) % {2 * ORDERS_EACH - 1} AS number,
            (1 + abs(hashtext('d' || customer_id::text)) % 700) * interval '1 day' AS last,
            (1 + abs(hashtext('g' || customer_id::text)) % 90) * interval '1 day' AS gap,
            100 + power(abs(hashtext('l' || customer_id::text)) % 1000, 2) / 100 AS level
        FROM scoring.customers WHERE workspace_id = $1
    ) AS c, generate_series(1, c.number) AS k
) AS o ORDER BY placed_at
"""
COPY_CUSTOMERS = """
CREATE UNLOGGED TABLE bench_copies AS
SELECT customer_id, uuidv7((row_number() OVER () + 1000000) * interval '1 ms') AS copy
FROM generate_series(2, $2::bigint), scoring.customers WHERE workspace_id = $1;
CREATE INDEX ON bench_copies (customer_id) INCLUDE (copy);
"""
COPIED = {
    "customers": ("SELECT {columns} FROM scoring.customers o JOIN bench_copies c USING (customer_id) ORDER BY copy"),
    "standings": ("SELECT {columns} FROM scoring.standings o JOIN bench_copies c USING (customer_id) ORDER BY copy"),
    # By order, each with its copies: so they lie by time without being sorted.
    "orders": (
        "SELECT {columns} FROM (SELECT * FROM scoring.orders ORDER BY placed_at OFFSET 0) AS o"
        " JOIN bench_copies c USING (customer_id)"
    ),
}
OWN = {"customer_id": "c.copy", "buyer_id": "c.copy", "order_id": "uuidv7()"}
# The same columns from the same summaries, by the same ways and with the same memory, without keeping anything up to
# date: lines, quintiles and typical gap of the population, then value and points of all four kinds of each customer,
# into a table that nothing guards.
BARE_SETTINGS = "SET work_mem = '64MB'; SET jit = off"
BARE = """
CREATE UNLOGGED TABLE bench_results AS
WITH members AS MATERIALIZED (
    SELECT customer_id, net_revenue_minor AS r, biggest_minor AS big, orders_count AS orders, purchase_days AS n,
        net_minor AS net, first_day, last_day, recent_minor, before_minor, held_tier
    FROM scoring.standings WHERE workspace_id = $1
), counted AS (
    SELECT count(*) FILTER (WHERE r > 0) AS customers FROM members
), lines AS (
    SELECT max(r) FILTER (WHERE place = (customers * 100 + 9999) / 10000) AS v1,
        max(r) FILTER (WHERE place = (customers * 1000 + 9999) / 10000) AS v10,
        max(r) FILTER (WHERE place = (customers * 3000 + 9999) / 10000) AS v30
    FROM (SELECT r, row_number() OVER (ORDER BY r DESC) AS place FROM members WHERE r > 0) AS ranked, counted
), typical AS (
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY (last_day - first_day) / (n - 1)) AS g0 FROM members WHERE n > 1
), average AS (
    SELECT count(*) AS orders, sum(net_minor) AS net FROM scoring.orders
    WHERE workspace_id = $1 AND counts AND net_minor > 0
    AND settled_at >= date_trunc('month', $2::date) - interval '12 months 1 day'
    AND day >= date_trunc('month', $2::date) - interval '12 months' AND day < date_trunc('month', $2::date)
), places AS (
    SELECT percentile_disc('{0.2, 0.4, 0.6, 0.8}'::float8[]) WITHIN GROUP (ORDER BY last_day) AS r_at,
        percentile_disc('{0.2, 0.4, 0.6, 0.8}'::float8[]) WITHIN GROUP (ORDER BY orders) AS f_at,
        percentile_disc('{0.2, 0.4, 0.6, 0.8}'::float8[]) WITHIN GROUP (ORDER BY net) AS m_at
    FROM members
), scored AS (
    SELECT m.*, v1, v10, v30,
        1 + (last_day > r_at[1])::int + (last_day > r_at[2])::int + (last_day > r_at[3])::int
            + (last_day > r_at[4])::int AS rfm_r,
        1 + (m.orders > f_at[1])::int + (m.orders > f_at[2])::int + (m.orders > f_at[3])::int
            + (m.orders > f_at[4])::int AS rfm_f,
        1 + (m.net > m_at[1])::int + (m.net > m_at[2])::int + (m.net > m_at[3])::int + (m.net > m_at[4])::int AS rfm_m,
        $3::bigint - last_day AS silence, greatest(10.0, (last_day - first_day + 2 * g0) / (n + 1.0)) AS gap,
        big * average.orders >= 5 * average.net AS big_order
    FROM members m, lines, typical, average, places
)
SELECT customer_id,
    greatest(held_tier, CASE WHEN r >= v1 THEN 4 WHEN r >= v10 OR big_order THEN 3 WHEN r >= v30 THEN 2 ELSE 1 END)
        AS tier,
    least(100, 100 * r / v10) / 10.0 + CASE WHEN r >= v30 THEN 10 ELSE 0 END
        + CASE WHEN r >= v10 OR big_order THEN 50 ELSE 0 END + CASE WHEN r >= v10 AND big_order THEN 5 ELSE 0 END
        + CASE WHEN r >= v1 THEN 20 ELSE 0 END AS tier_points,
    CASE WHEN n = 1 THEN 'one_time' WHEN silence <= 3 * gap THEN 'steady' ELSE 'lapsed' END AS class,
    CASE WHEN n = 1 THEN 20 WHEN silence <= 3 * gap THEN 50 + floor(50 * (3 * gap - silence) / (3 * gap)) ELSE 0 END
        AS class_points,
    rfm_r, rfm_f, rfm_m, (rfm_f + rfm_m + 1) / 2 AS rfm_fm, rfm_r + rfm_f + rfm_m AS rfm_points,
    width_bucket(churn, ARRAY[26, 51, 76]) AS churn, churn AS churn_points
FROM (
    SELECT *, least(100, greatest(0, ceil(25 * (silence / gap - 1)))
        + CASE WHEN n >= 4 AND 6 * recent_minor < before_minor THEN 15 ELSE 0 END)::int AS churn FROM scored
) AS points
"""


@dataclass(frozen=True, slots=True)
class JobTime:
    """When a job ran."""

    started: datetime
    finished: datetime

    @property
    def seconds(self) -> float:
        """How long that was."""
        return (self.finished - self.started).total_seconds()


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the scoring process in megabytes."""

    before: float
    peak: float
    after: float


async def measure_rescore(ground: Ground) -> None:
    """Print how long recomputing everybody takes, the ratio to bare SQL, and what it does to memory."""
    stack = ground.stack
    workspace_id = UUID(stack.call("GET", "/v1/me")["workspace"]["id"])
    connection = await asyncpg.connect(stack.database_url)
    try:
        await prepare(connection, workspace_id, stack)
        bare = [await bare_seconds(connection, workspace_id) for _ in range(2)]
        job, memory = await recomputed(connection, stack, stack.headers)
        bare.append(await bare_seconds(connection, workspace_id))
        written = await connection.fetchval("SELECT count(*) FROM scoring.standings WHERE as_of > $1", job.started)
    finally:
        await connection.close()
    against = f"bare SQL over the same summaries: {min(bare):.2f} s; {written} customers written"
    report(f"{name()}_customers_s", job.seconds, "s", "lower", against)
    report(f"{name()}_ratio", job.seconds / min(bare), "x", "lower", against)
    report(f"{name()}_memory_growth_mb", memory.after - memory.before, "MB", "lower", f"peak {memory.peak:.0f} MB")


def name() -> str:
    """Return the beginning of the figures' names."""
    return "rescore_1m" if CUSTOMERS == 1_000_000 else f"rescore_{CUSTOMERS}"


async def prepare(connection: "Connection", workspace_id: UUID, stack: Stack) -> None:
    """Fill the tables with a small shop, let it be scored, and copy it."""
    settings = stack.call("GET", "/v1/workspace")
    small = CUSTOMERS // COPIES
    await connection.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'; SET synchronous_commit = off")
    await fill(connection, workspace_id, settings, small)
    await recomputed(connection, stack, stack.headers)
    began = time.perf_counter()
    await copy_all(connection, workspace_id)
    report("rescore_fill_s", time.perf_counter() - began, "s", "lower", f"{COPIES} copies")


async def fill(connection: "Connection", workspace_id: UUID, settings: dict[str, str], customers: int) -> None:
    """Put so many customers with their orders into a workspace."""
    await connection.execute(FILL_CUSTOMERS, workspace_id, customers)
    await connection.execute(FILL_ORDERS, workspace_id, settings["reporting_currency"], settings["time_zone"])
    await connection.execute("ANALYZE scoring.customers, scoring.orders")


async def copy_all(connection: "Connection", workspace_id: UUID) -> None:
    """Copy customers, standings and orders, each to new customers."""
    await connection.execute("DROP TABLE IF EXISTS bench_copies")
    await connection.execute(COPY_CUSTOMERS.replace("$1", f"'{workspace_id}'").replace("$2", str(COPIES)))
    await connection.execute("ANALYZE bench_copies; SET enable_hashjoin = off; SET enable_mergejoin = off")
    for table, query in COPIED.items():
        async with without_indexes(connection, table):
            rows = await connection.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped"
                " AND attgenerated = ''",
                f"scoring.{table}",
            )
            names = [row["attname"] for row in rows]
            columns = ", ".join(OWN.get(one, f"o.{one}") for one in names)
            await connection.execute(
                f"INSERT INTO scoring.{table} ({', '.join(names)}) {query.format(columns=columns)}"
            )
        await connection.execute(f"VACUUM (ANALYZE) scoring.{table}")
    await connection.execute(
        "DROP TABLE bench_copies; RESET enable_hashjoin; RESET enable_mergejoin; RESET work_mem; CHECKPOINT"
    )


@contextlib.asynccontextmanager
async def without_indexes(connection: "Connection", table: str) -> AsyncIterator[None]:
    """Take the indexes of a table away while it is filled."""
    found = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'scoring' AND tablename = $1"
        " AND indexname NOT LIKE '%pkey'",
        table,
    )
    for row in found:
        await connection.execute(f"DROP INDEX scoring.{row['indexname']}")
    yield
    for row in found:
        await connection.execute(row["indexdef"])


async def bare_seconds(connection: "Connection", workspace_id: UUID) -> float:
    """Return how long bare SQL takes for the same results."""
    await connection.execute(f"DROP TABLE IF EXISTS bench_results; {BARE_SETTINGS}")
    today = await connection.fetchval("SELECT current_date")
    began = time.perf_counter()
    await connection.execute(BARE, workspace_id, today, today.toordinal())
    return time.perf_counter() - began


async def recomputed(connection: "Connection", stack: Stack, headers: dict[str, str]) -> tuple[JobTime, Memory]:
    """Ask to recompute everybody of a workspace and wait; return when the job ran, and the memory of its process."""
    before = peak = resident_mb(stack.pids["scoring"])
    job_id = stack.call("POST", "/v1/scores/recompute", {}, headers)["id"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    job = None
    while (job is None or job["finished_at"] is None) and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_SECONDS)
        job = await connection.fetchrow(
            "SELECT status, started_at, finished_at FROM scoring.jobs WHERE id = $1", job_id
        )
        peak = max(peak, resident_mb(stack.pids["scoring"]))
    if job is None or job["status"] != "succeeded":
        message = "the recomputation did not succeed"
        raise RuntimeError(message)
    ran = JobTime(job["started_at"], job["finished_at"])
    return ran, Memory(before, peak, resident_mb(stack.pids["scoring"]))


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in megabytes (Linux)."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmRSS:")) / 1024
