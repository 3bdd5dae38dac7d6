"""Creates roles and schemas, as a superuser or another role that may create roles; safe to repeat at every start."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

import asyncpg

from migrations import SCHEMAS
from migrations.addresses import Roles

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

SCRAM_ITERATIONS = 4096
EXTENSIONS = ("pg_trgm", "btree_gin")


async def provision(admin_url: str, passwords: Mapping[str, str]) -> None:
    """Create what is missing and set every password; `admin_url` names the database that Kith lives in.

    `passwords` maps each login role (see `login_roles()`) to its password.
    """
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction():
            # Two starts at once would both find a role missing and both create it.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('kith.provision', 0))")
            await _prepare_database(connection)
            for schema in SCHEMAS:
                await _provision_schema(connection, Roles(schema), passwords)
    finally:
        await connection.close()


async def _prepare_database(connection: "Connection") -> None:
    await connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for extension in EXTENSIONS:
        await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA public")


async def _provision_schema(connection: "Connection", roles: Roles, passwords: Mapping[str, str]) -> None:
    for role in roles.logins:
        await _ensure_role(connection, role)
        await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD '{scram_verifier(passwords[role])}'")
    for role in roles.silent:
        await _ensure_role(connection, role)
        # The owner hands its search functions over, which needs SET; it does not inherit what the role may read.
        await connection.execute(f"GRANT {role} TO {roles.owner} WITH INHERIT FALSE, SET TRUE")
    for role in (*roles.logins, *roles.silent):
        await connection.execute(f"ALTER ROLE {role} SET search_path = {roles.schema}, public")
    for schema in (roles.schema, roles.jobs_schema):
        await _ensure_schema(connection, schema, roles)


async def _ensure_role(connection: "Connection", role: str) -> None:
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(
            f"CREATE ROLE {role} NOINHERIT NOCREATEROLE NOCREATEDB NOSUPERUSER NOBYPASSRLS NOREPLICATION"
        )


async def _ensure_schema(connection: "Connection", schema: str, roles: Roles) -> None:
    if not await connection.fetchval("SELECT true FROM pg_namespace WHERE nspname = $1", schema):
        # A role that is no superuser must be a member of the role that it gives a schema to.
        if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            await connection.execute(f"GRANT {roles.owner} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE")
        await connection.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {roles.owner}")
    readers = [roles.api, roles.worker] if schema == roles.jobs_schema else [roles.api, roles.worker, *roles.silent]
    await connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {', '.join(readers)}")


def scram_verifier(password: str) -> str:
    """Return the SCRAM-SHA-256 verifier of a password (RFC 5803), so that no password is in any server log."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{salt64}${stored64}:{server64}"
