"""A request passes the door only with a good key, to a documented operation, within its limits; answers say so."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from services.kit.identity import IdentityVerifier
from tests import keys
from tests.callers import Caller
from tests.gateway.conftest import Issue
from tests.gateway.peers import Echo

KIND = "application/problem+json"


@pytest.fixture
async def key(issue: Issue) -> dict[str, str]:
    """The headers of a caller who may do everything."""
    return {"Authorization": f"Bearer {await issue()}"}


def is_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    assert answer.status_code == status, document
    assert answer.headers["content-type"] == KIND
    assert document["type"] == f"https://crm.example/problems/{slug}"
    assert document["request_id"] == answer.headers["x-request-id"]
    assert document["errors"] == []
    return document


class TestWhoMayPass:
    async def test_nobody_without_a_key(self, http: httpx.AsyncClient, echo: Echo) -> None:
        answer = await http.get("/v1/people")
        is_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == 'Bearer realm="kith"'
        assert echo.seen == []

    async def test_nobody_with_two_authorization_headers(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        twice = [("Authorization", key["Authorization"]), ("Authorization", "Bearer x")]
        is_problem(await http.get("/v1/people", headers=twice), 401, "unauthorized")

    async def test_nobody_with_an_identity_of_his_own_making(self, http: httpx.AsyncClient, echo: Echo) -> None:
        forged = Caller(["people:read"]).headers("contacts")
        is_problem(await http.get("/v1/people", headers=forged), 401, "unauthorized")
        assert echo.seen == []

    async def test_a_holder_of_a_key_with_the_identity_that_the_key_stands_for(
        self, http: httpx.AsyncClient, issue: Issue
    ) -> None:
        key = {"Authorization": f"Bearer {await issue(scopes=['people:read'])}"} | Caller().headers("contacts")
        seen = (await http.get("/v1/people", headers=key)).json()["headers"]
        identity = IdentityVerifier("contacts", keys.public_keys()).verify(seen["kith-identity"])
        assert identity.scopes == {"people:read"}
        assert identity.service is None
        assert "authorization" not in seen

    async def test_a_shop_without_a_key_to_the_webhook_address_only(self, http: httpx.AsyncClient, echo: Echo) -> None:
        answer = await http.post("/v1/webhooks/0190", content=b"{}", headers={"Authorization": "Basic eDp5"})
        assert answer.status_code == 200
        assert echo.seen[0]["headers"]["authorization"] == "Basic eDp5"
        assert "kith-identity" not in echo.seen[0]["headers"]


class TestWhere:
    @pytest.mark.parametrize(
        "path", ["/", "/v1", "/v2/people", "/v1/unknown", "/v1/people/", "/internal/names", "/feed"]
    )
    async def test_an_unknown_path_is_404_with_or_without_a_key(
        self, http: httpx.AsyncClient, key: dict[str, str], path: str, echo: Echo
    ) -> None:
        is_problem(await http.get(path), 404, "not-found")
        is_problem(await http.get(path, headers=key), 404, "not-found")
        assert echo.seen == []

    async def test_another_method_is_405_and_says_which_there_are(self, http: httpx.AsyncClient) -> None:
        answer = await http.delete("/v1/people")
        is_problem(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"

    async def test_the_raw_path_and_query_reach_the_service_unchanged(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        path = "/v1/people/external/my-shop/gid:%2F%2Fshop/%E4%B8%AD//x+y"
        await http.put(f"{path}?a=%20b&a=c+d&e", headers=key, json={})
        assert echo.seen[0]["path"] == path
        assert echo.seen[0]["query"] == "a=%20b&a=c+d&e"

    async def test_a_path_with_dots_cannot_reach_what_is_inside(
        self, gateway: FastAPI, key: dict[str, str], echo: Echo
    ) -> None:
        status = await raw_status(gateway, b"/v1/people/external/s/x/../../../../../internal/names", key)
        assert status == 404
        assert echo.seen == []

    async def test_a_service_that_is_not_there_is_503_and_says_when_to_come_again(
        self, http: httpx.AsyncClient, key: dict[str, str]
    ) -> None:
        answer = await http.get("/v1/scores", headers=key)
        is_problem(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "1"

    @pytest.mark.parametrize("answer_seconds", [0.5])
    async def test_a_service_that_sleeps_is_504(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        answer = await http.get("/v1/people", headers=key | {"x-echo-sleep": "2"})
        is_problem(answer, 504, "gateway-timeout")
        assert answer.headers["retry-after"] == "1"


class TestWhatPasses:
    async def test_headers_of_the_caller_and_of_the_service(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        sent = {
            "If-Match": '"v1"',
            "Idempotency-Key": "k",
            "Accept-Language": "zh-Hant",
            "X-Request-Id": "caller-12345",
        }
        answer = await http.post("/v1/people", headers=key | sent, json={"a": 1})
        inside = echo.seen[0]["headers"]
        assert {name: inside[name.lower()] for name in sent} == sent
        assert inside["content-type"] == "application/json"
        assert inside["x-forwarded-for"] == "127.0.0.1"
        assert inside["traceparent"].startswith("00-")
        assert answer.headers["etag"] == '"v7"'
        assert answer.headers["kith-position"] == "contacts:9"
        assert answer.headers["x-request-id"] == "caller-12345"
        assert "access-control-allow-origin" not in answer.headers

    async def test_a_body_without_a_length(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(4):
                yield b"x" * 100

        answer = await http.post("/v1/people", headers=key, content=pieces())
        assert answer.json()["length"] == 400

    @pytest.mark.parametrize(("path", "size"), [("/v1/people", 1025), ("/v1/webhooks/0190", 2049)])
    async def test_no_body_beyond_the_limit(
        self, http: httpx.AsyncClient, key: dict[str, str], path: str, size: int, echo: Echo
    ) -> None:
        document = is_problem(await http.post(path, headers=key, content=b"x" * size), 413, "too-large")
        assert document["limit_bytes"] == size - 1

        async def streamed() -> AsyncIterator[bytes]:
            yield b"x" * size

        is_problem(await http.post(path, headers=key, content=streamed()), 413, "too-large")
        assert echo.seen == []

    async def test_a_file_is_streamed_beyond_the_limit_of_json(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        await http.post("/v1/imports", headers=key, files={"file": b"x" * 500_000})
        assert echo.seen[0]["length"] > 500_000

    async def test_no_file_beyond_its_limit_with_or_without_a_length(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        async def streamed() -> AsyncIterator[bytes]:
            for _ in range(11):
                yield b"x" * 100_000

        form = key | {"Content-Type": "multipart/form-data; boundary=b"}
        is_problem(await http.post("/v1/imports", headers=form, content=streamed()), 413, "too-large")
        is_problem(await http.post("/v1/imports", headers=form, content=b"x" * 1_000_001), 413, "too-large")
        assert echo.seen == []

    @pytest.mark.parametrize("answer_seconds", [1.0])
    async def test_a_file_that_takes_longer_than_an_answer_may(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        async def slowly() -> AsyncIterator[bytes]:
            for _ in range(6):
                await asyncio.sleep(0.2)
                yield b"x" * 1000

        form = key | {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await http.post("/v1/imports", headers=form, content=slowly())
        assert (answer.status_code, echo.seen[0]["length"]) == (200, 6000)

    async def test_a_large_answer_whole(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        ask = {"x-echo-body": "0123456789", "x-echo-times": "200000"}
        answer = await http.get("/v1/people", headers=key | ask)
        assert answer.content == b"0123456789" * 200_000

    async def test_an_error_of_a_service_as_it_is(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        answer = await http.get("/v1/people", headers=key | {"x-echo-status": "409", "x-echo-body": "{}"})
        assert (answer.status_code, answer.content) == (409, b"{}")

    async def test_nothing_new_is_304_without_a_body(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        for tag in ('"v7"', 'W/"v7"', '"v6", "v7"'):
            answer = await http.get("/v1/people", headers=key | {"If-None-Match": tag})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"v7"')
        assert (await http.get("/v1/people", headers=key | {"If-None-Match": '"v6"'})).status_code == 200

    async def test_security_headers_on_everything(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        for answer in (await http.get("/v1/people", headers=key), await http.get("/v1/people"), await http.get("/x")):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["content-security-policy"]


class TestNames:
    async def test_missing_names_are_asked_once_and_filled_in(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        rep = '{"id":"r1","type":"rep","display_name":null}'
        answer = await http.get("/v1/people/0190", headers=key | {"x-echo-body": f'{{"rep":{rep},"other":[{rep}]}}'})
        assert [seen["path"] for seen in echo.seen] == ["/v1/people/0190", "/internal/names"]
        assert echo.seen[1]["body"] == '{"ids":["r1"]}'
        named = {"id": "r1", "type": "rep", "display_name": "明明"}
        assert answer.json() == {"rep": named, "other": [named]}

    async def test_an_answer_without_references_costs_no_question(
        self, http: httpx.AsyncClient, key: dict[str, str], echo: Echo
    ) -> None:
        await http.get("/v1/people/0190", headers=key)
        assert len(echo.seen) == 1


class TestCors:
    async def test_a_page_may_read_answers_and_problems(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        page = {"Origin": "https://app.example"}
        for answer in (await http.get("/v1/people", headers=key | page), await http.get("/v1/people", headers=page)):
            assert answer.headers["access-control-allow-origin"] == "https://app.example"
            assert "retry-after" in answer.headers["access-control-expose-headers"]

    async def test_a_preflight_needs_no_key(self, http: httpx.AsyncClient, echo: Echo) -> None:
        headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
        answer = await http.options("/v1/people/0190", headers=headers)
        assert answer.status_code == 204
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert echo.seen == []

    async def test_options_says_what_there_is(self, http: httpx.AsyncClient) -> None:
        answer = await http.options("/v1/people")
        assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")

    async def test_a_platforms_handshake_reaches_the_webhook(self, http: httpx.AsyncClient, echo: Echo) -> None:
        headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
        await http.options("/v1/webhooks/0190", headers=headers)
        assert echo.seen[0]["method"] == "OPTIONS"


class TestLimits:
    async def test_every_answer_says_what_is_left(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        answer = await http.get("/v1/people", headers=key)
        assert answer.headers["ratelimit-policy"] == '"default";q=600000;w=60'
        assert answer.headers["ratelimit"].startswith('"default";r=')

    async def test_one_too_many_is_429(self, gateway: FastAPI, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        gateway.state.gateway.limiter._policy = type(gateway.state.gateway.limiter._policy)(2, 60)
        statuses = []
        for _ in range(4):
            answer = await http.get("/v1/people", headers=key)
            statuses.append(answer.status_code)
            await gateway.state.gateway.limiter.stop()  # what it asks for in the background is there
        assert statuses == [200, 200, 429, 429]
        is_problem(answer, 429, "too-many-requests")
        assert answer.headers["retry-after"] == "30"


class TestHealth:
    @pytest.mark.parametrize("check", ["live", "ready", "startup"])
    async def test_is_open_to_all(self, http: httpx.AsyncClient, check: str) -> None:
        answer = await http.get(f"/health/{check}")
        assert (answer.status_code, answer.json()["status"]) == (200, "pass")

    async def test_details_are_not_for_the_public(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        is_problem(await http.get("/health/details", headers=key), 404, "not-found")
        is_problem(await http.get("/metrics", headers=key), 404, "not-found")


class TestFeed:
    async def test_is_for_services_only(self, http: httpx.AsyncClient, key: dict[str, str]) -> None:
        is_problem(await http.get("/feed", headers=key), 404, "not-found")
        assert (await http.get("/feed", headers=Caller().headers("gateway"))).status_code == 403
        follower = Caller(["feed:read"], issuer="scoring").headers("gateway")
        assert (await http.get("/feed", headers=follower)).status_code == 200


async def raw_status(app: FastAPI, raw_path: bytes, headers: dict[str, str]) -> int:
    """Send a path that well-behaved clients would tidy up first."""
    scope = {
        "type": "http",
        "method": "PUT",
        "scheme": "http",
        "path": raw_path.decode(),
        "raw_path": raw_path,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("gateway", 80),
        "root_path": "",
        "http_version": "1.1",
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]
