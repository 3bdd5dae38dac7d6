"""Rules of the API that spectral cannot see: what every schema, parameter and list of the document keeps."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.gateway.conftest import merged

Json = dict[str, Any]

REFERENCE = "#/components/schemas/"
OUTPUT_ENDINGS = ("Read", "Summary", "Page", "Event")
LIST = {"limit", "cursor", "ids", "sort", "count"}
BOUNDED_BY_NATURE = ("format", "enum", "const", "pattern")
"""What bounds a text besides maxLength."""
BOUNDED_OTHERWISE = {
    "items/quantity": "a decimal, as a number or as text, of at most 13 digits",
    "rule/value": "compared with a field, whose own bounds hold",
    "value/items": "the same",
}
"""Inputs whose bounds the schema cannot say, and why."""
SHAPES = {"properties", "additionalProperties", "patternProperties"}
WITHOUT_SHAPE = {"200/cases/items/items", "200/messages/items/items", "200/items/items/data"}
"""Cases and messages are parts of the 360 that are always empty so far; events bring data of many shapes."""
MAPS_OF_ANY_VALUE = ("profile/additionalProperties",)
NOT_OF_EVERY_RULE = ("parameters/levels",)
"""A parameter that a care rule does not have is null, whatever its type."""
NAMELESS = {
    ("data", "*"): "events carry ids and numbers only, so that nothing of a person stays in them",
    ("webhooks", "delivery_id"): "a shop learns no more than the id",
}
"""Where no name stands beside an id, and why."""
OTHER_LISTS = {
    "GET /v1/events": "a journal is read onwards from an event",
    "GET /v1/source-platforms": "the same few for everybody",
}
"""Lists that are no lists of rows, and why."""
ADVICE = {"Accept-Language"}
"""Headers that are never refused, whatever stands in them."""


def operations() -> Iterator[tuple[str, Json]]:
    for path, item in merged()["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def resolved(schema: Json) -> Json:
    while "$ref" in schema:
        schema = merged()["components"]["schemas"][schema["$ref"].removeprefix(REFERENCE)]
    return schema


def walk(schema: Json, place: str, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, Json]]:
    """Yield a schema and everything in it, with where it stands."""
    reference = schema.get("$ref", "")
    if reference in seen:
        return
    seen = seen | {reference} if reference else seen
    schema = resolved(schema)
    yield place, schema
    for name, field in schema.get("properties", {}).items():
        yield from walk(field, f"{place}/{name}", seen)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from walk(schema[key], f"{place}/{key}", seen)
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from walk(choice, place, seen)


def inputs() -> Iterator[tuple[str, Json]]:
    """Yield every schema of a body or parameter."""
    for name, operation in operations():
        for parameter in operation.get("parameters", ()):
            if parameter["name"] not in ADVICE:
                yield from walk(parameter["schema"], f"{name} {parameter['name']}")
        if operation.get("security") != []:
            for media in operation.get("requestBody", {}).get("content", {}).values():
                yield from walk(media["schema"], f"{name} #")


def outputs() -> Iterator[tuple[str, Json]]:
    """Yield every schema of an answer that is no error."""
    for name, operation in operations():
        for status, response in operation["responses"].items():
            if status < "300":
                for media in response.get("content", {}).values():
                    yield from walk(media["schema"], f"{name} {status}")


def unbounded(schema: Json) -> bool:
    kind = schema.get("type")
    if kind == "string":
        return "maxLength" not in schema and not any(name in schema for name in BOUNDED_BY_NATURE)
    if kind == "array":
        return "maxItems" not in schema
    if kind in {"integer", "number"}:
        low = "minimum" in schema or "exclusiveMinimum" in schema
        return not (low and ("maximum" in schema or "exclusiveMaximum" in schema))
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return not schema.keys() & {"maxProperties", "propertyNames"}
    return False


def test_every_input_is_bounded() -> None:
    found = {place for place, schema in inputs() if unbounded(schema)}
    assert sorted(place for place in found if not place.endswith(tuple(BOUNDED_OTHERWISE))) == []


def test_no_object_is_bare() -> None:
    bare = {
        place
        for place, schema in (*inputs(), *outputs())
        if schema.get("type") == "object"
        and not schema.keys() & {"properties", "additionalProperties", "patternProperties"}
    }
    assert {place.rpartition(" ")[2] for place in bare} <= WITHOUT_SHAPE


def test_no_output_has_a_default() -> None:
    assert sorted({place for place, schema in outputs() if "default" in schema}) == []


def test_every_field_of_an_output_is_always_there() -> None:
    missing = {
        f"{place}/{name}"
        for place, schema in outputs()
        for name in schema.get("properties", {})
        if name not in schema.get("required", ())
    }
    assert sorted(missing) == []


def test_every_enum_of_an_output_is_open() -> None:
    closed: set[str] = set()
    open_ones: set[str] = set()
    for place, schema in outputs():
        if schema.get("type") == "string" and not any(name in schema for name in BOUNDED_BY_NATURE):
            open_ones.add(place)
        if ("enum" in schema or "const" in schema) and not schema.get("x-closed-enum"):
            closed.add(place)
    assert sorted(closed - open_ones) == []


def test_no_array_or_map_of_an_output_is_null() -> None:
    nullable = set()
    for place, schema in outputs():
        kinds = {resolved(choice).get("type") for choice in schema.get("anyOf", ())}
        if "null" in kinds and "array" in kinds:
            nullable.add(place)
    assert sorted(place for place in nullable if not place.endswith(MAPS_OF_ANY_VALUE + NOT_OF_EVERY_RULE)) == []


def test_a_name_stands_beside_every_id_of_a_resource() -> None:
    alone = set()
    for place, schema in outputs():
        fields = schema.get("properties", {})
        for name, field in fields.items():
            kinds = [resolved(choice) for choice in (field, *field.get("anyOf", ()))]
            is_id = name.endswith("_id") and any(kind.get("format") == "uuid" for kind in kinds)
            if is_id and name.removesuffix("_id") not in fields:
                alone.add((place, name))
    assert sorted(one for one in alone if not is_excused(*one)) == []


def is_excused(place: str, name: str) -> bool:
    """Tell whether a reason is given for an id without a name."""
    return any(
        (end in {name, "*"}) and (place.endswith(f"/{where}") or f"/{where}" in place) for where, end in NAMELESS
    )


def test_every_list_takes_what_every_list_takes() -> None:
    lacking = {}
    for name, operation in operations():
        schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        if name.startswith("GET ") and schema.get("$ref", "").endswith("Page"):
            taken = {parameter["name"] for parameter in operation.get("parameters", ())}
            if not taken >= LIST and name not in OTHER_LISTS:
                lacking[name] = sorted(LIST - taken)
    assert lacking == {}


def test_every_operation_says_its_name_and_its_scopes() -> None:
    silent = [name for name, one in operations() if not one.get("operationId") or "x-required-scopes" not in one]
    assert silent == []


@pytest.mark.parametrize("name", [name for name, one in operations() if "requestBody" in one])
def test_the_examples_of_a_body_fit_it(name: str) -> None:
    operation = dict(operations())[name]
    for media in operation["requestBody"]["content"].values():
        schema = {**media["schema"], "components": merged()["components"]}
        given = [media["example"]] if "example" in media else []
        for example in (*given, *resolved(media["schema"]).get("examples", ())):
            Draft202012Validator(schema).validate(example)
