"""Pages for people: complete, escaped, offline."""

import base64
import hashlib
import re
from typing import Any

import httpx

from gateway.pages.html import STYLE, inline
from gateway.pages.problems import ADVICE, problem_list, problem_page
from gateway.pages.reference import reference
from gateway.pages.schemas import component, type_of
from services.kit.problems import Problem
from tests.gateway.conftest import echo_document


def test_the_reference_shows_every_operation_and_schema() -> None:
    document = echo_document()
    text = reference(document)
    tagged = [op for item in document["paths"].values() for op in item.values() if op.get("tags")]
    assert len(tagged) > 5
    for operation in tagged:
        assert f'id="{operation["operationId"]}"' in text
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in text


def test_every_link_on_the_reference_leads_somewhere() -> None:
    document = echo_document()
    text = reference(document)
    anchors = set(re.findall(r'id="([^"]+)"', text))
    for target in re.findall(r'href="([^"]+)"', text):
        if target.startswith("#"):
            assert target[1:] in anchors
        elif target.startswith("/problems/"):
            assert target.removeprefix("/problems/") in document["x-kith-problems"]
        else:
            assert target in {"/openapi.json", "/problems"}


def test_pages_load_nothing_from_elsewhere() -> None:
    text = reference(echo_document())
    assert "<script" not in text
    assert not re.search(r'(src|href)="https?:', text)


def test_what_a_description_says_cannot_become_markup() -> None:
    schema: dict[str, Any] = {"description": "<b>`<i>`", "properties": {"<x>": {"type": "<y>", "enum": ["<z>"]}}}
    text = component("<N>", schema)
    assert not re.search(r"<(b|i|x|y|z|N)>", text)
    assert inline("a `b` c") == "a <code>b</code> c"


def test_types_are_said_in_few_words() -> None:
    reference_to = {"$ref": "#/components/schemas/Money"}
    assert type_of({"anyOf": [reference_to, {"type": "null"}]}) == '<a href="#schema-Money">Money</a> | null'
    assert type_of({"type": "array", "items": {"type": "string", "format": "uuid"}}) == "list of string (uuid)"
    assert type_of({"type": "object", "additionalProperties": {"type": "integer"}}) == "map of text to integer"
    assert type_of({"const": "me"}) == "<code>me</code>"
    assert type_of({}) == "any value"


def test_every_problem_type_has_a_page_with_advice() -> None:
    types = echo_document()["x-kith-problems"]
    assert {"unauthorized", "scope-not-held", "not-found", "too-many-requests"} <= types.keys()
    for slug, found in types.items():
        assert found["status"] in ADVICE or found["status"] in {406, 410}
        assert found["description"]
        assert f"/problems/{slug}" in problem_list(types)
        assert problem_page(slug, types)
    assert problem_page("nothing", types) is None


def test_no_problem_of_a_test_gets_a_page() -> None:
    class OnlyInTests(Problem):
        """Nobody should read this."""

    assert "only-in-tests" not in echo_document()["x-kith-problems"]
    del Problem.registry[OnlyInTests.slug()]


async def test_pages_are_served_without_a_key_and_remembered(http: httpx.AsyncClient) -> None:
    style = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    for path in ("/docs", "/problems", "/problems/not-found", "/openapi.json"):
        answer = await http.get(path)
        assert answer.status_code == 200
        assert style in answer.headers["content-security-policy"]
        assert answer.headers["content-encoding"] == "gzip"
        again = await http.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    plain = await http.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert plain.json()["openapi"] == "3.1.0"


async def test_an_unknown_problem_is_a_problem(http: httpx.AsyncClient) -> None:
    answer = await http.get("/problems/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
