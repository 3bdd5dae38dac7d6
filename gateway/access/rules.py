"""The complete list of scopes and what each allows."""

_AREAS: dict[str, tuple[str, str]] = {
    "people": ("people without their contact fields", "people"),
    "accounts": ("accounts and their key people", "accounts"),
    "interactions": ("interactions, visits, gifts and promises", "interactions, visits, gifts and promises"),
    "cases": ("cases and their deadlines", "cases"),
    "orders": ("orders, products and refunds", "orders and refunds"),
    "sources": ("connected shops, their health and deliveries", "shops, their secrets, replays and back-fills"),
    "reps": ("staff, their day lists and calendars", "staff, working calendars and handovers"),
    "scores": ("scores, their reasons and history", "scores: start a recomputation"),
    "policies": ("scoring policies and service policies", "drafts of policies"),
    "surveys": ("surveys and their answers", "surveys, invitations and answers taken by staff"),
    "signals": ("churn warnings, potentials, goals", "warnings, potentials, tiered lists and goals"),
    "analytics": ("analytics", "saved analytics"),
    "reminders": ("reminders, care rules and plays", "reminders: complete, snooze, skip, reassign; care rules"),
    "plans": ("action plans", "action plans, their actions and reviews"),
    "segments": ("segments and who is in them", "segments"),
    "templates": ("templates", "templates"),
    "campaigns": ("campaigns, their messages and reports", "campaigns as drafts; sending needs `campaigns:send`"),
    "journeys": ("journeys", "journeys"),
    "coupons": ("coupons, memberships and their use", "coupons and memberships"),
    "channels": ("channels and suppressions", "channels, their credentials, and suppressions"),
    "consents": ("consents and their evidence", "consents"),
    "imports": ("imports and their reports", "imports"),
    "exports": ("exports and their files", "exports"),
    "jobs": ("long-running jobs", "jobs: cancel and resume"),
    "webhooks": ("outbound webhook endpoints and the event journal", "outbound webhook endpoints"),
    "keys": ("API keys, never their secrets", "API keys: create, rotate, revoke"),
    "audit": ("the audit log", "notes on entries of the audit log"),
    "workspace": ("settings of the workspace", "settings of the workspace, users and teams"),
}
_SPECIAL: dict[str, str] = {
    "people:read_contact": "Read and filter by e-mail addresses, telephone numbers, postal addresses and handles.",
    "people:read_sensitive": "Read fields that are marked sensitive.",
    "people:merge": "Join two people or accounts, and undo it.",
    "deliveries:read_body": "Read the stored body of a shop's delivery.",
    "privacy:erase": "Erase a person for good.",
    "privacy:export": "Export all that is known about a person.",
    "campaigns:send": "Schedule, start and resume campaigns.",
    "policies:activate": "Put a policy into force.",
    "admin": "Everything above.",
}
ADMIN = "admin"
SCOPES: dict[str, str] = {
    scope: text
    for area, (read, write) in _AREAS.items()
    for scope, text in ((f"{area}:read", f"Read {read}."), (f"{area}:write", f"Change {write}."))
} | _SPECIAL


def unknown_scopes(scopes: list[str]) -> list[int]:
    """Return the places in `scopes` that name no scope."""
    return [place for place, scope in enumerate(scopes) if scope not in SCOPES]
