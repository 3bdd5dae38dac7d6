"""Routes that pass the framework are watched and answered like all others."""

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


async def straight(request: Request) -> Response:
    """Answer what is asked for, or fail."""
    match request.path_params["what"]:
        case "missing":
            raise NotFound
        case "broken":
            raise ValueError
    return PlainTextResponse("answered")


@pytest.fixture
async def client(settings_for: Callable[..., Any]) -> AsyncIterator[httpx.AsyncClient]:
    kit = Kit.build(settings_for("contacts"))
    route = Route("/straight/{what}", straight, methods=["POST"], name="straight")
    async with running(create_app(kit, title="Straight", routers=[], straight=[route])) as found:
        yield found


async def test_a_straight_route_answers_under_a_request_id(client: httpx.AsyncClient) -> None:
    answer = await client.post("/straight/something", headers={"x-request-id": "my-request-1"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (200, "my-request-1")


@pytest.mark.parametrize(("what", "status"), [("missing", 404), ("broken", 500)])
async def test_its_failures_are_problems(client: httpx.AsyncClient, what: str, status: int) -> None:
    answer = await client.post(f"/straight/{what}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (answer.json()["status"], answer.json()["instance"]) == (status, f"/straight/{what}")
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/straight/x", 405), ("POST", "/straight/x/y", 404)])
async def test_what_is_not_for_it_goes_the_usual_way(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


async def test_it_is_measured_by_its_template(client: httpx.AsyncClient) -> None:
    await client.post("/straight/measured")
    labels = {sample.labels["route"] for metric in DURATION.collect() for sample in metric.samples}
    assert "/straight/{what}" in labels
