"""Every query on `cutoffs`, and the figures of whole populations taken from `orders`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.kit.ids import new_id

if TYPE_CHECKING:
    import asyncpg

# The counting orders of a population at one time: those whose worth is settled by then, and those worked out apart.
# Orders without a customer are persons' orders; those of deleted and erased customers stay in the average order value.
POPULATION = """
WITH known AS (
    SELECT customer_id, customer_type, day, net_minor FROM orders
    WHERE workspace_id = $1 AND counts AND settled_at <= $3
    UNION ALL
    SELECT customer_id, NULL, day, net_minor
    FROM unnest($5::uuid[], $6::date[], $7::bigint[]) AS u (customer_id, day, net_minor)
), bought AS (
    SELECT k.customer_id, k.day, k.net_minor, coalesce(c.member, false) AS member,
        NOT coalesce(c.internal OR c.do_not_pursue, false) AS in_average
    FROM known k LEFT JOIN customers c ON c.workspace_id = $1 AND c.customer_id = k.customer_id
    WHERE coalesce(c.type, k.customer_type, 'person') = $2
), members AS (
    SELECT customer_id, count(DISTINCT day) AS n, min(day) AS first_day, max(day) AS last_day,
        sum(net_minor) FILTER (WHERE day > $4::date - $8::int)::bigint AS revenue,
        count(*) FILTER (WHERE $9::int IS NULL OR day > $4::date - $9::int) AS orders,
        max(day) FILTER (WHERE $9::int IS NULL OR day > $4::date - $9::int) AS recent_day,
        sum(net_minor) FILTER (WHERE $9::int IS NULL OR day > $4::date - $9::int)::bigint AS net
    FROM bought WHERE member GROUP BY customer_id
)
"""
TIERS = f"""
{POPULATION}, ranked AS (
    SELECT revenue, row_number() OVER (ORDER BY revenue DESC) AS place, count(*) OVER () AS customers
    FROM members WHERE revenue > 0
), lines AS (
    SELECT coalesce(max(customers), 0) AS customers,
        coalesce(max(revenue) FILTER (WHERE place = (customers * $10 + 9999) / 10000), 0) AS top_1,
        coalesce(max(revenue) FILTER (WHERE place = (customers * $11 + 9999) / 10000), 0) AS top_10,
        coalesce(max(revenue) FILTER (WHERE place = (customers * $12 + 9999) / 10000), 0) AS top_30
    FROM ranked
), average AS (
    SELECT count(*) FILTER (WHERE day BETWEEN $13::date AND $14::date) AS closed_orders,
        coalesce(sum(net_minor) FILTER (WHERE day BETWEEN $13::date AND $14::date), 0)::bigint AS closed_sum,
        count(*) FILTER (WHERE day > $4::date - $8::int) AS year_orders,
        coalesce(sum(net_minor) FILTER (WHERE day > $4::date - $8::int), 0)::bigint AS year_sum
    FROM bought WHERE in_average AND net_minor > 0
)
SELECT * FROM lines, average
"""
DAILY = f"""
{POPULATION}, ranked AS (
    SELECT recent_day, orders, net, count(*) OVER () AS customers,
        1 + (5 * (rank() OVER (ORDER BY recent_day) - 1)) / count(*) OVER () AS r,
        1 + (5 * (rank() OVER (ORDER BY orders) - 1)) / count(*) OVER () AS f,
        1 + (5 * (rank() OVER (ORDER BY net) - 1)) / count(*) OVER () AS m
    FROM members WHERE orders > 0
), edges AS (
    SELECT coalesce(max(customers), 0) AS customers,
        ARRAY[min(recent_day) FILTER (WHERE r >= 2), min(recent_day) FILTER (WHERE r >= 3),
              min(recent_day) FILTER (WHERE r >= 4), min(recent_day) FILTER (WHERE r >= 5)] AS recency,
        ARRAY[min(orders) FILTER (WHERE f >= 2), min(orders) FILTER (WHERE f >= 3),
              min(orders) FILTER (WHERE f >= 4), min(orders) FILTER (WHERE f >= 5)] AS frequency,
        ARRAY[min(net) FILTER (WHERE m >= 2), min(net) FILTER (WHERE m >= 3),
              min(net) FILTER (WHERE m >= 4), min(net) FILTER (WHERE m >= 5)] AS monetary,
        coalesce(min(recent_day) <> max(recent_day), false) AS recency_spread,
        coalesce(min(orders) <> max(orders), false) AS frequency_spread,
        coalesce(min(net) <> max(net), false) AS monetary_spread
    FROM ranked
), gaps AS (
    SELECT count(*) AS repeated,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY (last_day - first_day) / (n - 1)) AS gap
    FROM members WHERE n > 1
), counts AS (
    SELECT count(*) FILTER (WHERE n = 1 AND last_day <= $4::date - $10::int) AS settled_one_time,
        coalesce(sum(n - 1), 0)::bigint AS repeats
    FROM members
)
SELECT * FROM edges, gaps, counts
"""
IN_FORCE = """
SELECT DISTINCT ON (family) family, computed_at, body FROM cutoffs
WHERE workspace_id = $1 AND population = $2 AND (NOT dated AND computed_at <= $3 OR dated AND $4 AND computed_at = $3)
ORDER BY family, dated DESC, computed_at DESC, id DESC
"""
RECORDED_LINES = """
SELECT computed_at, body FROM (
    SELECT DISTINCT ON (computed_at) computed_at, body FROM cutoffs
    WHERE workspace_id = $1 AND population = $2 AND family = 'tiers' AND NOT dated AND computed_at <= $3
    ORDER BY computed_at, id DESC
) AS sets ORDER BY computed_at
"""
MARK_LINES = """
SELECT count(*), max(computed_at), max(created_at) FROM cutoffs
WHERE workspace_id = $1 AND population = $2 AND family = 'tiers' AND NOT dated AND computed_at <= $3
"""
RECORD = """
INSERT INTO cutoffs (workspace_id, id, population, family, computed_at, dated, policy_version, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
Unsettled = Sequence[tuple[UUID | None, date, int]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which population at which time; `unsettled` holds the orders that counted then but for which more is known."""

    workspace_id: UUID
    population: str
    as_of: datetime
    today: date
    year_days: int
    rfm_days: int | None
    unsettled: Unsettled = ()

    @property
    def args(self) -> tuple[object, ...]:
        """The parameters that all queries share."""
        customers, days, nets = ([one[place] for one in self.unsettled] for place in range(3))
        own = (self.workspace_id, self.population, self.as_of, self.today)
        return (*own, customers, days, nets, self.year_days, self.rfm_days)


async def tier_figures(
    session: Session, wanted: Wanted, shares: tuple[int, int, int], closed: tuple[date, date]
) -> "asyncpg.Record":
    """Return the tier lines of a population and the orders behind its average order value."""
    # The same parameters for both queries; this one does not look at the window of RFM.
    row = await session.fetchrow(TIERS, *wanted.args, *shares, *closed)
    if row is None:
        message = "an aggregate returned no row"
        raise RuntimeError(message)
    return row


async def daily_figures(session: Session, wanted: Wanted, provisional_days: int) -> "asyncpg.Record":
    """Return the edges, gaps and counts of a population."""
    row = await session.fetchrow(DAILY, *wanted.args, provisional_days)
    if row is None:
        message = "an aggregate returned no row"
        raise RuntimeError(message)
    return row


async def in_force(
    session: Session, workspace_id: UUID, population: str, at: datetime, *, dated: bool = False
) -> "list[asyncpg.Record]":
    """Return the recorded cut-offs in force at a time, one row per family that has any.

    With `dated`, those that were taken for exactly this time on request come first.
    """
    return await session.fetch(IN_FORCE, workspace_id, population, at, dated)


async def recorded_lines(
    session: Session, workspace_id: UUID, population: str, until: datetime
) -> "list[asyncpg.Record]":
    """Return all recorded tier lines until a time, oldest first."""
    return await session.fetch(RECORDED_LINES, workspace_id, population, until)


async def mark_of_lines(session: Session, workspace_id: UUID, population: str, until: datetime) -> tuple[object, ...]:
    """Return something that changes whenever the recorded tier lines until a time do."""
    row = await session.fetchrow(MARK_LINES, workspace_id, population, until)
    return tuple(row) if row else ()


async def record(
    session: Session,
    key: tuple[UUID, str, str],
    computed_at: datetime,
    body: dict[str, object],
    policy_version: int,
    *,
    dated: bool,
) -> None:
    """Record cut-offs; the key is workspace, population and family."""
    workspace_id, population, family = key
    await session.execute(RECORD, workspace_id, new_id(), population, family, computed_at, dated, policy_version, body)
