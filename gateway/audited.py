"""What of the gateway's own is audited; its tables have the triggers (`migrations/audit.py`)."""

from services.kit.audit.declared import Audited

AUDITED = (
    Audited("api_key", "api_keys", "keys:read"),
    Audited("team", "teams", "workspace:read"),
    Audited("workspace", "workspaces", "workspace:read"),
)
