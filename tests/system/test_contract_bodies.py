"""Bodies that no operation takes: each operation of the document, each field of its body."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.system.client import Client
from tests.system.document import Operation, operations
from tests.system.problems import differs, names
from tests.system.schemas import Json, Path, pointer, put
from tests.system.stack import Stack
from tests.system.workspaces import Two

WITH_BODY = [one for one in operations() if one.body is not None]
WITH_KEY = [one for one in operations() if not one.is_public]
JSON = {"Content-Type": "application/json"}
DEEP = b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}"
UNREADABLE = {
    "cut off": b"{",
    "a duplicate key": b'{"a": 1, "a": 2}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "a number beyond all floats": b'{"a": 1e999}',
    "deeper than 32": DEEP,
    "no UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "two values": b"{} {}",
}
UNFIT = {"NUL": b'{"a": "x\\u0000y"}', "half a pair": b'{"a": "\\ud800"}', "NUL in a key": b'{"\\u0000": 1}'}
NO_OBJECT = (b"[]", b"null", b"7", b'"text"', b"")
MEDIA_TYPES = ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonp")
MANY = 40
"""So many faults in one request at most: a problem lists the first 50."""


async def send(client: Client, operation: Operation, raw: bytes, **headers: str) -> httpx.Response:
    return await client.send(operation.method, operation.address(), content=raw, headers=JSON | headers)


def rounds(operation: Operation) -> Iterator[dict[Path, object]]:
    """Yield misfits by their place: in each round places that do not contain one another."""
    assert operation.body is not None
    schemas = operation.schemas
    whole = schemas.sample(operation.body, whole=True)
    waiting: dict[int, list[tuple[Path, list[object]]]] = defaultdict(list)
    for path, schema in schemas.places(operation.body, whole):
        if path and not (operation.is_batch and len(path) > 1):
            misfits = [one for one in schemas.misfits(schema) if not (operation.is_batch and one == ["§"])]
            waiting[len(path)].append((path, misfits))
    for places in waiting.values():
        while any(misfits for _, misfits in places):
            chosen = [(path, misfits.pop()) for path, misfits in places if misfits]
            for start in range(0, len(chosen), MANY):
                yield dict(chosen[start : start + MANY])


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
async def test_every_value_that_the_schema_refuses_is_refused_and_its_place_named(
    two: Two, operation: Operation
) -> None:
    assert operation.body is not None
    whole = operation.schemas.sample(operation.body, whole=True)
    different = []
    for wrong in rounds(operation):
        body = put(whole, wrong)
        answer = await two.foreigner.send(operation.method, operation.address(), json=body)
        taken = wrong
        if not differs(answer, 422):
            named = names(answer.json())
            different += [f"{one} is not in the body" for one in named if not is_in(one, body)]
            taken = {path: value for path, value in wrong.items() if not is_named(pointer(path), named)}
        different += [f"{pointer(path)} took {str(value)[:60]!r}: {answer.text[:300]}" for path, value in taken.items()]
    assert not different, "\n".join(different)


def is_named(place: str, named: set[str]) -> bool:
    """Tell whether a place, or something in it, is named."""
    return any(f"{one}/".startswith(f"{place}/") for one in named)


def is_in(place: str, body: object) -> bool:
    """Tell whether a pointer leads to something in a body, or to a field that an object in it lacks."""
    *steps, last = place.split("/")[1:] or [""]
    for step in steps:
        body = body[int(step)] if isinstance(body, list) else body[step]  # type: ignore[index]  # fails the test where there is none
    return isinstance(body, dict) or (isinstance(body, list) and int(last) < len(body))


async def test_an_unknown_field_is_named_at_every_depth(two: Two) -> None:
    different = []
    for operation in WITH_BODY:
        for path, body in with_unknown_fields(operation):
            answer = await two.foreigner.send(operation.method, operation.address(), json=body)
            fault = differs(answer, 422, pointer(path))
            if fault:
                different.append((str(operation), fault))
    assert different == []


def with_unknown_fields(operation: Operation) -> Iterator[tuple[Path, Json]]:
    """Yield a body with one field too many for each object in it that is closed."""
    assert operation.body is not None
    whole = operation.schemas.sample(operation.body, whole=True)
    for path, schema in operation.schemas.places(operation.body, whole):
        found = operation.schemas.resolve(schema)
        if found.get("additionalProperties") is False and not (operation.is_batch and path):
            place = (*path, "colour")
            yield place, put(whole, {place: "red"})


async def test_every_field_that_is_required_is_named_where_it_is_missing(two: Two) -> None:
    different = []
    for operation in WITH_BODY:
        assert operation.body is not None
        required = operation.schemas.resolve(operation.body).get("required", ())
        if required:
            answer = await two.foreigner.send(operation.method, operation.address(), json={})
            fault = differs(answer, 422, *(f"#/{name}" for name in required))
            if fault:
                different.append((str(operation), fault))
    assert different == []


@pytest.mark.parametrize("name", UNREADABLE)
async def test_what_is_not_our_json_is_400(two: Two, name: str) -> None:
    different = []
    for operation in WITH_BODY:
        fault = differs(await send(two.foreigner, operation, UNREADABLE[name]), 400, "#")
        if fault:
            different.append((str(operation), fault))
    assert different == []


@pytest.mark.parametrize("name", UNFIT)
async def test_text_that_cannot_be_kept_is_422(two: Two, name: str) -> None:
    different = []
    for operation in WITH_BODY:
        answer = await send(two.foreigner, operation, UNFIT[name])
        fault = differs(answer, 422) or (None if answer.json()["errors"] else "names nothing")
        if fault:
            different.append((str(operation), fault))
    assert different == []


async def test_what_is_no_object_is_422(two: Two) -> None:
    different = []
    for operation in WITH_BODY:
        for raw in NO_OBJECT:
            answer = await send(two.foreigner, operation, raw)
            optional = not operation.spec["requestBody"].get("required", False)
            if optional and raw in {b"", b"null"}:
                fault = None if answer.status_code < 500 else f"{answer.status_code}"
            else:
                fault = differs(answer, 422)
            if fault:
                different.append((str(operation), raw, fault))
    assert different == []


async def test_another_media_type_is_415(two: Two) -> None:
    different = []
    for operation in WITH_BODY:
        for kind in MEDIA_TYPES:
            answer = await send(two.foreigner, operation, b"{}", **{"Content-Type": kind})
            fault = differs(answer, 415)
            if fault:
                different.append((str(operation), kind, fault))
    assert different == []


async def test_more_than_is_taken_is_413_before_it_is_read(two: Two, stack: Stack) -> None:
    different = []
    key = two.foreigner.http.headers["Authorization"]
    for operation in WITH_KEY:
        if "requestBody" in operation.spec:
            head = f"{operation.method} {operation.address()} HTTP/1.1\r\nHost: kith\r\nAuthorization: {key}\r\n"
            head += f"Content-Type: {operation.media_type}\r\nContent-Length: {2**40}\r\n\r\n"
            status = await status_of(stack, head)
            if status != 413:
                different.append((str(operation), status))
    assert different == []


async def status_of(stack: Stack, head: str) -> int:
    """Send only the head of a request; return the status that is answered without its body."""
    url = httpx.URL(stack.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        writer.write(head.encode())
        line = await asyncio.wait_for(reader.readline(), 60)
        return int(line.split()[1])
    finally:
        writer.close()


async def test_more_than_is_taken_is_413_where_no_length_was_declared(two: Two) -> None:
    different = []
    for operation in WITH_BODY:
        half = b" " * (operation.largest_body // 2 + 1)

        async def halves(half: bytes = half) -> AsyncIterator[bytes]:
            yield half
            yield half

        answer = await two.foreigner.send(operation.method, operation.address(), content=halves(), headers=JSON)
        fault = differs(answer, 413)
        if fault:
            different.append((str(operation), fault))
    assert different == []
