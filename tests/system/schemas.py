"""Schemas of the document: a value that fits, every place in it, and values that a place refuses."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker

Json = dict[str, Any]
Path = tuple[str | int, ...]

DEPTH = 6
REFERENCE = "#/components/schemas/"
NEVER: tuple[object, ...] = ("§", 7, 0.5, True, None, [], ["§"], {"§": 1}, "", "true", "7")
"""One of each kind, and texts that a lenient reader would take for something else."""
BY_FORMAT: dict[str, tuple[str, ...]] = {
    "date-time": ("2026-11-01T08:00:00", "2026-13-01T08:00:00Z", "2026-11-01", "1762000000"),
    "date": ("2026-13-01", "2026-11-01T08:00:00Z", "1762000000"),
    "uuid": ("not-an-id", "01990000-0000-7000-8000-00000000dea"),
    "email": ("nobody",),
    "duration": ("24h", "P"),
}
NOBODY = UUID("01990000-0000-7000-8000-00000000dead")
SAMPLES = {
    "uuid": str(NOBODY),
    "date-time": "2026-11-01T08:00:00Z",
    "date": "2026-11-01",
    "email": "nobody@mail.example",
    "duration": "PT24H",
}
FORMATS = FormatChecker(formats=())
SHAPES = {
    "date-time": re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)"),
    "date": re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d\d"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "email": re.compile(r"\S+@\S+\.\S+"),
    "duration": re.compile(r"-?P(?=.)(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
}
for name, shape in SHAPES.items():
    FORMATS.checks(name)(lambda value, shape=shape: not isinstance(value, str) or bool(shape.fullmatch(value)))


@dataclass(frozen=True)
class Schemas:
    """The schemas of the document."""

    named: Json

    def resolve(self, schema: Json) -> Json:
        """Follow a reference; a schema without one is its own."""
        while "$ref" in schema:
            schema = self.named[schema["$ref"].removeprefix(REFERENCE)]
        return schema

    def fits(self, schema: Json, value: object) -> bool:
        """Tell whether a schema allows a value, its format included."""
        return bool(self._validator(schema).is_valid(value))

    def sample(self, schema: Json, *, whole: bool = False, depth: int = DEPTH) -> Any:  # noqa: ANN401 - any JSON value
        """Return a value that fits: with what is required only, or with every field however deep."""
        schema = self.resolve(schema)
        if schema.get("examples") and not (whole and "properties" in schema):
            return schema["examples"][0]
        for key in ("const", "default"):
            if key in schema and not whole:
                return schema[key]
        choices = self._choices(schema)
        if choices != [schema]:
            return self.sample(max(choices, key=_size) if whole else choices[0], whole=whole, depth=depth)
        return self._made_up(schema, whole=whole, depth=depth)

    def _made_up(self, schema: Json, *, whole: bool, depth: int) -> object:
        kind = schema.get("type")
        if "const" in schema or schema.get("enum"):
            return schema.get("const") or schema["enum"][0]
        if kind == "object":
            fields = schema.get("properties", {}) if depth else {}
            wanted = fields if whole else schema.get("required", ())
            return {name: self.sample(fields[name], whole=whole, depth=depth - 1) for name in wanted}
        if kind == "array":
            count = max(int(schema.get("minItems", 0)), int(whole and depth > 0))
            return [self.sample(schema["items"], whole=whole, depth=depth - 1)] * count
        if kind in {"integer", "number"}:
            return schema.get("minimum", 1)
        return True if kind == "boolean" else SAMPLES.get(str(schema.get("format")), "nobody")

    def places(self, schema: Json, value: object, path: Path = ()) -> Iterator[tuple[Path, Json]]:
        """Yield every place in a whole value, with the schema that holds there."""
        yield path, schema
        for chosen in self._choices(schema):
            if isinstance(value, dict):
                for name, field in chosen.get("properties", {}).items():
                    if name in value:
                        yield from self.places(field, value[name], (*path, name))
            elif isinstance(value, list) and value and "items" in chosen:
                yield from self.places(chosen["items"], value[0], (*path, 0))

    def misfits(self, schema: Json) -> list[object]:
        """Return values that a schema refuses, one of each kind."""
        validator = self._validator(schema)
        found: dict[str, object] = {}
        for value in (*NEVER, *self._beyond(schema)):
            if not validator.is_valid(value):
                found.setdefault(repr(value), value)
        return list(found.values())

    def _validator(self, schema: Json) -> Draft202012Validator:
        whole = {**schema, "components": {"schemas": self.named}}
        return Draft202012Validator(whole, format_checker=FORMATS)

    def _choices(self, schema: Json) -> list[Json]:
        schema = self.resolve(schema)
        inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        return [self.resolve(one) for one in inner] if inner else [schema]

    def _beyond(self, schema: Json) -> Iterator[object]:
        """Yield values just beyond the bounds of a schema."""
        for chosen in self._choices(schema):
            yield from BY_FORMAT.get(str(chosen.get("format")), ())
            if "maxLength" in chosen:
                yield "x" * (chosen["maxLength"] + 1)
            if "maximum" in chosen:
                yield chosen["maximum"] + 1
            if "minimum" in chosen:
                yield chosen["minimum"] - 1
            if "maxItems" in chosen:
                yield [None] * (chosen["maxItems"] + 1)


def _size(schema: Json) -> int:
    """Rank choices by how much can stand in them."""
    return ("null", "array", "object").index(schema["type"]) if schema.get("type") in {"array", "object"} else 0


def put(body: object, places: dict[Path, object]) -> Any:  # noqa: ANN401 - any JSON value
    """Return a copy of a body with other values in some places."""
    copied: Any = copy.deepcopy(body)
    for path, value in places.items():
        inner = copied
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
    return copied


def pointer(path: Path) -> str:
    """Return a path as a JSON pointer fragment."""
    return "#" + "".join(f"/{step}" for step in path)
