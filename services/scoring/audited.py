"""What of scoring is audited; its tables have the triggers (`migrations/audit.py`)."""

from services.kit.audit.declared import JOBS, Audited

AUDITED = (Audited("scoring_policy", "scoring_policies", "policies:read"), JOBS)
