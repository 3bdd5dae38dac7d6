"""Whoever keeps sending keys that do not count is told to wait, and nobody else is."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from services.kit.clock import FixedClock
from tests.gateway.conftest import Issue, echo_document, gateway_settings, opened
from tests.gateway.peers import Echo

QUOTA = 3
PATH = "/v1/people"
BAD = {"Authorization": "Bearer kith_live_x"}


@pytest.fixture
async def http(settings_for: Callable[..., Any], echo: Echo, clock: FixedClock) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of a gateway behind one proxy, where three bad keys a minute are too many."""
    settings = gateway_settings(settings_for, {"contacts": echo.url}, trusted_hops=1, failed_auth_quota=QUOTA)
    app = create_app(settings, clock, document=echo_document())
    app.state.gateway.door.failures._now = lambda: 0.0  # nothing comes back while a test runs, however long that is
    async with opened(app) as client:
        yield client


async def statuses(http: httpx.AsyncClient, headers: dict[str, str], times: int = QUOTA + 1) -> list[int]:
    return [(await http.get(PATH, headers=headers)).status_code for _ in range(times)]


@pytest.mark.parametrize("bad", ["Bearer kith_live_x", "Basic eDp5", "Bearer a.b.c", ""])
async def test_bad_ones_are_429_after_a_while(http: httpx.AsyncClient, bad: str) -> None:
    for left in (2, 1, 0):
        answer = await http.get(PATH, headers={"Authorization": bad})
        assert answer.status_code == 401
        assert answer.headers["ratelimit"].startswith(f'"failed-authentication";r={left};')
    answer = await http.get(PATH, headers={"Authorization": bad})
    assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")
    assert answer.json()["type"] == "https://crm.example/problems/too-many-requests"
    assert answer.headers["retry-after"] == "20"
    assert answer.headers["ratelimit-policy"] == '"failed-authentication";q=3;w=60'


async def test_two_in_one_request_count_as_a_bad_one(http: httpx.AsyncClient) -> None:
    twice = [("Authorization", "Bearer x"), ("Authorization", "Bearer y")]
    assert [(await http.get(PATH, headers=twice)).status_code for _ in range(QUOTA + 1)] == [401, 401, 401, 429]


async def test_good_ones_from_the_same_address_pass_as_before(http: httpx.AsyncClient, issue: Issue) -> None:
    known, fresh = [{"Authorization": f"Bearer {await issue()}"} for _ in range(2)]
    assert (await http.get(PATH, headers=known)).status_code == 200
    assert await statuses(http, BAD) == [401, 401, 401, 429]
    for good in (known, fresh):
        answer = await http.get(PATH, headers=good)
        assert (answer.status_code, answer.headers["ratelimit"][:10]) == (200, '"default";')
    assert await statuses(http, BAD, 1) == [429]


async def test_good_ones_cost_nothing_of_it(http: httpx.AsyncClient, issue: Issue) -> None:
    assert await statuses(http, {"Authorization": f"Bearer {await issue()}"}) == [200] * 4
    assert await statuses(http, BAD) == [401, 401, 401, 429]


async def test_a_request_without_a_key_is_no_bad_key(http: httpx.AsyncClient) -> None:
    assert await statuses(http, {}) == [401] * 4
    assert await statuses(http, BAD) == [401, 401, 401, 429]
    assert await statuses(http, {}, 1) == [401]


async def test_callers_behind_a_proxy_of_ours_are_told_apart_by_what_it_says(http: httpx.AsyncClient) -> None:
    def came_from(chain: str) -> dict[str, str]:
        return BAD | {"X-Forwarded-For": chain}

    assert await statuses(http, came_from("192.0.2.7")) == [401, 401, 401, 429]
    assert await statuses(http, came_from("192.0.2.8"), 1) == [401]
    assert await statuses(http, came_from("192.0.2.8, 192.0.2.7"), 1) == [429]
