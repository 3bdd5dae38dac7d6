from collections.abc import Callable

import httpx
import pytest

from deploy.demo.api import Api
from deploy.local.errors import LocalRunError

URL = "http://kith.test"


def api(answer: Callable[[httpx.Request], httpx.Response]) -> Api:
    return Api(URL, "kith_test_key", httpx.MockTransport(answer))


class TestErrors:
    async def test_nobody_there_says_how_to_start(self) -> None:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        async with api(refuse) as kith:
            with pytest.raises(LocalRunError, match=r"Start Kith with `make run`"):
                await kith.get("/v1/me")

    async def test_a_refused_key_says_where_the_right_one_is(self) -> None:
        async with api(lambda _: httpx.Response(401, json={"title": "Unauthorized"})) as kith:
            with pytest.raises(LocalRunError, match=r"admin\.key"):
                await kith.get("/v1/me")

    async def test_a_bad_signature_of_a_webhook_is_not_taken_for_a_bad_key(self) -> None:
        async with api(lambda _: httpx.Response(401, json={"title": "The signature does not fit"})) as kith:
            with pytest.raises(LocalRunError, match="signature"):
                await kith.deliver("/v1/webhooks/1", b"{}", {})

    async def test_a_missing_scope_says_which_key_it_takes(self) -> None:
        async with api(lambda _: httpx.Response(403, json={"detail": "needs people:write"})) as kith:
            with pytest.raises(LocalRunError, match=r"people:write.*admin"):
                await kith.post("/v1/people", {})

    async def test_invalid_content_is_shown_with_its_place(self) -> None:
        problem = {"title": "Invalid", "detail": "", "errors": [{"pointer": "#/name", "message": "too long"}]}
        async with api(lambda _: httpx.Response(422, json=problem)) as kith:
            with pytest.raises(LocalRunError, match="#/name: too long"):
                await kith.post("/v1/people", {})

    async def test_a_job_that_failed_shows_its_problem(self) -> None:
        job = {"id": "j1", "kind": "import", "status": "failed", "problem": "disk full"}
        async with api(lambda _: httpx.Response(200, json=job)) as kith:
            with pytest.raises(LocalRunError, match="disk full"):
                await kith.finished(job)


class TestPatience:
    async def test_it_waits_when_asked_to_and_tries_again(self) -> None:
        answers = iter([httpx.Response(503, headers={"Retry-After": "0"}), httpx.Response(429), httpx.Response(200)])

        def answer(_: httpx.Request) -> httpx.Response:
            found = next(answers)
            return httpx.Response(found.status_code, headers={"Retry-After": "0"}, json={"ok": True})

        async with api(answer) as kith:
            assert await kith.get("/v1/me") == {"ok": True}

    async def test_the_same_write_has_the_same_idempotency_key(self) -> None:
        keys: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            keys.append(request.headers["Idempotency-Key"])
            return httpx.Response(201, json={})

        async with api(answer) as kith:
            for body in ({"a": 1}, {"a": 1}, {"a": 2}):
                await kith.post("/v1/people", body)

        assert keys[0] == keys[1] != keys[2]

    async def test_it_waits_until_its_last_write_is_known_elsewhere(self) -> None:
        reads: list[str | None] = []

        def answer(request: httpx.Request) -> httpx.Response:
            if request.method == "PATCH":
                return httpx.Response(200, headers={"Kith-Position": "gateway:7"}, json={})
            reads.append(request.headers.get("Kith-After"))
            return httpx.Response(200, headers={"Kith-Stale": "true"} if len(reads) == 1 else {}, json={})

        async with api(answer) as kith:
            await kith.patch("/v1/workspace", {})
            await kith.arrived("/v1/scores")

        assert reads == ["gateway:7", "gateway:7"]


class TestLists:
    async def test_a_list_is_read_to_its_end(self) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            last = "cursor" in request.url.params
            return httpx.Response(200, json={"items": [{"n": 2 if last else 1}], "next_cursor": None if last else "c"})

        async with api(answer) as kith:
            assert [item["n"] async for item in kith.items("/v1/people")] == [1, 2]

    async def test_many_things_are_created_in_several_batches(self) -> None:
        sizes: list[int] = []

        def answer(request: httpx.Request) -> httpx.Response:
            items = httpx.Response(200, content=request.content).json()["items"]
            sizes.append(len(items))
            return httpx.Response(207, json={"items": [{"index": n} for n in range(len(items))]})

        async with api(answer) as kith:
            found = await kith.batch("/v1/people/batch", [{} for _ in range(1001)])

        assert len(found) == 1001
        assert len(sizes) == 3
