"""The committed document: up to date, valid, complete, and what the gateway routes by."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.routing import Route

from gateway.access.rules import SCOPES
from gateway.document.applications import build_applications
from gateway.door.routes import Routes, operations
from gateway.openapi import differences, render
from gateway.settings import DOCUMENT
from tests.gateway.conftest import merged

INNER = ("/internal/", "/v1/jobs", "/health/", "/feed", "/snapshot", "/docs", "/problems", "/openapi.json")


def all_operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = merged()["paths"]
    return [(path, method, found) for path, item in paths.items() for method, found in item.items()]


def test_the_committed_document_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), "run `make openapi` and look at the difference"


def test_the_same_code_always_gives_the_same_document() -> None:
    assert orjson.loads(render()) == merged()


def test_it_is_a_valid_openapi_document() -> None:
    validate(merged())


def test_every_documented_operation_is_routed_to_its_service() -> None:
    document = merged()
    routes = Routes(document)
    for operation in operations(document):
        place = routes.find(operation.template.replace("{", "").replace("}", ""))
        assert place is not None, operation.template
        assert place.operation(operation.method) is not None, operation


def test_every_route_of_a_service_is_documented_or_inner() -> None:
    paths = merged()["paths"]
    for service, app in build_applications().items():
        for route in app.routes:
            assert isinstance(route, APIRoute | Route), route
            path = route.path_format
            assert path in paths or path.startswith(INNER), f"{path} of {service} is in no document"


def test_every_operation_names_scopes_that_exist() -> None:
    for path, method, operation in all_operations():
        assert set(operation["x-required-scopes"]) <= SCOPES.keys(), f"{method} {path}"


def test_only_public_operations_need_no_key() -> None:
    public = {path for path, _, operation in all_operations() if operation.get("security") == []}
    assert public <= {"/v1/webhooks/{source_id}"}


def test_every_problem_type_that_is_named_has_a_page() -> None:
    types = merged()["x-kith-problems"].keys()
    for path, method, operation in all_operations():
        for response in operation["responses"].values():
            assert set(response.get("x-problem-types", ())) <= types, f"{method} {path}"


@pytest.mark.parametrize("name", sorted(merged()["components"]["schemas"]))
def test_examples_are_valid(name: str) -> None:
    components = merged()["components"]
    schema = {"$ref": f"#/components/schemas/{name}", "components": components}
    for example in components["schemas"][name].get("examples", ()):
        Draft202012Validator(schema).validate(example)


def test_a_file_that_is_out_of_date_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    assert differences(file, "new\n")
    file.write_text("new\n")
    assert differences(file, "new\n") == []
    assert "-new" in differences(file, "newer\n")
