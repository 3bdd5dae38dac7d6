"""Whatever a request may change is audited: each table has its triggers, or a reason why not."""

from importlib import import_module

from migrations import SCHEMAS
from tests.cluster import KithDatabase

WITHOUT = {
    "outbox": "tells of changes that are audited",
    "idempotency_keys": "replies to requests, not things",
    "public_handles": "made and revoked with the object that they lead to",
    "audit_inbox": "the audit itself",
}
"""Tables of the kit that requests write to and that are not audited."""
OWN = {
    "contacts.identities": "match keys: they follow the people and accounts that are audited",
    "contacts.import_pieces": "the file of an import, which is audited",
    "contacts.import_faults": "what a job found",
    "gateway.jobs": "the gateway has no jobs",
    "contacts.deliveries": "calls of shops, which are a record themselves",
}
WRITABLE = """
SELECT DISTINCT table_schema || '.' || table_name AS name FROM information_schema.role_table_grants
WHERE grantee ~ '^(gateway|contacts|scoring|campaigns)_api$' AND table_schema || '_api' = grantee
AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE')
"""
TRIGGERS = """
SELECT n.nspname AS schema, c.relname AS table, array_agg(t.tgname ORDER BY t.tgname)::text[] AS triggers,
       min(split_part(encode(t.tgargs, 'escape'), '\\000', 1)) AS object_type
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE t.tgname ~ '^audit_' GROUP BY 1, 2
"""


async def test_whatever_requests_may_write_is_audited(kith: KithDatabase) -> None:
    writable = {row["name"] for row in await kith.as_admin(WRITABLE)}
    audited = {f"{row['schema']}.{row['table']}" for row in await kith.as_admin(TRIGGERS)}
    excused = OWN.keys() | {f"{schema}.{table}" for schema in SCHEMAS for table in WITHOUT}
    assert sorted(writable - audited - excused) == []
    assert sorted(OWN.keys() - writable) == []


async def test_every_audited_table_is_declared_with_the_type_that_it_writes(kith: KithDatabase) -> None:
    found = {(row["schema"], row["table"], row["object_type"]) for row in await kith.as_admin(TRIGGERS)}
    declared = set()
    for schema in SCHEMAS:
        package = "gateway" if schema == "gateway" else f"services.{schema}"
        kinds = import_module(f"{package}.audited").AUDITED
        declared |= {(schema, kind.table, kind.object_type) for kind in kinds}
    assert found == declared


async def test_every_audited_table_has_all_three_triggers(kith: KithDatabase) -> None:
    for row in await kith.as_admin(TRIGGERS):
        assert row["triggers"] == ["audit_delete", "audit_insert", "audit_update"], row["table"]
