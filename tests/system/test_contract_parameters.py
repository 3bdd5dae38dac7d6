"""Parameters that no operation takes, and what every list does with pages and cursors."""

import asyncio
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from tests.system.document import METHODS, Operation, operations
from tests.system.problems import differs
from tests.system.schemas import Json
from tests.system.stack import Stack
from tests.system.workspaces import NEEDED, Two, foreign_address

WITH_KEY = [one for one in operations() if not one.is_public]
WITH_ID = [one for one in WITH_KEY if one.parameters]
READS = [one for one in WITH_KEY if one.method == "GET"]
LISTS = [one for one in READS if "cursor" in one.parameters_in("query")]
TEXTS = ("", "§", "x" * 3000, "0.5", "-1", "201", "2026-11-01T08:00:00", "2026-13-01", "maybe", "not-an-id", "null,me")
"""Texts of which most parameters take none."""
STRAYS = ("TRACE", "PROPFIND")
"""Methods of HTTP that no operation has; a word that is no method of HTTP at all never gets past the parser."""


def wrong_values(operation: Operation, schema: Json) -> Iterator[str]:
    """Yield texts that a parameter refuses."""
    schemas = operation.schemas
    for text in TEXTS:
        if not any(schemas.fits(schema, value) for value in meanings(schema, text)):
            yield text


def meanings(schema: Json, text: str) -> Iterator[object]:
    """Yield what a text may mean in a query."""
    inner = [schema, *schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    kinds = {one.get("type") for one in inner}
    yield text
    yield [text]
    if text.lstrip("-").isdigit() and "integer" in kinds:
        yield int(text)
    if "boolean" in kinds and text in {"0", "1", "true", "false", "on", "off", "yes", "no", "t", "f", "y", "n"}:
        yield True


@pytest.mark.parametrize("operation", WITH_KEY, ids=str)
async def test_an_unknown_parameter_and_every_bad_value_is_named(two: Two, operation: Operation) -> None:
    needed = NEEDED.get(operation.path, {})
    wrong = [("colour", "red"), ("§", ""), ("limit ", "1")]
    for name, parameter in operation.parameters_in("query").items():
        wrong += [(name, text) for text in wrong_values(operation, parameter["schema"])]
        wrong.append((name, "a\0b"))
    request = operation.request()
    different = []
    for name, value in wrong:
        query = [*((key, one) for key, one in needed.items() if key != name), (name, value)]
        answer = await two.foreigner.send(operation.method, operation.address(), params=query, **request)
        fault = differs(answer, 400, name)
        if fault:
            different.append(f"?{name}={value[:60]}: {fault}")
    assert not different, "\n".join(different)


@pytest.mark.parametrize("operation", WITH_ID, ids=str)
async def test_a_path_that_names_nothing_is_a_problem(two: Two, operation: Operation) -> None:
    different = []
    for text in ("not-an-id", "a\0b", "\ud800", "§", "%", "01990000-0000-7000-8000-00000000dea", " ", "0"):
        values = dict.fromkeys(operation.parameters, quote(text, safe="", errors="surrogatepass"))
        answer = await two.foreigner.send(operation.method, operation.address(values), **operation.request())
        faults = [differs(answer, status) for status in (400, 404)]
        if all(faults):
            different.append(f"{text!r}: {faults[0]}")
    assert not different, "\n".join(different)


async def test_another_method_is_405_and_names_those_that_are_there(two: Two) -> None:
    different = []
    there: dict[str, set[str]] = {}
    for operation in WITH_KEY:
        there.setdefault(operation.address(), set()).add(operation.method)
    for address, methods in there.items():
        for method in {*map(str.upper, METHODS), *STRAYS} - methods:
            answer = await two.foreigner.http.request(method, address)
            fault = differs(answer, 405)
            allowed = set(answer.headers.get("allow", "").split(", "))
            if fault or not methods <= allowed or method in allowed:
                different.append(f"{method} {address}: {fault}, Allow {sorted(allowed)}")
    assert not different, "\n".join(different)


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/people", "/v1/people/", "/v1//people", "/internal/names", "/feed"])
async def test_an_address_that_is_none_is_404(two: Two, path: str) -> None:
    answer = await two.foreigner.send("GET", path)
    assert differs(answer, 404) is None


async def test_a_credential_that_is_none_is_401(two: Two) -> None:
    for value in ("Bearer", "Basic YTpi", "Bearer kith_live_x", "bearer \xff"):
        headers = {b"Authorization": value.encode("latin-1")}
        answer = await two.anonymous.http.request("GET", "/v1/me", headers=headers)
        assert differs(answer, 401) is None, value


class TestLists:
    """Pages and cursors."""

    @staticmethod
    def address(operation: Operation, two: Two) -> str:
        return foreign_address(operation, two.ids)

    async def page(self, two: Two, operation: Operation, **query: str) -> httpx.Response:
        wanted = NEEDED.get(operation.path, {}) | query
        return await two.owner.send("GET", self.address(operation, two), params=wanted)

    async def test_a_damaged_cursor_is_refused(self, two: Two) -> None:
        different = []
        for operation in LISTS:
            for cursor in ("AAAA", "§", "null", "=" * 8, "e30", "A" * 2000):
                fault = differs(await self.page(two, operation, cursor=cursor), 400, "cursor")
                if fault:
                    different.append(f"{operation} {cursor[:20]}: {fault}")
        assert not different, "\n".join(different)

    async def test_a_cursor_fits_only_the_list_the_filters_and_the_workspace_it_came_from(self, two: Two) -> None:
        sealed = await two.owner.get("/v1/care-rules", limit=1)
        cursor = sealed["next_cursor"]
        assert cursor
        different = []
        for operation in LISTS:
            if operation.path != "/v1/care-rules":
                fault = differs(await self.page(two, operation, cursor=cursor), 400, "cursor")
                if fault:
                    different.append(f"{operation}: {fault}")
        assert not different, "\n".join(different)
        elsewhere = await two.foreigner.send("GET", "/v1/care-rules", params={"cursor": cursor})
        assert differs(elsewhere, 400, "cursor") is None
        filtered = await two.owner.send("GET", "/v1/care-rules", params={"cursor": cursor, "ids": two.ids["people"]})
        assert differs(filtered, 400, "cursor") is None
        assert (await two.owner.get("/v1/care-rules", limit=200, cursor=cursor))["items"]

    async def test_a_cursor_that_was_changed_in_one_place_is_refused(self, two: Two) -> None:
        cursor = (await two.owner.get("/v1/care-rules", limit=1))["next_cursor"]
        for place in range(0, len(cursor) - 1, 7):  # bits of the last letter may mean nothing
            letter = "A" if cursor[place] != "A" else "B"
            changed = f"{cursor[:place]}{letter}{cursor[place + 1 :]}"
            answer = await two.owner.send("GET", "/v1/care-rules", params={"cursor": changed})
            assert differs(answer, 400, "cursor") is None, changed

    async def test_every_list_takes_ids_and_more_than_200_are_too_many(self, two: Two) -> None:
        different = []
        for operation in LISTS:
            known = two.ids.get(operation.path.rpartition("/")[2], two.ids["people"])
            chosen = await self.page(two, operation, ids=known)
            found = chosen.json().get("items", [])
            if any(item["id"] != known for item in found if "id" in item):
                different.append(f"{operation}: {chosen.text[:300]}")
            many = await two.owner.send(
                "GET",
                self.address(operation, two),
                params={**NEEDED.get(operation.path, {}), "ids": [known] * 201},
            )
            fault = differs(many, 400, "ids")
            if fault:
                different.append(f"{operation}: {fault}")
        assert not different, "\n".join(different)


async def test_broken_http_is_never_answered_in_html(stack: Stack) -> None:
    url = httpx.URL(stack.url)
    for raw in (
        b"GET /v1/me\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(raw)
        writer.write_eof()
        told = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        assert b"<" not in told
        assert b"Traceback" not in told
