"""The matcher finds the operation that the document means, and nothing beside it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.door.routes import Routes


def document(*templates: str, method: str = "get") -> dict[str, Any]:
    return {"paths": {template: {method: operation(template)} for template in templates}}


def operation(template: str, service: str = "contacts") -> dict[str, Any]:
    return {"x-kith-service": service, "operationId": template, "x-required-scopes": ["people:read"]}


ROUTES = Routes(
    document(
        "/v1/people",
        "/v1/people/{id}",
        "/v1/people/lookup",
        "/v1/people/{id}/merge",
        "/v1/people/external/{source}/{external_id}",
        "/v1/reps/me/today",
        "/v1/reps/{id}/today",
        "/v1/reps/{id}",
        "/v1/calendars/{token}.ics",
        "/v1/analytics/{report}",
        "/v1/analytics/{report}.svg",
    )
)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/people", "/v1/people"),
        ("/v1/people/lookup", "/v1/people/lookup"),
        ("/v1/people/0190", "/v1/people/{id}"),
        ("/v1/people/0190/merge", "/v1/people/{id}/merge"),
        ("/v1/people/external/shop/1001", "/v1/people/external/{source}/{external_id}"),
        ("/v1/people/external/shop/gid://shopify/Customer/1", "/v1/people/external/{source}/{external_id}"),
        ("/v1/people/external/shop/a%2Fb", "/v1/people/external/{source}/{external_id}"),
        ("/v1/people/external/shop/a/", "/v1/people/external/{source}/{external_id}"),
        ("/v1/reps/me/today", "/v1/reps/me/today"),
        ("/v1/reps/me", "/v1/reps/{id}"),
        ("/v1/reps/0190/today", "/v1/reps/{id}/today"),
        ("/v1/calendars/abc.ics", "/v1/calendars/{token}.ics"),
        ("/v1/analytics/rfm.svg", "/v1/analytics/{report}.svg"),
        ("/v1/analytics/rfm", "/v1/analytics/{report}"),
    ],
)
def test_a_path_finds_its_template(path: str, template: str) -> None:
    place = ROUTES.find(path)
    assert place is not None
    assert place.template == template


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1",
        "/v1/",
        "/v1/people/",
        "/v1/people//merge",
        "/v1/people/0190%2Fmerge",
        "/v1/people/0190%2fmerge",
        "/v1/people/0190/unknown",
        "/v1/people/external/shop",
        "/v1/people/external/shop/",
        "/v1/people/external/shop/x/../../../../internal/names",
        "/v1/people/external/shop/%2e%2E/x",
        "/v1/people/..",
        "/v1/calendars/.ics",
        "/v1/calendars/abc",
        "/internal/names",
        "/feed",
        "//v1/people",
        "/V1/people",
    ],
)
def test_a_path_that_is_not_in_the_document_is_not_found(path: str) -> None:
    assert ROUTES.find(path) is None


def test_a_path_knows_its_methods() -> None:
    both = document("/v1/people", method="get")
    both["paths"]["/v1/people"]["post"] = operation("create_person")
    place = Routes(both).find("/v1/people")
    assert place is not None
    assert place.allow == "GET, HEAD, OPTIONS, POST"
    assert place.operation("POST") is not None
    assert place.operation("PATCH") is None


def test_a_webhook_address_takes_any_method_that_a_platform_needs() -> None:
    place = Routes(document("/v1/webhooks/{source_id}", method="post")).find("/v1/webhooks/0190")
    assert place is not None
    found = place.operation("OPTIONS")
    assert found is not None
    assert found.takes_webhooks


def test_an_operation_without_a_service_is_not_routed() -> None:
    raw = document("/v1/people")
    del raw["paths"]["/v1/people"]["get"]["x-kith-service"]
    assert Routes(raw).find("/v1/people") is None


@given(st.text(alphabet="abz09/.-_~%2fF{}", max_size=40))
def test_any_text_is_matched_or_refused_without_an_error(text: str) -> None:
    place = ROUTES.find("/v1/" + text)
    assert place is None or place.template.startswith("/v1/")
