"""The audit's tables and triggers: what a named author changes is written down in the same transaction."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import support

NEVER = ("workspace_id", "id", "version", "created_at", "updated_at")
"""Columns that tell nothing that an entry does not say anyway."""
JOBS_OWN = ("payload", "state", "runner", "tries", "dedupe_key")
"""What workers note about a job, whose progress is no change of anybody's."""
MASK = "(secret)"
BUSY = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0"

# One statement whatever the number of rows, and no rights of its own: the writer's role adds the entries,
# under row security. Rows are compared as wholes: an entry without values says that something beside the row changed.
WRITE_AUDIT = """
CREATE FUNCTION write_audit() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    author jsonb := current_setting('app.author')::jsonb;
    id_column text := TG_ARGV[1];
    left_out text[] := TG_ARGV[2];
    masked jsonb := TG_ARGV[3];
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        INSERT INTO :schema.audit_inbox (workspace_id, actor_id, actor_kind, rep_id, service, operation, request_id,
                                         object_type, object_id, after)
        SELECT (n.row ->> 'workspace_id')::uuid, (author ->> 'actor_id')::uuid, author ->> 'actor_kind',
               (author ->> 'rep_id')::uuid, author ->> 'service', author ->> 'operation', author ->> 'request_id',
               TG_ARGV[0], (n.row ->> id_column)::uuid, (n.row - left_out) || masked
        FROM (SELECT jsonb_strip_nulls(to_jsonb(a)) AS row FROM after_rows a) n;
    WHEN 'UPDATE' THEN
        INSERT INTO :schema.audit_inbox (workspace_id, actor_id, actor_kind, rep_id, service, operation, request_id,
                                         object_type, object_id, before, after)
        SELECT (n.row ->> 'workspace_id')::uuid, (author ->> 'actor_id')::uuid, author ->> 'actor_kind',
               (author ->> 'rep_id')::uuid, author ->> 'service', author ->> 'operation', author ->> 'request_id',
               TG_ARGV[0], (n.row ->> id_column)::uuid, v.before, v.after
        FROM (SELECT to_jsonb(a) AS row FROM after_rows a) n
        JOIN (SELECT to_jsonb(b) AS row FROM before_rows b) o
          ON o.row -> id_column = n.row -> id_column AND o.row -> 'workspace_id' = n.row -> 'workspace_id'
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_object_agg(key, coalesce(masked -> key, o.row -> key)), '{}') AS before,
                   coalesce(jsonb_object_agg(key, coalesce(masked -> key, value)), '{}') AS after
            FROM jsonb_each(n.row) WHERE value <> o.row -> key AND key <> ALL (left_out)
        ) v
        WHERE n.row <> o.row;
    WHEN 'DELETE' THEN
        INSERT INTO :schema.audit_inbox (workspace_id, actor_id, actor_kind, rep_id, service, operation, request_id,
                                         object_type, object_id, before)
        SELECT (o.row ->> 'workspace_id')::uuid, (author ->> 'actor_id')::uuid, author ->> 'actor_kind',
               (author ->> 'rep_id')::uuid, author ->> 'service', author ->> 'operation', author ->> 'request_id',
               TG_ARGV[0], (o.row ->> id_column)::uuid, (o.row - left_out) || masked
        FROM (SELECT jsonb_strip_nulls(to_jsonb(b)) AS row FROM before_rows b) o;
    END CASE;
    RETURN NULL;
END $body$
"""
ROWS = {
    "INSERT": "NEW TABLE AS after_rows",
    "UPDATE": "OLD TABLE AS before_rows NEW TABLE AS after_rows",
    "DELETE": "OLD TABLE AS before_rows",
}


def create_audit() -> None:
    """Create the audit of the schema that is being migrated."""
    op.create_table(
        "audit_inbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_facts(),
        sa.Column("salt", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.execute(f"ALTER TABLE audit_inbox SET ({BUSY})")
    support.tenant_table("audit_inbox", api="SELECT, INSERT", finder=False)
    op.create_table(
        "audit_entries",
        *_facts(),
        sa.Column("salt", sa.Uuid()),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="plain: a digest of the values"),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="plain: a link of the chain"),
        sa.Column("redacted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sa.UniqueConstraint("workspace_id", "position"),
    )
    for name, columns in (
        ("occurred", ("occurred_at", "id")),
        ("object", ("object_id", "occurred_at", "id")),
        ("actor", ("actor_id", "occurred_at", "id")),
    ):
        op.create_index(f"audit_entries_{name}_idx", "audit_entries", ["workspace_id", *columns])
    support.tenant_table("audit_entries", api="SELECT", finder=False)
    op.create_table(
        "audit_chains",
        support.workspace_id(),
        sa.Column("head", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        _link("hash"),
        sa.Column("tail", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        _link("tail_hash"),
        sa.PrimaryKeyConstraint("workspace_id"),
    )
    support.tenant_table("audit_chains", api="", finder=False)
    op.execute(WRITE_AUDIT.replace(":schema", support.roles().schema))
    op.execute("REVOKE ALL ON FUNCTION write_audit() FROM PUBLIC")
    for role in (support.roles().api, support.roles().worker):
        support.grant("EXECUTE", "FUNCTION write_audit()", role)


def audit(
    table: str, object_type: str, *, id_column: str = "id", left_out: Sequence[str] = (), secret: Sequence[str] = ()
) -> None:
    """Let every change of a table's rows that has an author be written down."""
    without = ",".join([*NEVER, *left_out])
    masked = json.dumps(dict.fromkeys(secret, MASK))
    arguments = f"'{object_type}', '{id_column}', '{{{without}}}', '{masked}'"
    for verb, rows in ROWS.items():
        op.execute(
            f"CREATE TRIGGER audit_{verb.lower()} AFTER {verb} ON {table} REFERENCING {rows} FOR EACH STATEMENT "
            f"WHEN (current_setting('app.author', true) <> '') EXECUTE FUNCTION write_audit({arguments})"
        )


def _facts() -> list[sa.Column[Any]]:
    return [
        support.workspace_id(),
        sa.Column("id", sa.Uuid(), nullable=False, server_default=sa.text("uuidv7()")),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("rep_id", sa.Uuid()),
        sa.Column("service", sa.Text()),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid()),
        sa.Column("before", JSONB()),
        sa.Column("after", JSONB()),
    ]


def _link(name: str) -> sa.Column[bytes]:
    start = sa.text("decode(repeat('00', 32), 'hex')")
    return sa.Column(name, sa.LargeBinary(), nullable=False, server_default=start, comment="plain: a link of the chain")
