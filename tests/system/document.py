"""The published document as a list of operations, with bodies and paths that fit them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

Json = dict[str, Any]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"\{([^}]+)\}")
NOBODY = UUID("01990000-0000-7000-8000-00000000dead")
FORMATS = {
    "uuid": str(NOBODY),
    "date-time": "2026-11-01T08:00:00Z",
    "date": "2026-11-01",
    "email": "nobody@mail.example",
    "duration": "PT24H",
}


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    spec: Json
    schemas: Json

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scopes(self) -> tuple[str, ...]:
        """Scopes that it requires."""
        return tuple(self.spec.get("x-required-scopes") or ())

    @property
    def is_public(self) -> bool:
        """Whether it needs no key."""
        return self.spec.get("security") == []

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters in its path."""
        return tuple(PARAMETER.findall(self.path))

    def address(self, values: dict[str, str] | None = None) -> str:
        """Fill in the path; what has no value becomes the id of nobody."""
        return PARAMETER.sub(lambda found: (values or {}).get(found[1], str(NOBODY)), self.path)

    def request(self) -> Json:
        """Return a body that fits, as arguments for the client."""
        content = (self.spec.get("requestBody") or {}).get("content") or {}
        for kind, media in content.items():
            if "json" in kind:
                return {"json": self._example(media["schema"], media.get("example"))}
            if "multipart" in kind:
                return {"files": {"file": ("x.csv", b"external_id\n1\n", "text/csv")}, "data": {"kind": "orders"}}
        return {}

    def _example(self, schema: Json, given: object = None) -> object:
        if given is not None:
            return given
        if "$ref" in schema:
            return self._example(self.schemas[schema["$ref"].rpartition("/")[2]])
        if schema.get("examples"):
            return schema["examples"][0]
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self._example(schema[key][0])
        return self._made_up(schema)

    def _made_up(self, schema: Json) -> object:
        kind = schema.get("type")
        if schema.get("enum"):
            return schema["enum"][0]
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self._example(properties[name]) for name in schema.get("required", ())}
        if kind == "array":
            return [self._example(schema["items"])] * int(schema.get("minItems", 0))
        if kind in {"integer", "number"}:
            return schema.get("minimum", 1)
        return True if kind == "boolean" else FORMATS.get(str(schema.get("format")), "nobody")


def operations() -> list[Operation]:
    """Return every operation of the committed document."""
    document = json.loads(DOCUMENT.read_text())
    schemas = document.get("components", {}).get("schemas", {})
    return [
        Operation(method.upper(), path, item[method], schemas)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
