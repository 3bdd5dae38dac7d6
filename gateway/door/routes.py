"""Which service answers which operation: one matcher over all path templates of the committed document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch")
REST_PARAMETERS = frozenset({"external_id"})
"""Ids of other systems may contain a slash, so they take the rest of the path."""
ANY_METHOD = re.compile(r"^/v1/webhooks/\{[a-z_]+\}$")
"""Shops check an address with GET or OPTIONS before they post to it: the service decides, not the door."""
_PARAMETER = re.compile(r"^([^{}]*)\{([a-z][a-z0-9_]*)\}([^{}]*)$")
_DOT_SEGMENT = re.compile(r"^(?:\.|%2e){1,2}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented operation, as far as the door needs to know it."""

    service: str
    template: str
    method: str
    operation_id: str
    public: bool
    fills_names: bool
    takes_files: bool
    takes_webhooks: bool
    """Exempt from the house's rules: what a platform sends and what it is answered passes as it is."""
    media_types: frozenset[bytes]
    """What a good answer may be; empty where it has no body."""
    max_body: int
    """Largest body in bytes where it differs from the setting, else 0."""


@dataclass(slots=True)
class Place:
    """What stands at one path template."""

    template: str
    operations: dict[str, Operation] = field(default_factory=dict)
    any_method: bool = False

    @property
    def allow(self) -> str:
        """The Allow header of this path."""
        methods = {*self.operations, "OPTIONS"}
        return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))

    def operation(self, method: str) -> Operation | None:
        """Return the operation for a method, or None where the path does not have it; HEAD is GET without its body."""
        found = self.operations.get(method)
        if found is None and method == "HEAD":
            found = self.operations.get("GET")
        if found is None and self.any_method:
            return next(iter(self.operations.values()))
        return found


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameters: dict[tuple[str, str], "_Node"] = field(default_factory=dict)
    rest: Place | None = None
    place: Place | None = None


class Routes:
    """All templates in one tree of path segments; fixed segments win over parameters."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._root = _Node()
        self._fixed: dict[str, Place] = {}
        self.services: set[str] = set()
        for operation in operations(document):
            self._place(operation.template).operations[operation.method] = operation
            self.services.add(operation.service)

    def find(self, raw_path: str) -> Place | None:
        """Return what stands at a raw (still percent-encoded) path."""
        fixed = self._fixed.get(raw_path)
        if fixed is not None:
            return fixed
        segments = raw_path.split("/")[1:]
        if any(_DOT_SEGMENT.match(segment) for segment in segments):
            return None  # a service or proxy behind us might resolve it and answer another path
        return _walk(self._root, segments, 0)

    def _place(self, template: str) -> Place:
        node = self._root
        place = Place(template, any_method=bool(ANY_METHOD.match(template)))
        for segment in template.split("/")[1:]:
            match = _PARAMETER.match(segment)
            if match is None:
                node = node.literals.setdefault(segment, _Node())
            elif match[2] in REST_PARAMETERS:
                node.rest = node.rest or place
                return node.rest
            else:
                node = node.parameters.setdefault((match[1], match[3]), _Node())
        node.place = node.place or place
        if "{" not in template:
            self._fixed[template] = node.place
        return node.place


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Yield every operation of an OpenAPI document that names the service behind it."""
    for template, item in document["paths"].items():
        for method in METHODS:
            raw = item.get(method)
            if raw is not None and "x-kith-service" in raw:
                yield _operation(template, method, raw)


def _operation(template: str, method: str, raw: dict[str, Any]) -> Operation:
    media_types = raw.get("requestBody", {}).get("content", {})
    return Operation(
        service=raw["x-kith-service"],
        template=template,
        method=method.upper(),
        operation_id=raw["operationId"],
        public=raw.get("security") == [],
        fills_names=bool(raw.get("x-kith-fill-names")),
        takes_files="multipart/form-data" in media_types,
        takes_webhooks=bool(ANY_METHOD.match(template)),
        media_types=_media_types(raw),
        max_body=int(raw.get("x-kith-max-body", 0)),
    )


def _media_types(raw: dict[str, Any]) -> frozenset[bytes]:
    good = [answer for status, answer in raw.get("responses", {}).items() if status.startswith("2")]
    return frozenset(kind.encode() for answer in good for kind in answer.get("content", {}))


def _walk(node: _Node, segments: list[str], depth: int) -> Place | None:
    if depth == len(segments):
        return node.place
    segment = segments[depth]
    child = node.literals.get(segment)
    found = _walk(child, segments, depth + 1) if child else None
    if found is None and segment:
        found = _walk_parameters(node, segments, depth)
    if found is None and node.rest is not None and "".join(segments[depth:]):
        return node.rest
    return found


def _walk_parameters(node: _Node, segments: list[str], depth: int) -> Place | None:
    segment = segments[depth]
    if "%2f" in segment.lower():
        return None  # decoded, it would be two segments and could reach another operation of the service
    for (start, end), child in sorted(node.parameters.items(), key=lambda item: -len("".join(item[0]))):
        if len(segment) > len(start) + len(end) and segment.startswith(start) and segment.endswith(end):
            found = _walk(child, segments, depth + 1)
            if found is not None:
                return found
    return None
