"""Every request finds its route, and every failure is a problem: of plain routes as of all others."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.kit.problems import NotFound
from services.kit.web.app import Kit, create_app
from services.kit.web.observe import DURATION
from tests.callers import running


async def plain(request: Request) -> Response:
    """Answer what is asked for, or fail."""
    match request.path_params["what"]:
        case "missing":
            raise NotFound
        case "broken":
            raise ValueError
        case "unreachable":
            raise ConnectionRefusedError
    return PlainTextResponse("answered")


@pytest.fixture
async def client(settings_for: Callable[..., Any]) -> AsyncIterator[httpx.AsyncClient]:
    kit = Kit.build(settings_for("contacts"))
    routes = [Route("/plain/{what}", plain, methods=["POST"]), Route("/plain/{what}", plain, methods=["PUT"])]
    async with running(create_app(kit, title="Plain", routers=[], routes=routes)) as found:
        yield found


async def test_a_plain_route_answers_under_a_request_id(client: httpx.AsyncClient) -> None:
    answer = await client.post("/plain/something", headers={"x-request-id": "my-request-1"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (200, "my-request-1")


@pytest.mark.parametrize(("what", "status"), [("missing", 404), ("broken", 500), ("unreachable", 503)])
async def test_its_failures_are_problems(client: httpx.AsyncClient, what: str, status: int) -> None:
    answer = await client.post(f"/plain/{what}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (answer.json()["status"], answer.json()["instance"]) == (status, f"/plain/{what}")
    assert "Traceback" not in answer.text


async def test_a_method_that_no_route_of_the_path_takes_is_told_those_that_are_taken(client: httpx.AsyncClient) -> None:
    answer = await client.get("/plain/x")
    assert (answer.status_code, answer.json()["status"], answer.headers["allow"]) == (405, 405, "POST, PUT")


async def test_a_path_without_a_route_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.post("/plain/x/y")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_it_is_measured_by_its_template(client: httpx.AsyncClient) -> None:
    await client.post("/plain/measured")
    labels = {sample.labels["route"] for metric in DURATION.collect() for sample in metric.samples}
    assert "/plain/{what}" in labels
