"""The audit: who changed what, chained so that nobody can change it unseen."""

from migrations.audit import audit, create_audit

revision = "gateway_0005"
down_revision = "gateway_0004"


def upgrade() -> None:
    """Apply."""
    create_audit()
    audit("api_keys", "api_key", left_out=["public_id", "last_used_at"], secret=["secret_hash"])
    audit("workspaces", "workspace", id_column="workspace_id")
