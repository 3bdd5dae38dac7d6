"""The database keeps workspaces apart by itself: every table, role, policy, key and function of every schema."""

import re
from uuid import UUID

import asyncpg
import pytest

from migrations import SCHEMAS
from migrations.addresses import Roles
from tests.cluster import KithDatabase
from tests.house import catalogue

OWN_ROWS = "(workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)"
DEFAULT = "(NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid"
LEAKPROOF = {"text", "bigint", "uuid", "timestamp with time zone", "date", "double precision", "bytea", "boolean"}


async def test_there_is_something_to_look_at(kith: KithDatabase) -> None:
    tables = await kith.as_admin(catalogue.TABLES)
    assert {row["schema"] for row in tables} == set(SCHEMAS)
    assert len(tables) > 40


async def test_row_security_is_on_and_forced(kith: KithDatabase) -> None:
    tables = await kith.as_admin(catalogue.TABLES)
    open_tables = [
        f"{row['schema']}.{row['name']}"
        for row in tables
        if not (row["secured"] and row["forced"]) and row["name"] not in catalogue.WITHOUT_WORKSPACE
    ]
    assert open_tables == []


async def test_tables_without_a_workspace_are_known_exceptions(kith: KithDatabase) -> None:
    tables = await kith.as_admin(catalogue.TABLES)
    without = {row["name"] for row in tables if not row["has_workspace"]}
    assert without == set(catalogue.WITHOUT_WORKSPACE)


async def test_requests_have_no_right_on_tables_without_row_security(kith: KithDatabase) -> None:
    grants = await kith.as_admin(catalogue.GRANTS)
    found = [
        row
        for row in grants
        if row["name"] in catalogue.WITHOUT_WORKSPACE and not row["grantee"].endswith(("_worker", "_owner"))
    ]
    assert found == []


async def test_the_api_role_sees_and_writes_its_own_workspace_only(kith: KithDatabase) -> None:
    policies = [row for row in await kith.as_admin(catalogue.POLICIES) if any("_api" in role for role in row["roles"])]
    odd = [
        f"{row['schema']}.{row['name']}: {row['qual']} / {row['with_check']}"
        for row in policies
        if row["qual"] != OWN_ROWS or row["with_check"] != OWN_ROWS or row["cmd"] != "ALL"
    ]
    assert odd == []
    secured = {(row["schema"], row["name"]) for row in policies}
    granted = {
        (row["schema"], row["name"])
        for row in await kith.as_admin(catalogue.GRANTS)
        if row["grantee"].endswith("_api") and row["schema"] in SCHEMAS
    }
    assert granted <= secured


async def test_policies_name_the_roles_of_their_own_schema(kith: KithDatabase) -> None:
    for row in await kith.as_admin(catalogue.POLICIES):
        roles = Roles(row["schema"])
        assert set(row["roles"]) <= {roles.api, roles.worker, roles.finder, roles.public}, row
        if row["roles"] in ([roles.finder], [roles.public]):
            assert row["cmd"] == "SELECT", row


async def test_no_role_can_pass_row_security(kith: KithDatabase) -> None:
    roles = await kith.as_admin(catalogue.ROLES)
    assert len(roles) == 5 * len(SCHEMAS)
    assert [row["name"] for row in roles if row["mighty"]] == []
    silent = {row["name"] for row in roles if not row["login"]}
    assert silent == {role for schema in SCHEMAS for role in Roles(schema).silent}


async def test_only_owners_are_members_of_other_roles(kith: KithDatabase) -> None:
    for row in await kith.as_admin(catalogue.MEMBERSHIPS):
        schema, _, kind = row["member"].rpartition("_")
        assert kind == "owner", row
        assert row["role"] in Roles(schema).silent, row
        assert not row["inherits"], row


async def test_tables_belong_to_the_owner_of_their_schema(kith: KithDatabase) -> None:
    foreign = [row for row in await kith.as_admin(catalogue.TABLES) if row["owner"] != f"{row['schema']}_owner"]
    assert foreign == []


async def test_rights_stay_within_a_schema(kith: KithDatabase) -> None:
    for row in await kith.as_admin(catalogue.GRANTS):
        service = row["schema"].removesuffix("_jobs")
        assert row["grantee"].startswith(f"{service}_"), row


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_requests_may_only_add_to_the_queue(kith: KithDatabase, schema: str) -> None:
    grants = await kith.as_admin(catalogue.GRANTS)
    held = {
        (row["name"], row["privilege"])
        for row in grants
        if row["schema"] == f"{schema}_jobs" and row["grantee"] == Roles(schema).api
    }
    assert held == {("pgqueuer", "INSERT"), ("pgqueuer_log", "INSERT")}


async def test_the_workspace_leads_every_key(kith: KithDatabase) -> None:
    keys = await kith.as_admin(catalogue.BTREE_KEYS)
    odd = [
        f"{row['schema']}.{row['index']}"
        for row in keys
        if row["first"] != "workspace_id"
        and row["name"] not in catalogue.WITHOUT_WORKSPACE
        and row["index"] not in catalogue.KEYS_WITHOUT_WORKSPACE
    ]
    assert odd == []


async def test_indexed_columns_have_types_whose_operators_work_under_row_security(kith: KithDatabase) -> None:
    columns = await kith.as_admin(catalogue.INDEXED_TYPES)
    assert [f"{row['column']}: {row['type']}" for row in columns if row["type"] not in LEAKPROOF] == []


async def test_choices_are_texts_with_a_check_and_never_enums(kith: KithDatabase) -> None:
    columns = await kith.as_admin(catalogue.COLUMNS)
    assert [row["column"] for row in columns if row["enum"]] == []


async def test_no_column_is_a_varchar_a_naive_time_or_a_short_integer_that_overflows(kith: KithDatabase) -> None:
    columns = await kith.as_admin(catalogue.COLUMNS)
    unwanted = re.compile(r"character|without time zone|^smallint|real")
    assert [f"{row['column']}: {row['type']}" for row in columns if unwanted.search(row["type"])] == []


async def test_every_workspace_id_is_required_and_defaults_to_the_transactions_own(kith: KithDatabase) -> None:
    columns = [row for row in await kith.as_admin(catalogue.COLUMNS) if row["name"] == "workspace_id"]
    by_hand = ("outbox.workspace_id", "events.workspace_id")
    assert all(row["required"] for row in columns)
    assert [
        row["column"] for row in columns if row["default_value"] != DEFAULT and not row["column"].endswith(by_hand)
    ] == []


async def test_every_column_of_bytes_says_whether_it_is_sealed_hashed_or_plain(kith: KithDatabase) -> None:
    """What is sealed is sealed anew when keys change: `services/kit/sealing.py` goes by these comments."""
    columns = [row for row in await kith.as_admin(catalogue.COLUMNS) if row["type"] == "bytea"]
    known = re.compile(r"sealed|hashed|plain: \w.*")
    assert [row["column"] for row in columns if not known.fullmatch(row["comment"] or "")] == []
    assert {"contacts.source_secrets.sealed", "gateway.idempotency_keys.body"} <= {
        row["column"] for row in columns if row["comment"] == "sealed"
    }


async def test_references_stay_within_a_workspace_and_a_schema(kith: KithDatabase) -> None:
    keys = await kith.as_admin(catalogue.FOREIGN_KEYS)
    assert [row["key"] for row in keys if row["columns"][0] != "workspace_id" or not row["same_schema"]] == []


async def test_functions_with_rights_of_their_own_are_tied_down(kith: KithDatabase) -> None:
    functions = [row for row in await kith.as_admin(catalogue.FUNCTIONS) if row["definer"]]
    assert len(functions) >= 3 * len(SCHEMAS)
    for row in functions:
        paths = [setting for setting in row["settings"] if setting.startswith("search_path=")]
        assert not row["mighty"], row
        assert row["owner"].startswith(f"{row['schema']}_"), row
        assert [path.startswith("search_path=pg_catalog") for path in paths] == [True], row
        assert paths[0].endswith("pg_temp"), row
        assert not row["for_everybody"], row


async def test_background_work_sees_all_workspaces_and_search_functions_only_read(kith: KithDatabase) -> None:
    for row in await kith.as_admin(catalogue.POLICIES):
        roles = Roles(row["schema"])
        if row["roles"] == [roles.worker]:
            assert (row["qual"], row["with_check"], row["cmd"]) == ("true", "true", "ALL"), row
        elif row["roles"] in ([roles.finder], [roles.public]):
            assert (row["qual"], row["with_check"], row["cmd"]) == ("true", None, "SELECT"), row
        assert row["permissive"] == "PERMISSIVE", row
        assert len(row["roles"]) == 1, row
    assert [dict(row) for row in await kith.as_admin(catalogue.TABLE_RIGHTS)] == []


async def test_only_owners_create_in_a_schema_and_nobody_uses_that_of_another_service(kith: KithDatabase) -> None:
    for row in await kith.as_admin(catalogue.SCHEMA_RIGHTS):
        if row["schema"] == "public":
            assert row["privilege"] == "USAGE" or row["grantee"] in {"pg_database_owner", "postgres"}, row
            continue
        roles = Roles(row["schema"].removesuffix("_jobs"))
        assert row["grantee"] in {roles.owner, roles.api, roles.worker, roles.finder, roles.public}, row
        assert row["privilege"] == "USAGE" or row["grantee"] == roles.owner, row


async def test_nothing_goes_around_row_security(kith: KithDatabase) -> None:
    """A view runs with its owner's rights, and default rights reach tables that are not written yet."""
    views = [row["viewname"] for row in await kith.as_admin(catalogue.VIEWS)]
    defaults = [dict(row) for row in await kith.as_admin(catalogue.DEFAULT_RIGHTS)]
    assert (views, defaults) == ([], [])


async def test_a_request_without_a_workspace_sees_no_row_of_anybody(kith: KithDatabase, workspace_id: UUID) -> None:
    await kith.as_admin(
        "INSERT INTO contacts.sources (workspace_id, id, key, platform, name) VALUES ($1, $1, 'k', 'generic', 'x')",
        workspace_id,
    )
    connection = await asyncpg.connect(kith.url("contacts_api"), server_settings={"search_path": "contacts"})
    try:
        assert await connection.fetchval("SELECT count(*) FROM sources") == 0
        await connection.execute("SET app.workspace_id = ''")
        assert await connection.fetchval("SELECT count(*) FROM sources") == 0
    finally:
        await connection.close()
