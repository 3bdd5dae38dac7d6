"""Every query of the sieve: the outcomes of plain customers in SQL, compared with those of their standings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.scoring.evaluation.summaries import packing

if TYPE_CHECKING:
    import asyncpg

# Names in braces are numbers of the rules and the cut-offs, which stay for a whole run. Each level of subqueries keeps
# its columns from being worked out once per mention: OFFSET 0 is a fence.
PLAIN = """
    c.member AND c.type = 'person' AND s.outcome IS NOT NULL AND s.policy_version = {policy_version}
    AND s.currency = $8 AND {today} >= s.figures_from AND {today} < s.figures_until
    AND s.as_of <= $4 AND s.as_of >= {since}
    AND (s.as_of < {beginning} OR s.held_lines = ($6::bigint[])[width_bucket(s.as_of, $5::timestamptz[]) + 1])
    AND (c.designated_at IS NULL OR c.designated_at <= s.as_of)
    AND NOT coalesce(c.owner_rep_id = any($7) OR c.designated_rep_id = any($7), false)
"""
KNOWN = f"""
    SELECT c.customer_id, s.customer_id IS NULL AS new, s.outcome, coalesce({PLAIN}, false) AS plain,
        CASE WHEN s.as_of >= {{beginning}} THEN s.held_tier ELSE 0 END AS held,
        s.as_of < {{monday}} AS passed_monday, s.as_of < {{before_until}} AS saw_before,
        s.net_revenue_minor AS revenue, s.orders_count AS orders, s.net_minor AS net, s.last_day,
        s.purchase_days AS n, s.recent_minor, s.before_minor, c.designated_at IS NOT NULL AS designated,
        {{today}} - s.last_day AS silence,
        s.last_day - s.first_day + {{gaps}} * {{gap}} AS gap_days, s.purchase_days - 1 + {{gaps}} AS gap_parts,
        s.net_revenue_minor >= {{top_1}} AS in_1, s.net_revenue_minor >= {{top_10}} AS in_10,
        s.net_revenue_minor >= {{top_30}} AS in_30, coalesce(s.biggest_minor >= {{big}}, false) AS big,
        s.net_revenue_minor >= {{before_1}} AS was_in_1, s.net_revenue_minor >= {{before_10}} AS was_in_10,
        s.net_revenue_minor >= {{before_30}} AS was_in_30, coalesce(s.biggest_minor >= {{before_big}}, false) AS was_big
    FROM customers c LEFT JOIN standings s
        ON s.workspace_id = $1 AND s.customer_id = c.customer_id AND s.customer_id > $2 AND s.customer_id <= $3
    WHERE c.workspace_id = $1 AND c.customer_id > $2 AND c.customer_id <= $3 OFFSET 0
"""
RHYTHM = f"""
    SELECT *,
        CASE WHEN gap_parts = 0 OR gap_days < {{shortest}} * gap_parts THEN {{shortest}} ELSE gap_days END AS days,
        CASE WHEN gap_parts = 0 OR gap_days < {{shortest}} * gap_parts THEN 1 ELSE gap_parts END AS parts
    FROM ({KNOWN}) AS known OFFSET 0
"""
ENTRY = """
        CASE WHEN {one} OR ({ten} AND {big} AND designated) THEN 4 WHEN {ten} OR {big} OR designated THEN 3
            WHEN {thirty} THEN 2 ELSE 1 END"""
GROUP = """
        CASE WHEN NOT {{ranked}} THEN 0 WHEN {value} >= {{{edge}5}} THEN 5 WHEN {value} >= {{{edge}4}} THEN 4
            WHEN {value} >= {{{edge}3}} THEN 3 WHEN {value} >= {{{edge}2}} THEN 2 ELSE 1 END AS o_{edge}"""
JUDGED = f"""
    SELECT *, {ENTRY.format(one="in_1", ten="in_10", thirty="in_30", big="big")} AS entry,
        {ENTRY.format(one="was_in_1", ten="was_in_10", thirty="was_in_30", big="was_big")} AS entry_before,
        least({{tenths}}, {{tenths}} * revenue / {{top_10}}) AS o_tenths,
        in_30::int AS o_top_30, in_10::int AS o_top_10, big::int AS o_big, designated::int AS o_designated,
        in_1::int AS o_top_1,
        CASE WHEN n < 2 THEN 0 WHEN silence * parts <= {{lapsed}} * days THEN 1 ELSE 2 END AS o_class,
        CASE WHEN n < 2 OR silence * parts > {{lapsed}} * days THEN 0
            ELSE {{rhythm}} * ({{lapsed}} * days - silence * parts) / ({{lapsed}} * days) END AS o_rhythm,
        {GROUP.format(value="last_day", edge="r")},
        {GROUP.format(value="orders", edge="f")},
        {GROUP.format(value="net", edge="m")},
        {{labelled}}::int AS o_labelled,
        CASE WHEN silence * parts <= days THEN 0
            ELSE least({{most}}, ({{overdue}} * (silence * parts - days) + days - 1) / days) END AS o_overdue,
        (n >= {{spend_least}} AND {{spend_factor}} * recent_minor < before_minor)::int AS o_spend_fell
    FROM ({RHYTHM}) AS rhythm OFFSET 0
"""
# Up at once; below the held tier only a Monday counts, and those the rules look at.
HELD = f"""
    SELECT *, greatest(entry, held) AS o_tier, plain AND (entry = entry_before OR NOT saw_before)
        AND (entry >= held OR NOT passed_monday) AS sure
    FROM ({JUDGED}) AS judged OFFSET 0
"""
JUDGED_BY_NUMBERS = f"SELECT customer_id, new, NOT sure OR outcome <> ({packing()}) AS moved FROM ({HELD}) AS held"
JUDGED_BY_RULES = """
    SELECT c.customer_id, s.customer_id IS NULL AS new, true AS moved
    FROM customers c LEFT JOIN standings s USING (workspace_id, customer_id)
    WHERE c.workspace_id = $1 AND c.customer_id > $2 AND c.customer_id <= $3
"""
# Somebody without a standing is looked at if there is an order, and else does not count.
SIFTED = """
SELECT count(*) FILTER (WHERE NOT new OR bought) AS looked_at,
    coalesce(array_agg(customer_id ORDER BY customer_id) FILTER (WHERE moved AND NOT new OR bought), '{{}}') AS moved
FROM (
    SELECT *, new AND EXISTS (
        SELECT 1 FROM orders o WHERE o.workspace_id = $1 AND o.customer_id = j.customer_id) AS bought
    FROM ({judged}) AS j
) AS found
"""
LAST = """
SELECT customer_id FROM (
    SELECT customer_id FROM customers WHERE workspace_id = $1 AND customer_id > $2 ORDER BY customer_id LIMIT $3
) AS stretch ORDER BY customer_id DESC LIMIT 1
"""
LEFT_REPS = "SELECT rep_id FROM reps WHERE workspace_id = $1 AND NOT active"


@dataclass(frozen=True, slots=True)
class Scale:
    """What a whole population is judged by: numbers as literals, and what goes with every row."""

    literals: Mapping[str, str]
    as_of: datetime
    taken: Sequence[datetime]
    marks: Sequence[int]
    currency: str


async def stretch_end(session: Session, workspace_id: UUID, after: UUID, limit: int) -> UUID | None:
    """Return the last of so many customers that follow an id; None where none does."""
    found: UUID | None = await session.fetchval(LAST, workspace_id, after, limit)
    return found


async def sifted(
    session: Session, workspace_id: UUID, after: UUID, last: UUID, scale: Scale | None
) -> "asyncpg.Record":
    """Return how many customers there are between two ids, and who of them may have moved; without a scale all."""
    if scale is None:
        row = await session.fetchrow(SIFTED.format(judged=JUDGED_BY_RULES), workspace_id, after, last)
    else:
        left = [row["rep_id"] for row in await session.fetch(LEFT_REPS, workspace_id)]
        judged = JUDGED_BY_NUMBERS.format(**scale.literals)
        args = (scale.as_of, scale.taken, scale.marks, left, scale.currency)
        row = await session.fetchrow(SIFTED.format(judged=judged), workspace_id, after, last, *args)
    if row is None:
        message = "an aggregate returned no row"
        raise RuntimeError(message)
    return row
