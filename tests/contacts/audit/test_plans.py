"""The audit's list, as the api role runs it: a range of an index under row security, however deep the page."""

from collections.abc import AsyncIterator

import pytest

from services.contacts.audited import AUDITED
from services.kit.audit.repository import LISTING, filtered
from services.kit.audit.schemas import AuditQuery
from services.kit.database import Database, Session
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.web.lists import Binding
from tests.cluster import TestCluster
from tests.plans import filled_database

OURS, OTHERS = new_id(), new_id()
ACTOR, OBJECT = new_id(), new_id()
CALLER = Identity(workspace_id=OURS, actor_id=new_id(), scopes=frozenset({"admin"}))
TYPES = [kind.object_type for kind in AUDITED]
FILL = """
INSERT INTO contacts.audit_entries (workspace_id, occurred_at, actor_id, actor_kind, operation, object_type, object_id,
                                    salt, position, digest, hash)
SELECT w, timestamptz '2026-01-01' + n * interval '20 minutes', CASE WHEN n % 500 = 0 THEN '{actor}'::uuid END, 'key',
       'update_person', 'person', CASE WHEN n % 500 = 1 THEN '{object}'::uuid ELSE gen_random_uuid() END,
       gen_random_uuid(), n, '', ''
FROM unnest(ARRAY['{ours}', '{others}']::uuid[]) w, generate_series(1, 20000) n;
INSERT INTO contacts.audit_inbox (workspace_id, actor_kind, operation, object_type)
SELECT '{ours}', 'key', 'update_person', 'person' FROM generate_series(1, 20);
ANALYZE contacts.audit_entries, contacts.audit_inbox;
"""


@pytest.fixture(scope="module")
async def filled(cluster: TestCluster) -> AsyncIterator[Database]:
    """Twenty thousand entries in each of two workspaces."""
    fill = FILL.format(ours=OURS, others=OTHERS, actor=ACTOR, object=OBJECT)
    async with filled_database(cluster, "contacts", fill) as found:
        yield found


async def plan(session: Session, query: AuditQuery) -> str:
    after = Binding(b"k", b"s").open(query.cursor, query.sort) if query.cursor else None
    sql, args = LISTING.statement(filtered(query, session, CALLER, TYPES), query.sort, after, 51)
    return "\n".join(row[0] for row in await session.fetch(f"EXPLAIN {sql}", *args))


@pytest.mark.parametrize("deep", [False, True], ids=["first", "deep"])
@pytest.mark.parametrize("sort", ["occurred_at", "-occurred_at"])
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "audit_entries_occurred_idx"),
        ({"object_id": [OBJECT]}, "audit_entries_object_idx"),
        ({"actor_id": [ACTOR]}, "audit_entries_actor_idx"),
        ({"occurred_after": "2026-03-01T00:00:00Z"}, "audit_entries_occurred_idx"),
    ],
)
async def test_a_page_is_a_range_of_an_index(
    filled: Database, filters: dict[str, object], index: str, sort: str, deep: bool
) -> None:
    place = Binding(b"k", b"s").seal(sort, ["2026-06-01T00:00:00+00:00", str(new_id())]) if deep else None
    query = AuditQuery.model_validate({"sort": sort, "cursor": place, **filters})
    async with filled.read(OURS) as session:
        text = await plan(session, query)
    assert "Seq Scan on audit_entries" not in text, text
    assert index in text, text
