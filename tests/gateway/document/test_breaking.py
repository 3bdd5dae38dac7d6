"""Every way in which a change of the document would break a client is noticed; additions are not."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import orjson
import pytest

from gateway.document.breaking import breaks
from gateway.openapi import RELEASED
from gateway.settings import DOCUMENT
from tests.gateway.conftest import merged

Json = dict[str, Any]
Change = Callable[[Json], object]
OPEN = {"anyOf": [{"type": "string", "enum": ["paid", "draft"]}, {"type": "string"}]}
DOCUMENT_OF_ONE: Json = {
    "x-kith-problems": {"thing-taken": {}},
    "components": {
        "schemas": {
            "ThingCreate": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 10},
                    "status": {"type": "string", "enum": ["paid", "draft"]},
                    "count": {"type": "integer", "minimum": 0, "maximum": 9},
                    "size": {"type": "number"},
                    "code": {"type": "string", "pattern": "^a"},
                    "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
                    "tags": {"type": "array", "maxItems": 5, "items": {"type": "string"}},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "part": {"$ref": "#/components/schemas/ThingCreate"},
                },
            },
            "ThingRead": {
                "type": "object",
                "required": ["id", "status", "kind", "note", "parts"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "status": OPEN,
                    "kind": {"type": "string", "enum": ["a", "b"]},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/ThingRead"}},
                },
            },
        }
    },
    "paths": {
        "/v1/things": {
            "post": {
                "operationId": "create_thing",
                "x-required-scopes": ["people:write"],
                "parameters": [
                    {"in": "query", "name": "mode", "required": False, "schema": {"type": "string", "enum": ["a", "b"]}}
                ],
                "requestBody": {
                    "required": False,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingCreate"}}},
                },
                "responses": {
                    "201": {
                        "headers": {"ETag": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingRead"}}},
                    },
                    "422": {},
                },
            },
            "get": {"operationId": "read_thing", "security": [], "responses": {"200": {}}},
        }
    },
}


def post(new: Json) -> Json:
    found: Json = new["paths"]["/v1/things"]["post"]
    return found


def taken(new: Json) -> Json:
    found: Json = new["components"]["schemas"]["ThingCreate"]["properties"]
    return found


def given(new: Json) -> Json:
    found: Json = new["components"]["schemas"]["ThingRead"]["properties"]
    return found


BREAKING: dict[str, Change] = {
    "/v1/things was": lambda new: new["paths"].clear(),
    "GET /v1/things was removed": lambda new: new["paths"]["/v1/things"].pop("get"),
    "was renamed": lambda new: post(new).update(operationId="make_thing"),
    "needs the scope": lambda new: post(new)["x-required-scopes"].append("admin"),
    "needs a key": lambda new: new["paths"]["/v1/things"]["get"].pop("security"),
    "query parameter mode was removed": lambda new: post(new)["parameters"].clear(),
    "query parameter mode became required": lambda new: post(new)["parameters"][0].update(required=True),
    "query parameter mode no longer takes 'b'": lambda new: post(new)["parameters"][0]["schema"]["enum"].pop(),
    "parameter more is new and required": lambda new: post(new)["parameters"].append(
        {"in": "query", "name": "more", "required": True, "schema": {}}
    ),
    "body was removed": lambda new: post(new).pop("requestBody"),
    "body became required": lambda new: post(new)["requestBody"].update(required=True),
    "body: media type application/json was removed": lambda new: post(new)["requestBody"]["content"].clear(),
    "size became required": lambda new: new["components"]["schemas"]["ThingCreate"]["required"].append("size"),
    "fresh became required": lambda new: (
        taken(new).update(fresh={"type": "string"}),
        new["components"]["schemas"]["ThingCreate"]["required"].append("fresh"),
    ),
    "body, size was removed": lambda new: taken(new).pop("size"),
    "status no longer takes 'draft'": lambda new: taken(new)["status"]["enum"].remove("draft"),
    "name takes only": lambda new: taken(new)["name"].update(enum=["x"]),
    "tighter maxLength": lambda new: taken(new)["name"].update(maxLength=9),
    "tighter minLength": lambda new: taken(new)["name"].update(minLength=2),
    "tighter minimum: 0": lambda new: taken(new)["size"].update(minimum=0),
    "tighter minimum: 1": lambda new: taken(new)["count"].update(minimum=1),
    "tighter maximum": lambda new: taken(new)["count"].update(maximum=8),
    "tighter maxItems": lambda new: taken(new)["tags"].update(maxItems=4),
    "has another pattern: ^b": lambda new: taken(new)["code"].update(pattern="^b"),
    "has another pattern: ^n": lambda new: taken(new)["name"].update(pattern="^n"),
    "has another format": lambda new: taken(new)["name"].update(format="email"),
    "changed its type from number to integer": lambda new: taken(new)["size"].update(type="integer"),
    "changed its type from null": lambda new: taken(new)["at"]["anyOf"].pop(),
    "items changed its type": lambda new: taken(new)["tags"]["items"].update(type="integer"),
    "each value changed its type": lambda new: taken(new)["labels"]["additionalProperties"].update(type="integer"),
    "takes no further fields": lambda new: taken(new)["labels"].update(additionalProperties=False),
    "answer 201 was removed": lambda new: post(new)["responses"].pop("201"),
    "header ETag was removed": lambda new: post(new)["responses"]["201"]["headers"].clear(),
    "answer 201: media type": lambda new: post(new)["responses"]["201"]["content"].clear(),
    "answer 201, id was removed": lambda new: given(new).pop("id"),
    "id may be missing": lambda new: new["components"]["schemas"]["ThingRead"]["required"].remove("id"),
    "from string to null": lambda new: given(new).update(
        id={"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}
    ),
    "id changed its format": lambda new: given(new)["id"].pop("format"),
    "id changed its type": lambda new: given(new).update(id={"type": "integer"}),
    "kind may now be 'c'": lambda new: given(new)["kind"]["enum"].append("c"),
    "kind is no longer one of": lambda new: given(new)["kind"].pop("enum"),
    "parts, items changed its type": lambda new: given(new)["parts"].update(items={"type": "string"}),
    "problem type thing-taken was removed": lambda new: new["x-kith-problems"].clear(),
}
ADDING: dict[str, Change] = {
    "a path": lambda new: new["paths"].update({"/v1/others": {"get": {"operationId": "read_other"}}}),
    "an operation": lambda new: new["paths"]["/v1/things"].update(put={"operationId": "put_thing"}),
    "fewer scopes": lambda new: post(new)["x-required-scopes"].clear(),
    "an optional parameter": lambda new: post(new)["parameters"].append({"in": "query", "name": "more", "schema": {}}),
    "a value of a parameter": lambda new: post(new)["parameters"][0]["schema"]["enum"].append("c"),
    "an optional input": lambda new: taken(new).update(fresh={"type": "string"}),
    "a value of an input": lambda new: taken(new)["status"]["enum"].append("sent"),
    "a wider input": lambda new: (
        taken(new)["name"].update(maxLength=11, minLength=0),
        taken(new)["code"].pop("pattern"),
        taken(new)["count"].update(type="number"),
    ),
    "an input that may be null": lambda new: taken(new).update(
        size={"anyOf": [{"type": "number"}, {"type": "null"}]},
    ),
    "an output": lambda new: given(new).update(fresh={"type": "string"}),
    "a value of an open output": lambda new: given(new)["status"]["anyOf"][0]["enum"].append("sent"),
    "an output that is never null any more": lambda new: given(new)["note"]["anyOf"].pop(),
    "an error": lambda new: post(new)["responses"].update({"409": {}}),
    "a header": lambda new: post(new)["responses"]["201"]["headers"].update(Location={}),
    "a problem type": lambda new: new["x-kith-problems"].update(fresh={}),
    "texts": lambda new: post(new).update(description="Better said."),
}


@pytest.mark.parametrize("told", BREAKING)
def test_a_change_that_breaks_clients_is_told(told: str) -> None:
    new = deepcopy(DOCUMENT_OF_ONE)
    BREAKING[told](new)
    assert any(told in line for line in breaks(DOCUMENT_OF_ONE, new)), breaks(DOCUMENT_OF_ONE, new)


@pytest.mark.parametrize("what", ADDING)
def test_an_addition_breaks_nothing(what: str) -> None:
    new = deepcopy(DOCUMENT_OF_ONE)
    ADDING[what](new)
    assert new != DOCUMENT_OF_ONE
    assert breaks(DOCUMENT_OF_ONE, new) == []


def test_every_operation_of_the_document_is_compared() -> None:
    emptied = merged() | {"paths": {}}
    told = breaks(merged(), emptied)
    assert len(told) == sum(len(item) for item in merged()["paths"].values())


def test_the_document_breaks_no_client_of_the_last_release() -> None:
    released = orjson.loads((DOCUMENT.parent / RELEASED).read_bytes())
    assert breaks(released, merged()) == []
