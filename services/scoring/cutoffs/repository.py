"""Every query on `cutoffs`, and the figures of whole populations taken from `orders`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.kit.ids import new_id
from services.scoring.cutoffs.rules import DAILY, TIERS, closed_months
from services.scoring.policies.rules import Policy

if TYPE_CHECKING:
    import asyncpg

# The types of all parameters, whichever part of a statement looks at them.
GIVEN = """
WITH given AS (SELECT $8::int, $9::int, $10::bigint, $11::bigint, $12::bigint, $13::date, $14::date, $15::int)"""
# The counting orders of a population at one time: those whose worth is settled by then, and those worked out apart.
# Orders without a customer are persons' orders; those of deleted and erased customers stay in the average order value.
KNOWN = """, known AS (
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
), averaged AS (
    SELECT day, net_minor, 1 AS times FROM bought WHERE in_average AND net_minor > 0
)"""
SUMS = """
    SELECT customer_id, count(DISTINCT day) AS n, min(day) AS first_day, max(day) AS last_day,
        sum(net_minor) FILTER (WHERE day > $4::date - $8::int)::bigint AS revenue,
        count(*) FILTER (WHERE $9::int IS NULL OR day > $4::date - $9::int) AS orders,
        max(day) FILTER (WHERE $9::int IS NULL OR day > $4::date - $9::int) AS recent_day,
        sum(net_minor) FILTER (WHERE $9::int IS NULL OR day > $4::date - $9::int)::bigint AS net"""
POPULATION = f"""{GIVEN}{KNOWN}, members AS ({SUMS} FROM bought WHERE member GROUP BY customer_id)"""
SINCE = "least($13::date, $4::date - $8::int)"
# The same out of standings where they hold for the day, and out of orders only for whom they do not. No order settles
# before its local day begins, so that the index by that time finds those of the average; those of customers apart,
# mostly few, are taken off again, which costs less than to look for the customer of each order.
SUMMED = f"""{GIVEN}, told AS NOT MATERIALIZED (
    SELECT customer_id, day, net_minor FROM orders
    WHERE workspace_id = $1 AND counts AND settled_at <= $3 AND settled_at >= {SINCE} - 1
    UNION ALL
    SELECT * FROM unnest($5::uuid[], $6::date[], $7::bigint[])
), averaged AS (
    SELECT day, net_minor, 1 AS times FROM told
    WHERE net_minor > 0 AND day >= {SINCE} AND (customer_id IS NOT NULL OR $2 = 'person')
    UNION ALL
    SELECT day, -net_minor, -1 FROM told JOIN customers c USING (customer_id)
    WHERE net_minor > 0 AND day >= {SINCE}
    AND c.workspace_id = $1 AND (c.type <> $2 OR c.internal OR c.do_not_pursue)
), judged AS MATERIALIZED (
    SELECT c.customer_id, s.purchase_days, s.orders_count, s.first_day, s.last_day, s.net_revenue_minor, s.net_minor,
        coalesce(s.policy_version = {{policy}} AND s.settled_at <= $3 AND $4::date - DATE '0001-01-01' + 1 >=
            s.figures_from AND $4::date - DATE '0001-01-01' + 1 < s.figures_until, false) AS holds
    FROM customers c LEFT JOIN standings s USING (workspace_id, customer_id)
    WHERE c.workspace_id = $1 AND c.type = $2 AND c.member
), summed AS MATERIALIZED ({SUMS} FROM (
        SELECT j.customer_id, o.day, o.net_minor FROM judged j CROSS JOIN LATERAL (
            SELECT day, net_minor FROM orders WHERE workspace_id = $1 AND customer_id = j.customer_id
            AND counts AND settled_at <= $3 OFFSET 0) AS o
        WHERE NOT j.holds
        UNION ALL
        SELECT u.customer_id, u.day, u.net_minor FROM judged j
        JOIN unnest($5::uuid[], $6::date[], $7::bigint[]) AS u (customer_id, day, net_minor) USING (customer_id)
        WHERE NOT j.holds
    ) AS single GROUP BY customer_id
), members AS NOT MATERIALIZED (
    SELECT purchase_days AS n, DATE '0001-01-01' + (first_day - 1)::int AS first_day,
        DATE '0001-01-01' + (last_day - 1)::int AS last_day, net_revenue_minor AS revenue, orders_count AS orders,
        DATE '0001-01-01' + (last_day - 1)::int AS recent_day, net_minor AS net
    FROM judged WHERE holds AND orders_count > 0
    UNION ALL
    SELECT n, first_day, last_day, revenue, orders, recent_day, net FROM summed
)"""
LINES = """, ranked AS (
    SELECT revenue, row_number() OVER (ORDER BY revenue DESC) AS place, count(*) OVER () AS customers
    FROM members WHERE revenue > 0
), lines AS (
    SELECT coalesce(max(customers), 0) AS customers,
        coalesce(max(revenue) FILTER (WHERE place = (customers * $10 + 9999) / 10000), 0) AS top_1,
        coalesce(max(revenue) FILTER (WHERE place = (customers * $11 + 9999) / 10000), 0) AS top_10,
        coalesce(max(revenue) FILTER (WHERE place = (customers * $12 + 9999) / 10000), 0) AS top_30
    FROM ranked
), average AS (
    SELECT coalesce(sum(times) FILTER (WHERE day BETWEEN $13::date AND $14::date), 0)::bigint AS closed_orders,
        coalesce(sum(net_minor) FILTER (WHERE day BETWEEN $13::date AND $14::date), 0)::bigint AS closed_sum,
        coalesce(sum(times) FILTER (WHERE day > $4::date - $8::int), 0)::bigint AS year_orders,
        coalesce(sum(net_minor) FILTER (WHERE day > $4::date - $8::int), 0)::bigint AS year_sum
    FROM averaged
)"""
METRICS = {"recency": "recent_day", "frequency": "orders", "monetary": "net"}
FIFTHS = """
        percentile_disc('{{0, 0.2, 0.4, 0.6, 0.8, 1}}'::float8[]) WITHIN GROUP (ORDER BY {column})
            FILTER (WHERE orders > 0) AS {metric}_at"""
EDGES = """
        ARRAY[min({column}) FILTER (WHERE {column} > {metric}_at[2]),
              min({column}) FILTER (WHERE {column} > {metric}_at[3]),
              min({column}) FILTER (WHERE {column} > {metric}_at[4]),
              min({column}) FILTER (WHERE {column} > {metric}_at[5])] AS {metric},
        coalesce(min({metric}_at[1]) <> min({metric}_at[6]), false) AS {metric}_spread"""


def of_metrics(columns: str) -> str:
    """Return columns for each of the three metrics."""
    return ",".join(columns.format(metric=metric, column=column) for metric, column in METRICS.items())


# A score of j + 1 needs j fifths of all to be worse: its edge is the next value after the one at that place.
QUINTILES = f""", places AS (
    SELECT {of_metrics(FIFTHS)},
        count(*) FILTER (WHERE n > 1) AS repeated,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY (last_day - first_day) / nullif(n - 1, 0)) AS gap,
        count(*) FILTER (WHERE n = 1 AND last_day <= $4::date - $15::int) AS settled_one_time,
        coalesce(sum(n - 1), 0)::bigint AS repeats
    FROM members
), edges AS (
    SELECT count(*) AS buyers, {of_metrics(EDGES)} FROM members, places WHERE orders > 0
)"""
PARTS = {TIERS: (LINES, "lines, average"), DAILY: (QUINTILES, "places, edges")}
"""What the figures of a family add to a statement, and the rows that hold them."""
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
# Who evaluates holds the shared lock until the commit; who records waits for them, so that whoever looks at customers
# afterwards finds everything that was still judged by older cut-offs.
ANYBODY = "SELECT EXISTS (SELECT 1 FROM customers WHERE workspace_id = $1 AND type = $2 AND member)"
JUDGING = "SELECT pg_advisory_xact_lock_shared(hashtextextended('cutoffs/' || $1::text, 0))"
ROOM = "SET LOCAL work_mem = '64MB'"  # ranks of a million customers are sorted in memory, once a day
RECORDING = "SELECT pg_advisory_xact_lock(hashtextextended('cutoffs/' || $1::text, 0))"
Unsettled = Sequence[tuple[UUID | None, date, int]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which population at which time; `unsettled` holds the orders that counted then but for which more is known."""

    workspace_id: UUID
    population: str
    as_of: datetime
    today: date
    policy: Policy
    unsettled: Unsettled = ()
    policy_version: int | None = None
    """The standings of this policy may be taken for the sums of their customers; None: orders alone."""

    def statement(self, families: Collection[str]) -> str:
        """The figures of families in one row: the counting orders, the sums of each member, and what ranks them."""
        alone = self.policy_version is None or self.policy.rfm.rfm_days is not None
        members = POPULATION if alone else SUMMED.format(policy=self.policy_version)
        parts = [PARTS[family] for family in families]
        return f"{members}{''.join(part for part, _ in parts)} SELECT * FROM {', '.join(rows for _, rows in parts)}"

    @property
    def args(self) -> tuple[object, ...]:
        """The parameters of every statement."""
        customers, days, nets = ([one[place] for one in self.unsettled] for place in range(3))
        policy, tier = self.policy, self.policy.tier
        closed = (date.fromordinal(day) for day in closed_months(self.today.toordinal(), tier.average_order_months))
        return (
            *(self.workspace_id, self.population, self.as_of, self.today, customers, days, nets),
            *(policy.year_days, policy.rfm.rfm_days, *tier.shares, *closed, policy.customer_class.provisional_days),
        )


async def figures(session: Session, wanted: Wanted, families: Collection[str]) -> "asyncpg.Record":
    """Return what families of cut-offs are taken from, all in one pass over the population."""
    row = await session.fetchrow(wanted.statement(families), *wanted.args)
    if row is None:
        message = "an aggregate returned no row"
        raise RuntimeError(message)
    return row


async def anybody(session: Session, workspace_id: UUID, population: str) -> bool:
    """Tell whether a population has any member."""
    found: bool = await session.fetchval(ANYBODY, workspace_id, population)
    return found


async def hold(session: Session, workspace_id: UUID) -> None:
    """Keep cut-offs from being recorded until this transaction ends."""
    await session.execute(JUDGING, str(workspace_id))


async def make_room(session: Session) -> None:
    """Let this transaction rank a whole population without files."""
    await session.execute(ROOM)


async def hold_alone(session: Session, workspace_id: UUID) -> None:
    """Wait for all who hold cut-offs, and keep others waiting until this transaction ends."""
    await session.execute(RECORDING, str(workspace_id))


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
