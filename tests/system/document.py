"""The published document as a list of operations, with bodies and paths that fit them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.kit.settings import ServiceSettings
from tests.system.schemas import NOBODY, Schemas

Json = dict[str, Any]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"\{([^}]+)\}")
MAX_BODY = ServiceSettings.model_fields["max_body_bytes"].default
JSON_TYPES = ("application/json", "application/merge-patch+json")


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    spec: Json
    schemas: Schemas

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

    @property
    def is_batch(self) -> bool:
        """Whether the items in its body are judged one by one in the answer, as the single operation judges them."""
        return self.path.endswith("/batch")

    @property
    def largest_body(self) -> int:
        """Most bytes that its body may have."""
        return int(self.spec.get("x-kith-max-body", MAX_BODY))

    @property
    def media_type(self) -> str:
        """Media type of its body; empty without one."""
        return next(iter((self.spec.get("requestBody") or {}).get("content") or {}), "")

    @property
    def body(self) -> Json | None:
        """The schema of its body where that is JSON of ours."""
        content = (self.spec.get("requestBody") or {}).get("content") or {}
        return content[self.media_type]["schema"] if self.media_type in JSON_TYPES and not self.is_public else None

    def parameters_in(self, place: str) -> dict[str, Json]:
        """Return its parameters that stand in the query, the header or the path, by name."""
        return {one["name"]: one for one in self.spec.get("parameters", ()) if one["in"] == place}

    def request(self) -> Json:
        """Return a body that fits, as arguments for the client."""
        if "multipart" in self.media_type:
            return {
                "files": {"file": ("x.csv", b"external_id\n1\n", "text/csv")},
                "data": {"kind": "orders", "format": "csv"},
            }
        return {} if self.body is None else {"json": self.schemas.sample(self.body)}


def operations() -> list[Operation]:
    """Return every operation of the committed document."""
    document = json.loads(DOCUMENT.read_text())
    schemas = Schemas(document["components"]["schemas"])
    return [
        Operation(method.upper(), path, item[method], schemas)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
