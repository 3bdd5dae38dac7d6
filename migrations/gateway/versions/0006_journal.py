"""The journal of everything that happened, for callers who keep up by pulling."""

import sqlalchemy as sa
from alembic import op

from migrations import support
from migrations.journal import DROP_PARTITIONS, ENSURE_PARTITIONS

revision = "gateway_0006"
down_revision = "gateway_0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "journal",
        support.workspace_id(),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text()),
        sa.Column("object_id", sa.Uuid()),
        sa.Column("customer_id", sa.Uuid()),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "position", "recorded_at"),
        postgresql_partition_by="RANGE (recorded_at)",
    )
    support.tenant_table("journal", api="SELECT", worker="SELECT, INSERT", finder=False)
    op.create_table(
        "journal_heads",
        support.workspace_id(),
        sa.Column("head", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        support.instant("recorded_at", nullable=False, default_now=True),
        sa.PrimaryKeyConstraint("workspace_id"),
    )
    op.execute("ALTER TABLE journal_heads SET (fillfactor = 50)")
    support.tenant_table("journal_heads", api="SELECT", worker="SELECT, INSERT, UPDATE", finder=False)
    for sql, call in (
        (ENSURE_PARTITIONS, "ensure_journal_partitions(integer)"),
        (DROP_PARTITIONS, "drop_journal_partitions(timestamptz)"),
    ):
        op.execute(sql.replace(":schema", support.roles().schema))
        op.execute(f"REVOKE ALL ON FUNCTION {call} FROM PUBLIC")
        support.grant("EXECUTE", f"FUNCTION {call}", support.roles().worker)
