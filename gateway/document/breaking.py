"""What in a document would break clients of an older one: within v1 only additions are allowed.

An input must go on taking all that it took; an output must go on being what clients were told to expect.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

REFERENCE = "#/components/schemas/"
METHODS = ("get", "put", "post", "delete", "patch")
LOWER_BOUNDS = {"minimum": -inf, "exclusiveMinimum": -inf, "minLength": 0, "minItems": 0, "minProperties": 0}
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EXACT = ("pattern", "format", "multipleOf", "uniqueItems")
ANYTHING = ("object", "array", "string", "integer", "number", "boolean", "null")

Json = dict[str, Any]


def breaks(old: Json, new: Json) -> list[str]:
    """Return what breaks clients of the old document, each as a sentence; nothing where all goes on as it was."""
    found = [*_removed("problem type", old.get("x-kith-problems", {}), new.get("x-kith-problems", {}))]
    for path, item in old["paths"].items():
        for method in METHODS:
            if method in item:
                name = f"{method.upper()} {path}"
                after = new["paths"].get(path, {}).get(method)
                found += (
                    [f"{name} was removed"] if after is None else _of_operation(name, item[method], after, old, new)
                )
    return sorted(set(found))


def _of_operation(name: str, before: Json, after: Json, old: Json, new: Json) -> Iterator[str]:
    taking, giving = Comparison(old, new, name, inputs=True), Comparison(old, new, name, inputs=False)
    if before["operationId"] != after["operationId"]:
        yield f"{name} was renamed from {before['operationId']} to {after['operationId']}"
    for scope in set(after.get("x-required-scopes", ())) - set(before.get("x-required-scopes", ())):
        yield f"{name} needs the scope {scope}, which it did not need"
    if before.get("security") == [] and after.get("security") != []:
        yield f"{name} needs a key, which it did not need"
    yield from _of_parameters(taking, before.get("parameters", ()), after.get("parameters", ()))
    yield from _of_body(taking, before.get("requestBody"), after.get("requestBody"))
    for status, response in before["responses"].items():
        if status.startswith("2"):
            yield from _of_response(giving.at(f"answer {status}"), response, after["responses"].get(status))


def _of_parameters(taking: "Comparison", before: Any, after: Any) -> Iterator[str]:  # noqa: ANN401 - lists of parameters
    was = {(one["in"], one["name"].lower()): one for one in before}
    now = {(one["in"], one["name"].lower()): one for one in after}
    for key, parameter in was.items():
        inner = taking.at(f"{key[0]} parameter {parameter['name']}")
        if key not in now:
            yield f"{inner.place} was removed"
        else:
            if now[key].get("required") and not parameter.get("required"):
                yield f"{inner.place} became required"
            yield from inner.of(parameter.get("schema", {}), now[key].get("schema", {}))
    for key in now.keys() - was.keys():
        if now[key].get("required"):
            yield f"{taking.place}: {key[0]} parameter {now[key]['name']} is new and required"


def _of_body(taking: "Comparison", before: Json | None, after: Json | None) -> Iterator[str]:
    place = f"{taking.place}: the body"
    if after is None:
        if before is not None:
            yield f"{place} was removed"
        return
    if after.get("required") and not (before or {}).get("required"):
        yield f"{place} became required"
    if before is not None:
        yield from _of_media(taking.at("body"), before.get("content", {}), after.get("content", {}))


def _of_response(giving: "Comparison", before: Json, after: Json | None) -> Iterator[str]:
    if after is None:
        yield f"{giving.place} was removed"
        return
    yield from _removed(f"{giving.place}: header", before.get("headers", {}), after.get("headers", {}))
    yield from _of_media(giving, before.get("content", {}), after.get("content", {}))


def _of_media(comparison: "Comparison", before: Json, after: Json) -> Iterator[str]:
    yield from _removed(f"{comparison.place}: media type", before, after)
    for kind in before.keys() & after.keys():
        yield from comparison.of(before[kind].get("schema", {}), after[kind].get("schema", {}))


def _removed(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in before.keys() - after.keys():
        yield f"{what} {name} was removed"


@dataclass(frozen=True)
class Comparison:
    """Compares schemas at one place of both documents."""

    old: Json
    new: Json
    place: str
    inputs: bool
    """Whether clients send what is compared, or get it."""
    seen: frozenset[tuple[str, str]] = frozenset()

    def at(self, step: str) -> "Comparison":
        """Return the comparison one step further in."""
        return replace(self, place=f"{self.place}, {step}")

    def of(self, before: Json, after: Json) -> list[str]:
        """Return what breaks between two schemas."""
        names = (str(before.get("$ref", "")), str(after.get("$ref", "")))
        if names in self.seen:
            return []
        inner = replace(self, seen=self.seen | {names}) if all(names) else self
        was, now = list(_choices(before, self.old)), list(_choices(after, self.new))
        wanted, offered = (was, now) if self.inputs else (now, was)
        found: list[str] = []
        for choice in wanted:
            tries = [inner.of_one(choice, one) if self.inputs else inner.of_one(one, choice) for one in offered]
            nearest = min(tries, key=_distance)
            found += nearest
        return found

    def of_one(self, before: Json, after: Json) -> list[str]:
        """Return what breaks between two schemas of one type each."""
        kind_was, kind_is = before["type"], after["type"]
        narrow, wide = (kind_was, kind_is) if self.inputs else (kind_is, kind_was)
        if narrow != wide and (narrow, wide) != ("integer", "number"):
            return [f"{self.place} {KIND_CHANGED} from {kind_was} to {kind_is}"]
        found = [*self._of_values(before, after), *self._of_objects(before, after)]
        if self.inputs:
            found += self._of_bounds(before, after)
        elif before.get("format") != after.get("format"):
            found.append(f"{self.place} changed its format to {after.get('format')}")
        if "items" in before and "items" in after:
            found += self.at("items").of(before["items"], after["items"])
        return found

    def _of_values(self, before: Json, after: Json) -> Iterator[str]:
        narrow, wide = (before, after) if self.inputs else (after, before)
        allowed, used = _values(wide), _values(narrow)
        if allowed is not None and used is None:
            yield f"{self.place} {'takes only' if self.inputs else 'is no longer one of'} {allowed}"
        for value in used or ():
            if allowed is not None and value not in allowed:
                yield f"{self.place} {'no longer takes' if self.inputs else 'may now be'} {value!r}"

    def _of_bounds(self, before: Json, after: Json) -> Iterator[str]:
        for name, unbounded in LOWER_BOUNDS.items():
            if after.get(name, unbounded) > before.get(name, unbounded):
                yield f"{self.place} has a tighter {name}: {after[name]}"
        for name in UPPER_BOUNDS:
            if after.get(name, inf) < before.get(name, inf):
                yield f"{self.place} has a tighter {name}: {after[name]}"
        for name in EXACT:
            if after.get(name) and after[name] != before.get(name):
                yield f"{self.place} has another {name}: {after[name]}"

    def _of_objects(self, before: Json, after: Json) -> Iterator[str]:
        was, now = before.get("properties", {}), after.get("properties", {})
        required_was, required_is = set(before.get("required", ())), set(after.get("required", ()))
        closed = after.get("additionalProperties") is False
        for name in was.keys() - now.keys():
            if closed or not self.inputs:
                yield f"{self.place}, {name} was removed"
        for name in (required_is - required_was) if self.inputs else (required_was - required_is) & now.keys():
            yield f"{self.place}, {name} {'became required' if self.inputs else 'may be missing'}"
        for name in was.keys() & now.keys():
            yield from self.at(name).of(was[name], now[name])
        yield from self._of_further(before, after)

    def _of_further(self, before: Json, after: Json) -> Iterator[str]:
        """Compare what stands beside the named fields: the values of a map."""
        was, now = before.get("additionalProperties", True), after.get("additionalProperties", True)
        if self.inputs and was is not False and now is False and before["type"] == "object":
            yield f"{self.place} takes no further fields any more"
        elif isinstance(was, dict) and isinstance(now, dict):
            yield from self.at("each value").of(was, now)


KIND_CHANGED = "changed its type"


def _choices(schema: Json, document: Json) -> Iterator[Json]:
    """Yield the plain schemas that a schema offers, each of one type."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].removeprefix(REFERENCE)]
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if inner:
        for one in inner:
            yield from _choices(one, document)
        return
    kinds = schema.get("type", _kind_of_values(schema))
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        yield schema | {"type": kind}


def _kind_of_values(schema: Json) -> tuple[str, ...]:
    values = _values(schema)
    return ("string",) if values and all(isinstance(value, str) for value in values) else ANYTHING


def _values(schema: Json) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _distance(found: list[str]) -> tuple[bool, int]:
    """Rank what breaks between two choices: those of one type are nearest."""
    return any(KIND_CHANGED in line for line in found), len(found)
