"""The conventions of HTTP that hold for every operation: HEAD, conditions, packed answers, what is refused."""

import gzip
from typing import Any

import cramjam
import httpx
import pytest

from tests.gateway.conftest import Issue
from tests.gateway.peers import Echo

TEXT = '{"a":"' + "x" * 2000 + '"}'
BIG = {"x-echo-body": TEXT}
UNPACK: dict[str, Any] = {"gzip": cramjam.gzip, "br": cramjam.brotli, "zstd": cramjam.zstd}


@pytest.fixture
async def key(issue: Issue) -> dict[str, str]:
    """The headers of a caller who may do everything, and who takes no packed answers unless a test says so."""
    return {"Authorization": f"Bearer {await issue()}", "Accept-Encoding": "identity"}


async def raw(http: httpx.AsyncClient, path: str, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
    """Return an answer and the bytes of its body as they came."""
    async with http.stream("GET", path, headers=headers) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


class TestHead:
    async def test_is_answered_wherever_get_is_with_the_same_headers_and_no_body(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        head = await http.head("/v1/people", headers=key | BIG)
        get = await http.get("/v1/people", headers=key | BIG)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == get.headers["content-length"] == str(len(TEXT))
        assert set(head.headers) == set(get.headers)
        assert [seen["method"] for seen in echo.seen] == ["GET", "GET"]

    async def test_of_an_operation_of_our_own(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        head = await http.head("/v1/me", headers=key)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len((await http.get("/v1/me", headers=key)).content))

    async def test_of_a_long_stream_does_not_fetch_it(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        answer = await http.head("/v1/people", headers=key | {"x-echo-body": "x" * 1000, "x-echo-times": "1000"})
        assert (answer.status_code, answer.content) == (200, b"")

    async def test_needs_a_key_like_any_other(self, http: httpx.AsyncClient) -> None:
        assert (await http.head("/v1/people")).status_code == 401

    async def test_where_there_is_no_get_is_405(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        answer = await http.head("/v1/imports", headers=key)
        assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


class TestConditions:
    async def test_a_list_has_a_tag_of_its_bytes(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        page = key | {"x-echo-bare": "1", "x-echo-body": '{"items":[]}'}
        tag = (await http.get("/v1/people", headers=page)).headers["etag"]
        assert tag.startswith('W/"')
        again = await http.get("/v1/people", headers=page | {"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-type" not in again.headers
        other = await http.get("/v1/people", headers=page | {"If-None-Match": tag, "x-echo-body": '{"items":[1]}'})
        assert other.status_code == 200

    async def test_a_star_is_any_version(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        assert (await http.get("/v1/people", headers=key | {"If-None-Match": "*"})).status_code == 304

    async def test_head_is_conditional_too(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        assert (await http.head("/v1/people", headers=key | {"If-None-Match": '"v7"'})).status_code == 304

    async def test_a_post_and_a_failure_are_not(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        known = key | {"If-None-Match": '"v7"'}
        assert (await http.post("/v1/people", headers=known, json={})).status_code == 200
        assert (await http.get("/v1/people", headers=known | {"x-echo-status": "409"})).status_code == 409

    async def test_caches_keep_answers_to_themselves_and_ask_each_time(
        self, http: httpx.AsyncClient, key: dict[str, str]
    ) -> None:
        for answer in (
            await http.get("/v1/people", headers=key),
            await http.get("/v1/people", headers=key | {"If-None-Match": '"v7"'}),
            await http.get("/v1/people"),
            await http.get("/v1/me", headers=key),
        ):
            assert answer.headers["cache-control"] == "private, no-cache"
            assert answer.headers["vary"] == "Origin, Accept-Encoding, Accept-Language, Authorization"


class TestPackedAnswers:
    @pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
    async def test_in_each_encoding(self, http: httpx.AsyncClient, key: dict[str, str], encoding: str) -> None:
        answer, body = await raw(http, "/v1/people", key | BIG | {"Accept-Encoding": encoding})
        assert answer.headers["content-encoding"] == encoding
        assert int(answer.headers["content-length"]) == len(body) < len(TEXT) / 10
        assert bytes(UNPACK[encoding].decompress(body)).decode() == TEXT
        assert answer.headers["etag"] == '"v7"'

    @pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
    async def test_of_a_long_stream(self, http: httpx.AsyncClient, key: dict[str, str], encoding: str) -> None:
        ask = {"x-echo-body": "0123456789", "x-echo-times": "200000", "Accept-Encoding": encoding}
        answer, body = await raw(http, "/v1/people", key | ask)
        assert (answer.headers["content-encoding"], "content-length" in answer.headers) == (encoding, False)
        assert bytes(UNPACK[encoding].decompress(body)) == b"0123456789" * 200_000

    async def test_of_our_own_operations_and_of_errors(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        failed = key | BIG | {"x-echo-status": "422", "Accept-Encoding": "gzip"}
        answer, body = await raw(http, "/v1/people", failed | {"x-echo-type": "application/problem+json"})
        assert (answer.status_code, gzip.decompress(body).decode()) == (422, TEXT)

    @pytest.mark.parametrize(
        "more",
        [
            {"x-echo-body": "x" * 1023},
            {"x-echo-type": "image/gif"},
            {"x-echo-type": "text/event-stream"},
            {"Accept-Encoding": "identity"},
            {"Accept-Encoding": "zstd;q=0"},
            {"Accept-Encoding": "deflate"},
        ],
    )
    async def test_not_where_it_is_not_worth_it_or_not_wanted(
        self, http: httpx.AsyncClient, key: dict[str, str], more: dict[str, str]
    ) -> None:
        answer, body = await raw(http, "/v1/people", key | BIG | {"Accept-Encoding": "gzip"} | more)
        assert "content-encoding" not in answer.headers
        assert body.decode() == more.get("x-echo-body", TEXT)

    async def test_a_platform_gets_the_answer_of_its_webhook_as_it_is(self, http: httpx.AsyncClient) -> None:
        answer, body = await raw(http, "/v1/webhooks/0190", BIG | {"Accept-Encoding": "gzip", "Accept": "text/html"})
        assert (answer.status_code, "content-encoding" in answer.headers, body.decode()) == (200, False, TEXT)

    async def test_services_are_never_asked_to_pack(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        await http.get("/v1/people", headers=key | {"Accept-Encoding": "gzip"})
        assert "accept-encoding" not in echo.seen[0]["headers"]


class TestRefusals:
    @pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
    async def test_a_packed_body_is_415_and_says_what_is_taken(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo, encoding: str
    ) -> None:
        bomb = gzip.compress(b"0" * 1_000_000)
        answer = await http.post("/v1/people", headers=key | {"Content-Encoding": encoding}, content=bomb[:900])
        assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
        assert answer.json()["type"].endswith("/unsupported-media-type")
        assert echo.seen == []

    async def test_a_body_that_says_it_is_not_packed_is_taken(
        self, http: httpx.AsyncClient, key: dict[str, str]
    ) -> None:
        answer = await http.post("/v1/people", headers=key | {"Content-Encoding": "Identity"}, json={})
        assert answer.status_code == 200

    async def test_an_answer_that_there_is_not_in_the_form_wanted_is_406(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        answer = await http.get("/v1/people", headers=key | {"Accept": "text/html, application/xml;q=0.9"})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (406, "not-acceptable")
        assert "application/json" in answer.json()["detail"]
        assert echo.seen == []

    async def test_what_the_document_says_an_operation_answers_may_be_asked_for(
        self, http: httpx.AsyncClient, key: dict[str, str]
    ) -> None:
        path = "/v1/people/0190/card.ics"
        assert (await http.get(path, headers=key | {"Accept": "text/calendar"})).status_code == 200
        assert (await http.get(path, headers=key | {"Accept": "application/json"})).status_code == 406

    async def test_a_key_is_asked_for_first(self, http: httpx.AsyncClient) -> None:
        assert (await http.get("/v1/people", headers={"Accept": "text/html"})).status_code == 401
