"""Every list of scoring, as the api role runs it: index-backed under row security, however deep the page."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Literal, cast
from uuid import UUID

import pytest

from services.kit.clock import FixedClock
from services.kit.database import Database, Session
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.web.lists import Binding, ListQuery
from services.scoring.cutoffs.service import CutoffService
from services.scoring.evaluation.service import EvaluationService
from services.scoring.policies import service as policies
from services.scoring.policies.schemas import PolicyQuery
from services.scoring.scores.schemas import KindName, ScoreChangeQuery, ScoreQuery
from services.scoring.scores.service import Scores
from tests.cluster import TestCluster
from tests.plans import Explaining, filled_database

OURS, OTHERS, RUN, REP = new_id(), new_id(), new_id(), new_id()
CUSTOMERS = 25_000
"""In each of two workspaces, with two kinds of scores: fifty thousand rows."""
ONE = UUID("00000000-0000-7000-8000-000000012500")
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
CALLER = Identity(workspace_id=OURS, actor_id=new_id(), scopes=frozenset({"admin"}))
OWN = Identity(workspace_id=OURS, actor_id=new_id(), scopes=frozenset({"scores:read"}), rep_id=REP, visibility="own")
BOUND = Binding(b"key", b"scope")
SCORES = Scores(EvaluationService(CutoffService(), FixedClock(NOW)), FixedClock(NOW))
FILL = """
INSERT INTO scoring.customers (workspace_id, customer_id, type, owner_rep_id)
SELECT w, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
    CASE WHEN n % 50 = 0 THEN 'account' ELSE 'person' END, CASE WHEN n % 200 = 0 THEN '{rep}'::uuid END
FROM unnest(ARRAY['{ours}', '{others}']::uuid[]) w, generate_series(1, {customers}) n;
INSERT INTO scoring.standings (workspace_id, customer_id, as_of, policy_version, currency, net_revenue_minor,
    orders_count, purchase_days)
SELECT workspace_id, customer_id, '{now}', 1, 'TWD', 100, 1, 1 FROM scoring.customers;
INSERT INTO scoring.scores (workspace_id, customer_id, kind, value, points, changed_at, policy_version)
SELECT workspace_id, customer_id, kind,
    CASE WHEN n % 7 = 0 THEN NULL WHEN n % 10 = 0 THEN 'gold' ELSE 'bronze' END,
    CASE WHEN n % 7 = 0 THEN NULL WHEN kind = 'churn_risk' THEN 0 ELSE n % 9000 END,
    timestamptz '2026-01-01' + n * interval '10 minutes', 1
FROM (SELECT *, right(customer_id::text, 12)::bigint AS n FROM scoring.customers) c,
    unnest(ARRAY['value_tier', 'churn_risk']) kind;
INSERT INTO scoring.score_history (workspace_id, id, customer_id, kind, value, points, as_of, policy_version, cause,
    body)
SELECT workspace_id, gen_random_uuid(), customer_id, kind, value, points, changed_at, 1, 'fact', '{{}}'
FROM scoring.scores;
INSERT INTO scoring.dated_runs (workspace_id, id, as_of, finished_at) SELECT w, '{run}', '{now}', '{now}'
FROM unnest(ARRAY['{ours}', '{others}']::uuid[]) w;
INSERT INTO scoring.dated_scores (workspace_id, run_id, customer_id, kind, value, points, policy_version)
SELECT workspace_id, '{run}', customer_id, kind, value, points, 1 FROM scoring.scores;
INSERT INTO scoring.scoring_policies (workspace_id, id, version, status, rules)
SELECT w, gen_random_uuid(), n, 'draft', '{{}}'
FROM unnest(ARRAY['{ours}', '{others}']::uuid[]) w, generate_series(1, 2000) n;
ANALYZE scoring.customers, scoring.standings, scoring.scores, scoring.score_history, scoring.dated_scores,
    scoring.scoring_policies;
"""


@pytest.fixture(scope="module")
async def filled(cluster: TestCluster) -> AsyncIterator[Database]:
    """Scoring with fifty thousand scores in each of two workspaces."""
    names = {"ours": OURS, "others": OTHERS, "rep": REP, "run": RUN, "now": NOW.isoformat()}
    async with filled_database(cluster, "scoring", FILL.format(customers=CUSTOMERS, **names)) as found:
        yield found


async def plans(database: Database, query: ListQuery, caller: Identity = CALLER) -> list[str]:
    """Return the plans of a list: of rows with a sort value, and of those without one."""
    async with database.read(OURS) as session:
        explaining = Explaining(session)
        asked = cast("Session", explaining)
        match query:
            case ScoreQuery():
                await SCORES._rows(asked, caller, query, BOUND)
            case ScoreChangeQuery():
                await SCORES.history(asked, caller, ONE, query, BOUND)
            case PolicyQuery():
                await policies.page(asked, query, query.status, BOUND, query.sort)
    assert explaining.plans
    return explaining.plans


def behind(query: ListQuery, place: object) -> ListQuery:
    """Return the same list deep inside."""
    sort: str = query.model_dump()["sort"]
    return query.model_copy(update={"cursor": BOUND.seal(sort, [place, str(ONE)])})


def is_a_range(text: str) -> None:
    """Check that rows come out of an index in their order, and that no table is read through.

    An incremental sort only puts rows with the same sort value into order.
    """
    assert "Seq Scan" not in text, text
    assert not re.search(r"(->|^) *Sort", text), text
    assert "Index" in text, text


PLACES = {"points": 4500, "changed_at": "2026-04-01T00:00:00+00:00", "version": 1000, "as_of": "2026-04-01T00:00:00Z"}
LISTS: list[ListQuery] = [
    *(ScoreQuery(sort=sort) for sort in ("points", "-points", "changed_at", "-changed_at")),
    ScoreQuery(value=["gold"]),
    ScoreQuery(as_of=NOW),
    ScoreQuery(as_of=NOW, sort="points", value=["gold"]),
    ScoreChangeQuery(),
    ScoreChangeQuery(sort="as_of"),
    PolicyQuery(),
    PolicyQuery(sort="version"),
]


def named(query: object) -> str:
    """Return what a test is called by."""
    changed = query.model_dump(exclude_defaults=True) if isinstance(query, ListQuery) else query
    return f"{type(query).__name__} {changed}"


@pytest.mark.parametrize("deep", [False, True], ids=["first", "deep"])
@pytest.mark.parametrize("query", LISTS, ids=named)
async def test_a_page_is_a_range_of_an_index(filled: Database, query: ListQuery, deep: bool) -> None:
    place: Any = PLACES[query.model_dump()["sort"].removeprefix("-")]
    with_value, *_ = await plans(filled, behind(query, place) if deep else query)
    is_a_range(with_value)


async def test_scores_without_points_are_a_range_too(filled: Database) -> None:
    for query in (ScoreQuery(), ScoreQuery(as_of=NOW)):
        is_a_range((await plans(filled, query))[1])
        is_a_range((await plans(filled, behind(query, None)))[0])


ByPoints = Literal["points", "-points"]


@pytest.mark.parametrize("as_of", [None, NOW], ids=["present", "dated"])
@pytest.mark.parametrize("sort", ["points", "-points"])
@pytest.mark.parametrize(("kind", "place"), [("value_tier", 4500), ("churn_risk", 0)], ids=["few_ties", "all_tied"])
@pytest.mark.parametrize(("value", "index"), [([], "scores_points_idx"), (["bronze"], "scores_value_idx")])
async def test_no_page_by_points_puts_ties_into_order(
    filled: Database, value: list[str], index: str, kind: KindName, place: int, sort: ByPoints, as_of: datetime | None
) -> None:
    query = ScoreQuery(kind=kind, sort=sort, as_of=as_of, value=value)
    way, id_way = "<>" if sort == "-points" else "><"
    first, without = await plans(filled, query)
    ties, beyond, _ = await plans(filled, behind(query, place))
    [further] = await plans(filled, behind(query, None))
    for text, condition in (
        (first, "(points IS NOT NULL)"),
        (ties, f"(points = '{place}'::bigint) AND (customer_id {id_way} '{ONE}'::uuid)"),
        (beyond, f"(points {way} '{place}'::bigint)"),
        (without, "(points IS NULL)"),
        (further, f"(points IS NULL) AND (customer_id {id_way} '{ONE}'::uuid)"),
    ):
        assert re.search(rf"{index} .*\n +Index Cond: .*{re.escape(condition)}", text), text
        assert "Sort" not in text, text


@pytest.mark.parametrize("as_of", [None, NOW], ids=["present", "dated"])
@pytest.mark.parametrize("sort", ["points", "-points"])
async def test_pages_go_through_ties_by_customer(filled: Database, sort: ByPoints, as_of: datetime | None) -> None:
    query = ScoreQuery(kind="churn_risk", sort=sort, as_of=as_of, value=["gold", "null"], limit=200)
    found: list[tuple[bool, int]] = []
    async with filled.read(OURS) as session:
        while len(found) <= CUSTOMERS:
            page = await SCORES._rows(session, CALLER, query, BOUND)
            found += [(row["points"] is None, int(row["customer_id"].hex[-12:])) for row in page.items]
            if page.next_cursor is None:
                break
            query = query.model_copy(update={"cursor": page.next_cursor})
    down = [(n % 7 == 0, n) for n in range(1, CUSTOMERS + 1) if n % 10 == 0 or n % 7 == 0]
    assert found == sorted(down if sort == "-points" else reversed(down), key=lambda row: row[0])


FILTERED: list[ListQuery] = [
    ScoreQuery(value=["gold", "null"]),
    ScoreQuery(customer_id=[ONE]),
    ScoreQuery(ids=[ONE]),
    ScoreQuery(customer_type="account"),
    ScoreQuery(changed_after=NOW, sort="-changed_at"),
    ScoreQuery(changed_before=NOW),
    ScoreQuery(as_of=NOW, ids=[ONE]),
    ScoreChangeQuery(kind=["value_tier"]),
    ScoreChangeQuery(as_of_after=NOW),
    PolicyQuery(status=["active"]),
]


@pytest.mark.parametrize("query", FILTERED, ids=named)
async def test_a_filter_reads_through_no_table(filled: Database, query: ListQuery) -> None:
    assert "Seq Scan" not in "".join(await plans(filled, query))


@pytest.mark.parametrize("query", [ScoreQuery(), ScoreQuery(value=["gold"])], ids=named)
async def test_a_rep_finds_the_own_customers_without_reading_through_all(filled: Database, query: ListQuery) -> None:
    assert "Seq Scan" not in "".join(await plans(filled, query, OWN))
