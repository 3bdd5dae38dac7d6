"""One document out of all services'; two that mean different things by one name are an error."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from gateway.document import descriptions
from gateway.document.examples import add_examples
from gateway.document.operations import api_routes, complete, written_by_hand

MERGED = ("/v1/jobs", "/v1/audit")
"""Every service has jobs and an audit of its own; the public lists and their items are the gateway's."""
FASTAPIS_OWN = frozenset({"HTTPValidationError", "ValidationError"})
REFERENCE = "#/components/schemas/"
FOREIGN = "x-kith-schema"
"""Stands for a schema that another service describes."""
VERBATIM = frozenset({"examples", "example", "default", "const", "enum"})
"""Hold values, not schemas."""

PAGE = re.compile(r"Page_(\w+)_")

Document = dict[str, Any]


class NamesCollide(Exception):
    """Two services use one name for different things."""


class SchemaMissing(Exception):
    """A view is composed of something that no service describes (any more)."""


def merge(applications: Mapping[str, FastAPI]) -> Document:
    """Return the document of all services; NamesCollide where they contradict one another."""
    paths: Document = {}
    schemas: Document = {"Problem": descriptions.PROBLEM, "ErrorItem": descriptions.ERROR_ITEM}
    tags: dict[str, Document] = {}
    for service, app in applications.items():
        described = describe_service(service, app)
        _add_paths(paths, described["paths"], service)
        _add_named(schemas, described["schemas"], "schema", service)
        _add_named(tags, {tag["name"]: tag for tag in app.openapi_tags or []}, "tag", service)
    _check_operation_ids(paths)
    document: Document = {
        "openapi": "3.1.0",
        "info": descriptions.INFO,
        "servers": descriptions.SERVERS,
        "security": [{descriptions.SECURITY_SCHEME: []}],
        "tags": [tags[name] for name in sorted(tags)],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": descriptions.SECURITY_SCHEMES,
        },
        "x-kith-scopes": descriptions.scopes(),
        "x-kith-problems": descriptions.problem_types(),
    }
    document["components"]["schemas"] = _used_only(document["paths"], document["components"]["schemas"])
    _without_defaults(document)
    add_examples(document["components"]["schemas"])
    return document


def describe_service(service: str, app: FastAPI) -> Document:
    """Return the paths and schemas of one service, completed."""
    raw = deepcopy(app.openapi())
    paths = raw.get("paths", {})
    for path, method, route in api_routes(app):
        complete(paths[path][method], path, method, route, service)
    for path, item in getattr(app.state, "documented", {}).items():
        paths[path] = {method: written_by_hand(operation, service) for method, operation in item.items()}
    if service != "gateway":
        paths = {path: item for path, item in paths.items() if not is_merged(path)}
    schemas = getattr(app.state, "schemas", {}) | raw.get("components", {}).get("schemas", {})
    kept = {name: schema for name, schema in schemas.items() if name not in FASTAPIS_OWN}
    described: Document = without_titles(rename({"paths": paths, "schemas": kept}))
    for name, schema in described["schemas"].items():
        if name.endswith("Page"):
            schema.setdefault("description", "A page of a list.")
    return described


def is_merged(path: str) -> bool:
    """Tell whether a path belongs to a resource that the gateway merges."""
    return any(path == own or path.startswith(f"{own}/") for own in MERGED)


def rename(described: Document) -> Document:
    """Give schemas of FastAPI's making names that a client generator can use: `X-Input` becomes `XInput`."""
    names = {name: tidy(name) for name in described["schemas"]}
    schemas = {names[name]: schema for name, schema in described["schemas"].items()}
    renamed: Document = _with_references({"paths": described["paths"], "schemas": schemas}, names)
    return renamed


def tidy(name: str) -> str:
    """Return a name without dashes and underscores: `Thing-Input` -> `ThingInput`, `Page_Thing_` -> `ThingPage`."""
    page = PAGE.fullmatch(name)
    return (f"{page[1]}Page" if page else name).replace("-", "").replace("_", "")


def without_titles(value: Any) -> Any:  # noqa: ANN401 - any part of the document
    """Leave out the titles that pydantic makes of field names: they say nothing that the name does not."""
    if isinstance(value, list):
        return [without_titles(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_schema = isinstance(value.get("title"), str)
    return {
        key: item if key in VERBATIM else without_titles(item)
        for key, item in value.items()
        if not (is_schema and key == "title")
    }


def _with_references(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - any part of the document
    if isinstance(value, list):
        return [_with_references(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    if FOREIGN in value:
        return {"$ref": f"{REFERENCE}{value[FOREIGN]}"}
    return {
        key: _reference(item, names) if key == "$ref" else _with_references(item, names) for key, item in value.items()
    }


def _reference(target: str, names: Mapping[str, str]) -> str:
    name = target.removeprefix(REFERENCE)
    return f"{REFERENCE}{names.get(name, name)}"


def _add_paths(paths: Document, new: Document, service: str) -> None:
    for path, item in new.items():
        twice = paths.get(path, {}).keys() & item.keys()
        if twice:
            raise NamesCollide(f"{service} and another service both answer {sorted(twice)} of {path}")
        paths[path] = paths.get(path, {}) | item


def _add_named(named: Document, new: Document, kind: str, service: str) -> None:
    for name, value in new.items():
        if named.setdefault(name, value) != value:
            raise NamesCollide(f"{service} means another {kind} by {name!r} than a service before it")


def _check_operation_ids(paths: Document) -> None:
    seen: dict[str, str] = {}
    for path, item in paths.items():
        for operation in item.values():
            name = operation["operationId"]
            if name in seen:
                raise NamesCollide(f"{name} is the operationId of {path} and of {seen[name]}")
            seen[name] = path


def _without_defaults(document: Document) -> None:
    """Leave defaults out of what is only answered: it is always there, so a default would say nothing true."""
    schemas = document["components"]["schemas"]
    operations = [one for item in document["paths"].values() for one in item.values()]
    taken = _used_only([[one.get("parameters"), one.get("requestBody")] for one in operations], schemas)
    for name in schemas.keys() - taken.keys():
        for field in schemas[name].get("properties", {}).values():
            field.pop("default", None)


def _used_only(place: Any, schemas: Document) -> Document:  # noqa: ANN401 - any part of the document
    """Return the schemas that something refers to, directly or through others."""
    used = {"ErrorItem"}
    waiting = list(_referred(place))
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            raise SchemaMissing(f"the document refers to {name}, which no service describes")
        if name not in used:
            used.add(name)
            waiting += _referred(schemas[name])
    return {name: schema for name, schema in schemas.items() if name in used}


def _referred(value: Any) -> Iterator[str]:  # noqa: ANN401 - any part of the document
    if isinstance(value, list):
        for item in value:
            yield from _referred(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item.removeprefix(REFERENCE)
            elif key not in VERBATIM:
                yield from _referred(item)
