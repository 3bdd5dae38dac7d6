"""Every list reads an index as the api role, whom row security binds, and no list sorts what it could read in order."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from services.campaigns.customers import repository as customers
from services.campaigns.reminders import repository as reminders
from services.kit.database import Database
from services.kit.web.lists import Listing, Where
from tests.cluster import KithDatabase

ROWS = 6_000
FILL = f"""
SET LOCAL search_path = campaigns;
INSERT INTO workspaces (workspace_id) VALUES ('{{ours}}'), ('{{theirs}}');
INSERT INTO audience (workspace_id, customer_id, type, created_at, display_name, value_tier, value_tier_points,
    net_revenue_minor, last_order_at, last_contact_at, next_reminder_at, owner_rep_id, scores)
SELECT w, gen_random_uuid(), 'person', now() - g * interval '1 minute', 'n' || g, 'gold', g, g,
    now() - g * interval '1 hour', now() - g * interval '1 hour', now() + g * interval '1 hour',
    md5((g % 500)::text)::uuid, '{{{{}}}}'
FROM generate_series(1, {ROWS}) g, unnest(ARRAY['{{ours}}', '{{theirs}}']::uuid[]) w;
INSERT INTO audience_tags (workspace_id, tag, customer_id)
SELECT workspace_id, 't' || (value_tier_points % 1000), customer_id FROM audience;
INSERT INTO reminders (workspace_id, id, customer_id, rep_id, rule, cause, fact_at, function, channel, form, priority,
    status, closed_at, due_at, contact_at, expires_at)
SELECT workspace_id, gen_random_uuid(), customer_id, owner_rep_id, 'silence', customer_id::text, now(), 'care', 'call',
    'call', value_tier_points % 100, CASE WHEN value_tier_points % 50 = 0 THEN 'open' ELSE 'done' END,
    CASE WHEN value_tier_points % 50 <> 0 THEN now() END,
    now() + value_tier_points * interval '1 minute', now(), now() + interval '99 days'
FROM audience;
ANALYZE audience; ANALYZE audience_tags; ANALYZE reminders; ANALYZE workspaces;
"""

Plan = Callable[[str, list[object]], Awaitable[str]]


@pytest.fixture
async def explain(kith: KithDatabase, database_for: Callable[[str], Awaitable[Database]], workspace_id: UUID) -> Plan:
    """Explain a statement as campaigns_api in a workspace among others."""
    theirs = UUID(int=workspace_id.int ^ 1)
    fill = FILL.format(ours=workspace_id, theirs=theirs)
    await kith.as_admin(f"DO $fill$ BEGIN {fill} END $fill$")
    database = await database_for("campaigns")

    async def plan(sql: str, args: list[object]) -> str:
        async with database.read(workspace_id) as session:
            rows = await session.fetch(f"EXPLAIN (COSTS OFF) {sql}", *args)
        return "\n".join(row[0] for row in rows)

    return plan


class Watched:
    """A session that explains instead of reading."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.plans: list[str] = []

    async def fetch(self, sql: str, *args: Any) -> list[Any]:  # noqa: ANN401 - as a session takes them
        """Keep the plan of a statement; there are no rows."""
        self.plans.append(await self._plan(sql, list(args)))
        return []


async def plans_of(plan: Plan, listing: Listing, where: Where, sort: str, after: list[Any] | None = None) -> list[str]:
    """Return the plans of a list's page: first of rows with a value, last of those without."""
    watched = Watched(plan)
    await listing._rows(watched, where, sort, after, 51)  # type: ignore[arg-type]  # the part of a session that lists use
    return watched.plans


def whole(workspace_id: UUID, condition: str = "true", *args: object) -> Where:
    """Return the condition of a list of the workspace."""
    return Where().add("a.workspace_id = {}", workspace_id).add(condition, *args)


async def test_every_list_of_customers_and_reminders_walks_an_index(explain: Plan, workspace_id: UUID) -> None:
    for sort in customers.LISTING.sorts:
        plans = await plans_of(explain, customers.LISTING, whole(workspace_id, "a.listed"), f"-{sort}")
        assert "Sort" not in plans[0], plans[0]
        for plan in plans:
            assert "Seq Scan" not in plan, plan
    for sort in reminders.LISTING.sorts:
        for condition in ("true", "r.status IN ('escalated', 'open', 'snoozed')"):
            where = Where().add("r.workspace_id = {}", workspace_id).add(condition)
            for plan in await plans_of(explain, reminders.LISTING, where, sort):
                assert "Seq Scan on reminders" not in plan, plan
                assert "Seq Scan on audience" not in plan, plan


async def test_no_page_by_points_puts_ties_into_order(explain: Plan, workspace_id: UUID) -> None:
    where = whole(workspace_id, "a.listed")
    for sort in ("value_tier_points", "-value_tier_points"):
        first = await plans_of(explain, customers.LISTING, where, sort)
        further = await plans_of(explain, customers.LISTING, where, sort, [ROWS // 2, str(workspace_id)])
        assert (len(first), len(further)) == (2, 3)
        for plan in first + further:
            assert "audience_value_tier_points_idx" in plan, plan
            assert "Sort" not in plan, plan


async def test_selective_filters_find_their_rows_by_index(explain: Plan, workspace_id: UUID) -> None:
    rep = UUID(bytes=bytes.fromhex("c4ca4238a0b923820dcc509a6f75849b"))
    for condition, args, index in (
        ("a.listed AND a.owner_rep_id = any({}::uuid[])", [[rep]], "audience_owner_idx"),
        ("a.listed AND a.customer_id = any({}::uuid[])", [[rep]], "audience_pkey"),
        (f"a.listed AND {customers.TAGGED}", [["t7"]], "audience_tags_pkey"),
    ):
        [plan] = await plans_of(explain, customers.LISTING, whole(workspace_id, condition, *args), "created_at")
        assert index in plan, plan
    for condition, args, index in (
        ("r.customer_id = any({}::uuid[])", [[rep]], "reminders_customer_idx"),
        ("r.rep_id = any({}::uuid[]) AND r.status IN ('open')", [[rep]], "reminders_rep_idx"),
        ("r.status IN ('open')", [], "reminders_active_due_idx"),
    ):
        where = Where().add("r.workspace_id = {}", workspace_id).add(condition, *args)
        [plan] = await plans_of(explain, reminders.LISTING, where, "due_at")
        assert index in plan, plan
