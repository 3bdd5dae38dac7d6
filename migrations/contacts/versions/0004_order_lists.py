"""An index for lists of orders by the time of their last change: how other systems keep up."""

from alembic import op

revision = "contacts_0004"
down_revision = "contacts_0003"


def upgrade() -> None:
    """Apply."""
    op.create_index("orders_updated_idx", "orders", ["workspace_id", "updated_at", "id"])
