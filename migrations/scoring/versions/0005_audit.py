"""The audit: who changed what, chained so that nobody can change it unseen."""

from migrations.audit import JOBS_OWN, audit, create_audit

revision = "scoring_0005"
down_revision = "scoring_0004"


def upgrade() -> None:
    """Apply."""
    create_audit()
    audit("scoring_policies", "scoring_policy")
    audit("jobs", "job", left_out=JOBS_OWN)
