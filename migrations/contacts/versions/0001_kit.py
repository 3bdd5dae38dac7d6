"""The kit's tables of `contacts`: feed, cursors, idempotency, jobs, public handles, queue."""

from migrations.first import create_kit_tables

revision = "contacts_0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    create_kit_tables()
