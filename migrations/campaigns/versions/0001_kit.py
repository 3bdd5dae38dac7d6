"""The kit's tables of `campaigns`: feed, cursors, idempotency, jobs, public handles, queue."""

from migrations.first import create_kit_tables

revision = "campaigns_0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    create_kit_tables()
