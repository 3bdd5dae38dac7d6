"""Examples: one for every schema that a reader looks up, whole and valid.

FastAPI drops null members of the examples that schemas bring, and some show only what a client would send; what is
missing is made of the fields' own descriptions.
"""

from collections.abc import Mapping
from typing import Any

REFERENCE = "#/components/schemas/"
ENDINGS = ("Read", "Create")
DEPTH = 6
BY_FORMAT = {
    "uuid": "0199c0de-0000-7000-8000-000000000001",
    "date-time": "2026-11-22T04:00:00Z",
    "date": "2026-11-22",
    "duration": "PT24H",
    "uri": "https://example.com/",
    "uri-reference": "/v1/me",
    "email": "ming@example.com",
}
BY_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.0, "boolean": False, "null": None}

KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}

Schemas = Mapping[str, Mapping[str, Any]]


def add_examples(schemas: dict[str, dict[str, Any]]) -> None:
    """Give every XRead and XCreate without an example one, and complete those of XReads."""
    for name, schema in schemas.items():
        if name.endswith("Read") and schema.get("examples"):
            schema["examples"] = [completed(schema["examples"][0], schema, schemas, DEPTH)]
    for name, schema in schemas.items():
        if name.endswith(ENDINGS) and not schema.get("examples"):
            schema["examples"] = [example_of(schema, schemas, DEPTH)]


def completed(given: Any, schema: Mapping[str, Any], schemas: Schemas, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    """Return a given example with what it lacks, and without what does not belong to the schema."""
    chosen = _fitting(given, schema, schemas)
    if chosen is None:
        return example_of(schema, schemas, min(depth, 2))
    if isinstance(given, dict) and "properties" in chosen:
        return {
            name: completed(given.get(name), part, schemas, depth - 1) for name, part in chosen["properties"].items()
        }
    if isinstance(given, list):
        return [completed(item, chosen.get("items", {}), schemas, depth - 1) for item in given]
    return given


def _fitting(given: Any, schema: Mapping[str, Any], schemas: Schemas) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON value
    """Return the part of a schema that is of the kind of the given value; None where there is none."""
    if "$ref" in schema:
        return _fitting(given, schemas[str(schema["$ref"]).removeprefix(REFERENCE)], schemas)
    for choice in schema.get("anyOf", ()):
        found = _fitting(given, choice, schemas)
        if found is not None:
            return found
    if "anyOf" in schema:
        return None
    kinds = KINDS.get(str(schema.get("type", "object")), ())
    return schema if isinstance(given, kinds) and not (isinstance(given, bool) and bool not in kinds) else None


def example_of(schema: Mapping[str, Any], schemas: Schemas, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value that a schema allows; deep down null and empty lists, so that it ends."""
    if "$ref" in schema:
        return example_of(schemas[str(schema["$ref"]).removeprefix(REFERENCE)], schemas, depth - 1)
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return _one_of(schema["anyOf"], schemas, depth)
    return _plain(schema, schemas, depth)


def _one_of(choices: list[Mapping[str, Any]], schemas: Schemas, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    may_be_null = any(choice.get("type") == "null" for choice in choices)
    return None if may_be_null and depth <= 1 else example_of(choices[0], schemas, depth)


def _plain(schema: Mapping[str, Any], schemas: Schemas, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {name: example_of(part, schemas, depth - 1) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        wanted = depth > 1 or schema.get("minItems", 0)
        return [example_of(schema.get("items", {}), schemas, depth - 1)] if wanted else []
    if kind == "integer":
        return max(1, int(schema.get("minimum", 1)))
    value = BY_FORMAT.get(str(schema.get("format"))) or BY_TYPE.get(str(kind))
    return value[: schema["maxLength"]] if isinstance(value, str) and "maxLength" in schema else value
