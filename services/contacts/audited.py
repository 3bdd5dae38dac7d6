"""What of contacts is audited; its tables have the triggers (`migrations/audit.py`)."""

from services.contacts.callers import READ_CONTACT
from services.kit.audit.declared import JOBS, Audited

CONTACT = ("emails", "primary_email", "phones", "primary_phone", "addresses", "handles")
AUDITED = (
    Audited("person", "people", "people:read", dict.fromkeys(CONTACT, READ_CONTACT)),
    Audited("account", "accounts", "accounts:read"),
    Audited("rep", "reps", "reps:read"),
    Audited("interaction", "interactions", "interactions:read"),
    Audited("order", "orders", "orders:read"),
    Audited("exchange_rate", "exchange_rates", "workspace:read"),
    Audited("source", "sources", "sources:read"),
    Audited("source_secret", "source_secrets", "sources:read"),
    Audited("import", "imports", "imports:read"),
    JOBS,
)
