"""The list of scopes is the documented one."""

from gateway.access.rules import SCOPES, unknown_scopes

AREAS = """people accounts interactions cases orders sources reps scores policies surveys signals analytics reminders
plans segments templates campaigns journeys coupons channels consents imports exports jobs webhooks keys audit
workspace"""
SPECIAL = """people:read_contact people:read_sensitive people:merge deliveries:read_body privacy:erase privacy:export
campaigns:send policies:activate admin"""


def test_the_scopes_are_complete() -> None:
    expected = {f"{area}:{verb}" for area in AREAS.split() for verb in ("read", "write")} | set(SPECIAL.split())
    assert set(SCOPES) == expected


def test_every_scope_says_what_it_allows() -> None:
    assert all(text.endswith(".") and len(text) > 10 for text in SCOPES.values())


def test_an_unknown_scope_is_named_by_its_place() -> None:
    assert unknown_scopes(["people:read", "people:fly", "admin", "feed:read"]) == [1, 3]
