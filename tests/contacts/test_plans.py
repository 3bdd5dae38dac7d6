"""Every list of contacts, as the api role runs it: index-backed under row security, however deep the page."""

from collections.abc import AsyncIterator, Callable
from typing import Any, cast
from uuid import UUID

import pytest

from services.contacts.accounts.queries import conditions as account_conditions
from services.contacts.accounts.repository import ACCOUNTS
from services.contacts.accounts.schemas import AccountQuery
from services.contacts.interactions.queries import conditions as interaction_conditions
from services.contacts.interactions.repository import INTERACTIONS
from services.contacts.interactions.schemas import InteractionQuery
from services.contacts.orders.queries import OrderQuery
from services.contacts.orders.queries import conditions as order_conditions
from services.contacts.orders.repository import ORDERS
from services.contacts.people.queries import PersonQuery
from services.contacts.people.queries import conditions as person_conditions
from services.contacts.people.repository import PEOPLE
from services.kit.database import Database, Session
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.web.lists import Binding, Listing, ListQuery, Where
from tests.cluster import TestCluster
from tests.plans import Explaining, filled_database

OURS, OTHERS = new_id(), new_id()
ROWS = 20_000
DEEP = ["2026-06-01T00:00:00+00:00", str(new_id())]
CALLER = Identity(workspace_id=OURS, actor_id=new_id(), scopes=frozenset({"admin"}))
REP = new_id()

FILL = """
INSERT INTO contacts.people (workspace_id, id, created_at, updated_at, display_name, emails, tags, owner_rep_id)
SELECT w, gen_random_uuid(), t, t, 'P' || n, jsonb_build_array(jsonb_build_object('address', n || '@x.io')),
    ARRAY['t' || n % 500], CASE WHEN n % 100 = 0 THEN '{rep}'::uuid END
FROM unnest(ARRAY['{ours}', '{others}']::uuid[]) w, generate_series(1, {rows}) n,
    LATERAL (SELECT timestamptz '2026-01-01' + n * interval '20 minutes') s (t);
INSERT INTO contacts.accounts (workspace_id, id, created_at, updated_at, name, tags, domain)
SELECT workspace_id, gen_random_uuid(), created_at, updated_at, display_name, tags, lower(display_name) || '.example'
FROM contacts.people;
INSERT INTO contacts.identities (workspace_id, kind, source, value, owner_type, owner_id, joins)
SELECT workspace_id, 'email', '', substr(display_name, 2) || '@x.io', 'person', id, true FROM contacts.people
UNION ALL SELECT workspace_id, 'external', 'shop', display_name, 'person', id, true FROM contacts.people
UNION ALL SELECT workspace_id, 'external', 'shop', name, 'account', id, true FROM contacts.accounts;
INSERT INTO contacts.interactions
    (workspace_id, id, created_at, updated_at, customer_id, customer_type, function, channel, direction, occurred_at)
SELECT workspace_id, gen_random_uuid(), created_at, updated_at, id, 'person', 'care', 'call', 'outbound', created_at
FROM contacts.people;
INSERT INTO contacts.orders
    (workspace_id, id, created_at, updated_at, source, external_id, buyer_id, customer_id, customer_type, status,
     payment_status, fulfilment_status, currency, total_minor, refunded_minor, net_minor, placed_at,
     platform_updated_at, status_rank, body_hash)
SELECT workspace_id, gen_random_uuid(), created_at, updated_at, 'shop', display_name, id, id, 'person', 'paid',
    'paid', 'unfulfilled', 'TWD', 100, 0, 100, created_at, created_at, 5, '' FROM contacts.people;
ANALYZE contacts.people, contacts.accounts, contacts.identities, contacts.interactions, contacts.orders;
"""


@pytest.fixture(scope="module")
async def filled(cluster: TestCluster) -> AsyncIterator[Database]:
    """Contacts with twenty thousand of everything in each of two workspaces."""
    async with filled_database(cluster, "contacts", FILL.format(ours=OURS, others=OTHERS, rep=REP, rows=ROWS)) as found:
        yield found


async def plan(
    database: Database, listing: Listing, where: Where, query: ListQuery, sort: str, place: list[str]
) -> str:
    """Return the plan of a page, the first one or one behind a place."""
    bound = Binding(b"key", b"scope")
    cursor = bound.seal(sort, place) if place else None
    async with database.read(OURS) as session:
        explaining = Explaining(session)
        asked = query.model_copy(update={"cursor": cursor})
        await listing.fetch(cast("Session", explaining), where, asked, bound, sort=sort)
    return explaining.plans[0]


Conditions = Callable[[Any, Identity], Where]
LISTS: dict[str, tuple[Listing, type[ListQuery], Conditions, str]] = {
    "people": (PEOPLE, PersonQuery, person_conditions, "people c"),
    "accounts": (ACCOUNTS, AccountQuery, account_conditions, "accounts c"),
    "interactions": (INTERACTIONS, InteractionQuery, interaction_conditions, "interactions i"),
    "orders": (ORDERS, OrderQuery, order_conditions, "orders o"),
}
SORTED = [(name, sort) for name, (listing, *_) in LISTS.items() for sort in listing.sorts]


def check(text: str, table: str) -> None:
    assert f"Seq Scan on {table}" not in text, text
    assert "Sort" not in text.split("SubPlan", 1)[0], text


@pytest.mark.parametrize("deep", [False, True], ids=["first", "deep"])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(("name", "sort"), SORTED)
async def test_a_page_is_a_range_of_an_index(filled: Database, name: str, sort: str, sign: str, deep: bool) -> None:
    listing, kind, conditions, table = LISTS[name]
    query = kind()
    place = (["P5", DEEP[1]] if sort in {"name", "display_name"} else DEEP) if deep else []
    text = await plan(filled, listing, conditions(query, CALLER), query, f"{sign}{sort}", place)
    check(text, table)
    assert "Index" in text


FILTERED = [
    ("people", {"email": ["77@x.io"]}),
    ("people", {"source": ["shop"], "external_id": ["P77"]}),
    ("people", {"external_id": ["P77"]}),
    ("people", {"tag": ["t7"]}),
    ("people", {"owner_rep_id": [REP]}),
    ("people", {"ids": [new_id()]}),
    ("people", {"updated_after": "2026-09-01T00:00:00Z"}),
    ("accounts", {"source": ["shop"], "external_id": ["P77"]}),
    ("accounts", {"tag": ["t7"]}),
    ("accounts", {"domain": ["p77.example"]}),
    ("interactions", {"customer_id": [new_id()]}),
    ("interactions", {"occurred_after": "2026-09-01T00:00:00Z"}),
    ("orders", {"customer_id": [new_id()]}),
    ("orders", {"source": ["shop"], "external_id": ["P77"]}),
    ("orders", {"external_id": ["P77"]}),
    ("accounts", {"external_id": ["P77"]}),
    ("orders", {"placed_after": "2026-09-01T00:00:00Z", "status": ["paid"]}),
]


@pytest.mark.parametrize(("name", "filters"), FILTERED)
async def test_a_filter_is_served_by_an_index(filled: Database, name: str, filters: dict[str, object]) -> None:
    listing, kind, conditions, table = LISTS[name]
    query = kind.model_validate(filters)
    text = await plan(filled, listing, conditions(query, CALLER), query, next(iter(listing.sorts)), [])
    assert f"Seq Scan on {table}" not in text, text
    assert "Seq Scan on identities" not in text, text


async def test_a_tag_is_found_although_arrays_are_not_leakproof(filled: Database) -> None:
    async with filled.read(OURS) as session:
        found = await session.fetch("SELECT find_people_by_tags($1::text[]) AS id", ["t7"])
        other = await session.fetchval("SELECT count(*) FROM people WHERE workspace_id = $1", OTHERS)
    assert (len(found), other) == (ROWS // 500, 0)
    assert len({UUID(str(row["id"])) for row in found}) == len(found)
