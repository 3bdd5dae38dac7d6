"""Schemas as people read them: one table per component, types in a few words, links between them."""

from collections.abc import Mapping
from html import escape
from typing import Any

import orjson

from gateway.pages.html import code, inline, link, table

REFERENCE = "#/components/schemas/"
LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "default")
MOST_VALUES = 40

Schema = Mapping[str, Any]


def component(name: str, schema: Schema) -> str:
    """Return the section of one component."""
    required = set(schema.get("required", ()))
    rows = [
        [code(field) + (" *" if field in required else ""), type_of(part), remarks(part)]
        for field, part in schema.get("properties", {}).items()
    ]
    plain = "" if rows else f"<p>{type_of(schema)}</p>"
    return (
        f'<h3 id="schema-{escape(name)}">{escape(name)}</h3><p>{inline(schema.get("description", ""))}</p>{plain}'
        + table(["field (* = always there or required)", "type", ""], rows)
        + examples(schema)
    )


def type_of(schema: Schema) -> str:
    """Return a type in a few words, as HTML."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix(REFERENCE)
        return link(f"#schema-{name}", escape(name))
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " | ".join(type_of(part) for part in schema[word])
    return _plain_type(schema)


def _plain_type(schema: Schema) -> str:
    if "enum" in schema:
        return " | ".join(code(str(value)) for value in schema["enum"][:MOST_VALUES])
    if "const" in schema:
        return code(str(schema["const"]))
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map of text to {type_of(schema['additionalProperties'])}"
    kind = schema.get("type", "any value")
    return escape(f"{kind} ({schema['format']})" if "format" in schema else str(kind))


def remarks(schema: Schema) -> str:
    """Return the description and the limits of a field, as HTML."""
    bounds = ", ".join(f"{name} {schema[name]}" for name in LIMITS if schema.get(name) is not None)
    text = inline(str(schema.get("description", "")))
    return f'{text} <span class="soft">{escape(bounds)}</span>' if bounds else text


def examples(schema: Schema) -> str:
    """Return the examples of a schema, folded away."""
    shown = [
        escape(orjson.dumps(example, option=orjson.OPT_INDENT_2).decode(), quote=False)
        for example in schema.get("examples", ())
    ]
    return "".join(f"<details><summary>Example</summary><pre>{text}</pre></details>" for text in shown)
