"""What of campaigns is audited; its tables have the triggers (`migrations/audit.py`)."""

from services.kit.audit.declared import JOBS, Audited

AUDITED = (
    Audited("reminder", "reminders", "reminders:read"),
    Audited("care_rule", "care_rules", "reminders:read"),
    JOBS,
)
