"""What migrations build with: row security for tenant tables, search functions, scripts of several statements."""

from collections.abc import Mapping

from alembic import op
from sqlalchemy.util import await_only

from migrations.addresses import Roles
from services.kit.tables import instant, row_id, timestamps, version, workspace_id

__all__ = [
    "finder_function",
    "grant",
    "instant",
    "roles",
    "row_id",
    "run_script",
    "say_what_bytes_are",
    "tenant_table",
    "timestamps",
    "version",
    "workspace_id",
]

OWN_ROWS = "workspace_id = NULLIF(current_setting('app.workspace_id', true), '')::uuid"
ALL_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"


def roles() -> Roles:
    """Return the roles of the schema that is being migrated."""
    schema: str = op.get_context().config.attributes["schema"]  # type: ignore[union-attr]  # always set by the runner
    return Roles(schema)


def tenant_table(table: str, *, api: str = ALL_RIGHTS, worker: str = ALL_RIGHTS, finder: bool = True) -> None:
    """Switch row security on for a table with `workspace_id`, and grant the rights of each role.

    The api role sees and writes rows of its transaction's workspace only; worker and finder see all. An empty
    string grants nothing. Forced, so that it binds the owner too: back-fills are jobs of the worker, not migrations.
    """
    secure(table)
    if api:
        op.execute(f"CREATE POLICY tenant ON {table} TO {roles().api} USING ({OWN_ROWS}) WITH CHECK ({OWN_ROWS})")
        grant(api, table, roles().api)
    if worker:
        op.execute(f"CREATE POLICY worker ON {table} TO {roles().worker} USING (true) WITH CHECK (true)")
        grant(worker, table, roles().worker)
    if finder:
        readable_by(table, roles().finder)


def secure(table: str) -> None:
    """Enable and force row security; without a policy nobody sees a row."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def readable_by(table: str, role: str) -> None:
    """Let a role that only owns functions read a table."""
    op.execute(f"CREATE POLICY {role.rpartition('_')[2]} ON {table} FOR SELECT TO {role} USING (true)")
    grant("SELECT", table, role)


def grant(rights: str, on: str, role: str) -> None:
    """Grant rights on a table, function or sequence."""
    op.execute(f"GRANT {rights} ON {on} TO {role}")


def say_what_bytes_are(comments: Mapping[str, str]) -> None:
    """Comment columns of bytes, `table.column` each: `sealed`, `hashed`, or `plain: ` and what they are (ADR 0011)."""
    for column, comment in comments.items():
        op.execute(f"COMMENT ON COLUMN {column} IS '{comment}'")


def finder_function(name: str, arguments: str, returns: str, body: str, *, owner: str | None = None) -> None:
    """Create a search function that runs as the finder role, since row security keeps the api role off such indexes.

    `body` is one SQL query and must hold the workspace predicate itself: `{OWN_ROWS}` in it stands for that.
    The search path is fixed, so that nobody can slip in a table or operator of his own.
    """
    owner = owner or roles().finder
    schema = roles().schema
    body = body.replace("{OWN_ROWS}", OWN_ROWS)
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER "
        f"SET search_path = pg_catalog, {schema}, public, pg_temp AS $body$ {body} $body$"
    )
    call = f"FUNCTION {name}({arguments})"
    op.execute(f"REVOKE ALL ON {call} FROM PUBLIC")
    for role in (roles().api, roles().worker):
        grant("EXECUTE", call, role)
    # Only a role that may create in the schema can be given a function there.
    op.execute(f"GRANT CREATE ON SCHEMA {schema} TO {owner}")
    op.execute(f"ALTER {call} OWNER TO {owner}")
    op.execute(f"REVOKE CREATE ON SCHEMA {schema} FROM {owner}")


def run_script(sql: str) -> None:
    """Run several statements at once, inside the migration's transaction."""
    # SQLAlchemy begins the transaction with its first own statement: a script sent before it would not roll back.
    op.execute("SELECT 1")
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        message = "the migration has no open connection"
        raise RuntimeError(message)
    await_only(driver.execute(sql))
