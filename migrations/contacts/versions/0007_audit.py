"""The audit: who changed what, chained so that nobody can change it unseen."""

from migrations.audit import JOBS_OWN, audit, create_audit

revision = "contacts_0007"
down_revision = "contacts_0006"


def upgrade() -> None:
    """Apply."""
    create_audit()
    audit("people", "person", left_out=["provenance", "released_keys"])
    audit("accounts", "account", left_out=["provenance", "released_keys"])
    audit("reps", "rep")
    audit("interactions", "interaction", left_out=["effects"])
    audit(
        "orders",
        "order",
        left_out=["body_hash", "merge_state", "status_rank", "deleted_balance", "platform_updated_at", "effects"],
    )
    audit("exchange_rates", "exchange_rate")
    audit("sources", "source", left_out=["rejected", "rejected_at"])
    audit("source_secrets", "source_secret", secret=["sealed"])
    audit("imports", "import")
    audit("jobs", "job", left_out=JOBS_OWN)
