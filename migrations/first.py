"""The first revision of every schema: the kit's tables. Frozen; later changes are revisions of their own."""

import sqlalchemy as sa
from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import Channel
from sqlalchemy.dialects.postgresql import JSONB

from migrations import support
from migrations.partitions import DROP_PARTITIONS, ENSURE_PARTITIONS

NO_KEYS = sa.text("'{}'::jsonb")
ZERO = sa.text("0")
# The outbox is emptied all the time: vacuum by the number of dead rows, not by their share.
BUSY = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0"


def create_kit_tables() -> None:
    """Create the tables that the kit works with, in the schema that is being migrated."""
    _create_feed()
    _create_cursors()
    _create_idempotency_keys()
    _create_jobs()
    _create_public_handles()
    _create_queue()


def _event_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("data", sa.JSON(), nullable=False),
    ]


def _create_feed() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_event_columns(),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.execute(f"ALTER TABLE outbox SET ({BUSY})")
    support.tenant_table("outbox", api="INSERT", finder=False)
    # A writer is told the number of its event, so that a reader elsewhere can wait for it; it sees nothing else.
    support.grant("SELECT (seq)", "outbox", support.roles().api)
    op.create_table(
        "events",
        sa.Column("position", sa.BigInteger(), nullable=False, autoincrement=False),
        *_event_columns(),
        sa.PrimaryKeyConstraint("position"),
        postgresql_partition_by="RANGE (position)",
    )
    support.tenant_table("events", api="", worker="SELECT, INSERT", finder=False)
    op.create_table(
        "feed_state",
        sa.Column("only", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("lineage", sa.Text()),
        sa.Column("head", sa.BigInteger(), nullable=False, server_default=ZERO),
        sa.Column("oldest", sa.BigInteger(), nullable=False, server_default=sa.text("1")),
        support.instant("updated_at", nullable=False, default_now=True),
        sa.PrimaryKeyConstraint("only"),
        sa.CheckConstraint('"only"', name="only"),
    )
    op.execute("ALTER TABLE feed_state SET (fillfactor = 10)")
    support.grant("SELECT, UPDATE", "feed_state", support.roles().worker)
    op.execute("INSERT INTO feed_state (epoch) VALUES (replace(gen_random_uuid()::text, '-', ''))")
    _create_partition_functions()


def _create_partition_functions() -> None:
    schema, worker = support.roles().schema, support.roles().worker
    for sql, signature in (
        (ENSURE_PARTITIONS, "ensure_event_partitions(bigint, bigint)"),
        (DROP_PARTITIONS, "drop_event_partitions(bigint)"),
    ):
        op.execute(sql.replace(":schema", schema))
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        support.grant("EXECUTE", f"FUNCTION {signature}", worker)


def _create_cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("follower", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("position", sa.BigInteger(), nullable=False, server_default=ZERO),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'following'")),
        support.instant("updated_at", nullable=False, default_now=True),
        sa.PrimaryKeyConstraint("follower"),
        sa.CheckConstraint("state IN ('following', 'rebuilding')", name="state"),
    )
    op.execute("ALTER TABLE cursors SET (fillfactor = 10)")
    support.grant(support.ALL_RIGHTS, "cursors", support.roles().worker)


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        support.workspace_id(),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", JSONB(), nullable=False, server_default=NO_KEYS),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        support.instant("created_at", nullable=False, default_now=True),
        support.instant("expires_at", nullable=False),
        support.instant("forget_at"),
        sa.PrimaryKeyConstraint("workspace_id", "actor_id", "key"),
    )
    op.create_index("idempotency_keys_expiry_idx", "idempotency_keys", ["workspace_id", "expires_at"])
    support.tenant_table("idempotency_keys", finder=False)


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        support.workspace_id(),
        support.row_id(),
        support.version(),
        *support.timestamps(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False, server_default=sa.text("'queued'")),
        sa.Column("payload", JSONB(), nullable=False, server_default=NO_KEYS),
        sa.Column("dedupe_key", sa.Text()),
        sa.Column("total", sa.BigInteger()),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False, server_default=ZERO)
            for name in ("done", "failed", "skipped")
        ),
        sa.Column("state", JSONB(), nullable=False, server_default=NO_KEYS),
        sa.Column("runner", sa.Uuid()),
        sa.Column("tries", sa.BigInteger(), nullable=False, server_default=ZERO),
        sa.Column("result", JSONB()),
        sa.Column("result_url", sa.Text()),
        sa.Column("errors_url", sa.Text()),
        sa.Column("problem", JSONB()),
        support.instant("started_at"),
        support.instant("finished_at"),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'paused', 'cancelling', 'cancelled', 'succeeded', 'failed')", name="status"
        ),
    )
    op.create_index("jobs_created_idx", "jobs", ["workspace_id", "created_at", "id"])
    op.create_index("jobs_open_idx", "jobs", ["workspace_id", "id"], postgresql_where=sa.text("finished_at IS NULL"))
    op.create_index(
        "jobs_dedupe_idx",
        "jobs",
        ["workspace_id", "kind", "dedupe_key"],
        unique=True,
        postgresql_where=sa.text("dedupe_key IS NOT NULL AND finished_at IS NULL"),
    )
    support.tenant_table("jobs", api="SELECT, INSERT, UPDATE", finder=False)


def _create_public_handles() -> None:
    op.create_table(
        "public_handles",
        sa.Column("handle_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        support.workspace_id(),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        support.instant("created_at", nullable=False, default_now=True),
        support.instant("expires_at"),
        support.instant("revoked_at"),
        sa.PrimaryKeyConstraint("handle_hash"),
    )
    op.create_index("public_handles_object_idx", "public_handles", ["workspace_id", "object_id"])
    support.tenant_table("public_handles", api="SELECT, INSERT, UPDATE", finder=False)
    support.readable_by("public_handles", support.roles().public)
    support.finder_function(
        "find_public_handle",
        "wanted bytea, wanted_purpose text",
        "TABLE (workspace_id uuid, object_id uuid, expires_at timestamptz, revoked_at timestamptz)",
        "SELECT h.workspace_id, h.object_id, h.expires_at, h.revoked_at FROM public_handles h "
        "WHERE h.handle_hash = wanted AND h.purpose = wanted_purpose",
        owner=support.roles().public,
    )


def _create_queue() -> None:
    roles = support.roles()
    queue = roles.jobs_schema
    settings = DBSettings(db_schema=queue, channel=Channel(queue))
    support.run_script(QueryBuilderEnvironment(settings).build_install_query(create_schema=False))
    # It notifies inside the transaction that adds a job, which makes all commits queue up; the kit notifies after it.
    op.execute(f"DROP TRIGGER {settings.trigger} ON {queue}.{settings.queue_table}")
    support.grant(support.ALL_RIGHTS, f"ALL TABLES IN SCHEMA {queue}", roles.worker)
    support.grant("USAGE", f"ALL SEQUENCES IN SCHEMA {queue}", roles.worker)
    support.grant("USAGE", f"ALL SEQUENCES IN SCHEMA {queue}", roles.api)
    # Requests may add a job and learn its number; what other workspaces queued they cannot read.
    support.grant("INSERT, SELECT (id, status, dedupe_key, entrypoint, priority)", f"{queue}.pgqueuer", roles.api)
    support.grant("INSERT", f"{queue}.pgqueuer_log", roles.api)
