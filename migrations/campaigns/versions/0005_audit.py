"""The audit: who changed what, chained so that nobody can change it unseen."""

from migrations.audit import JOBS_OWN, audit, create_audit

revision = "campaigns_0005"
down_revision = "campaigns_0004"


def upgrade() -> None:
    """Apply."""
    create_audit()
    audit("reminders", "reminder", left_out=["sweep_at", "fact_at"])
    audit("care_rules", "care_rule")
    audit("jobs", "job", left_out=JOBS_OWN)
