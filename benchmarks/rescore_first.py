"""Scoring everybody for the first time, where everybody moves, against SQL that works out the same and writes as much.

Twenty thousand customers with two hundred thousand orders are put into a workspace of their own and scored by the job
behind `POST /v1/scores/recompute`: all scores with their reasons, the history, the standings and an event each. Bare
SQL sums up the same orders, works out the same values and points, and writes the very rows that the job has written
into tables with the same indexes.
"""

import time
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from benchmarks.feeds import until
from benchmarks.figures import report
from benchmarks.intake import Ground
from benchmarks.rescore import BARE, BARE_SETTINGS, fill, recomputed

if TYPE_CHECKING:
    from benchmarks.rescore import Connection

CUSTOMERS = 20_000
# What the standings hold, from orders; named as there, so that the rest of the query is the one of a rescoring.
FROM_ORDERS = """
    SELECT customer_id, coalesce(sum(net_minor) FILTER (WHERE day > $2::date - 365), 0)::bigint AS net_revenue_minor,
        max(net_minor) FILTER (WHERE day > $2::date - 365) AS biggest_minor, count(*) AS orders_count,
        count(DISTINCT day) AS purchase_days, sum(net_minor)::bigint AS net_minor,
        min(day) - DATE '0001-01-01' + 1 AS first_day, max(day) - DATE '0001-01-01' + 1 AS last_day,
        sum(net_minor) FILTER (WHERE day > $2::date - 90) AS recent_minor,
        sum(net_minor) FILTER (WHERE day > $2::date - 360 AND day <= $2::date - 90) AS before_minor, 0 AS held_tier
    FROM scoring.orders WHERE workspace_id = $1 AND counts GROUP BY customer_id
"""
WORKED_OUT = BARE.replace("FROM scoring.standings WHERE workspace_id = $1", f"FROM ({FROM_ORDERS}) AS summed")
WRITTEN = ("standings", "scores", "score_history")
EVENTS = "SELECT workspace_id, type, subject, version, data FROM scoring.events WHERE workspace_id = $1"
KNOWN = "SELECT count(*) FROM scoring.workspaces WHERE workspace_id = $1"
TOLD = "SELECT count(*) FROM scoring.events WHERE workspace_id = $1"


async def measure_first(ground: Ground) -> None:
    """Print how many customers a second are scored for the first time, and the ratio to bare SQL."""
    stack = ground.stack
    workspace_id, key = stack.add_workspace("First scoring")
    headers = stack.headers | {"authorization": f"Bearer {key}"}
    connection = await asyncpg.connect(stack.database_url)
    try:
        await counted(connection, KNOWN, workspace_id, 1)
        await fill(connection, workspace_id, stack.call("GET", "/v1/workspace", headers=headers), CUSTOMERS)
        job, _ = await recomputed(connection, stack, headers)
        bare = await bare_seconds(connection, workspace_id)
    finally:
        await connection.close()
    report("rescore_first_per_s", CUSTOMERS / job.seconds, "customers/s", "higher", f"{CUSTOMERS} customers")
    report("rescore_first_ratio", job.seconds / bare, "x", "lower", f"bare SQL that writes the same: {bare:.2f} s")


async def counted(connection: "Connection", sql: str, workspace_id: UUID, least: int) -> None:
    """Wait until a count is large enough."""

    async def enough() -> bool:
        count: int = await connection.fetchval(sql, workspace_id)
        return count >= least

    await until(enough)


async def bare_seconds(connection: "Connection", workspace_id: UUID) -> float:
    """Return how long bare SQL takes to work out the same values and to write the same rows."""
    await counted(connection, TOLD, workspace_id, CUSTOMERS)
    await connection.execute(BARE_SETTINGS)
    await connection.execute("CREATE TABLE bench_events (LIKE scoring.outbox INCLUDING ALL)")
    for table in WRITTEN:
        await connection.execute(f"CREATE TABLE bench_{table} (LIKE scoring.{table} INCLUDING ALL)")
    today = await connection.fetchval("SELECT current_date")
    began = time.perf_counter()
    await connection.execute(WORKED_OUT, workspace_id, today, today.toordinal())
    for table in WRITTEN:
        await connection.execute(
            f"INSERT INTO bench_{table} SELECT * FROM scoring.{table} WHERE workspace_id = $1", workspace_id
        )
    await connection.execute(
        f"INSERT INTO bench_events (workspace_id, type, subject, version, data) {EVENTS}", workspace_id
    )
    took = time.perf_counter() - began
    await connection.execute(f"DROP TABLE bench_results, bench_events, {', '.join(f'bench_{one}' for one in WRITTEN)}")
    return took
