"""What holds for every operation of contacts: who may not, what is foreign, what nobody knows.

Each test walks all operations and reports every one that differs.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from services.contacts.app import ROUTERS
from services.kit.ids import new_id
from services.kit.web.operation import SCOPES
from tests.contacts.conftest import Door, pointers

ORDER = {"total": {"amount": "1.00", "currency": "TWD"}}
CALL = {"customer_id": str(new_id()), "function": "care", "channel": "call"}
RATE = {"currency": "USD", "valid_from": "2026-01-01", "rate": "30"}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/people": {"given_name": "Ann"},
    "/v1/people/lookup": {"email": "ann@example.com"},
    "/v1/people/batch": {"items": [{"given_name": "Ann"}]},
    "/v1/accounts": {"name": "Tea"},
    "/v1/accounts/lookup": {"external_id": {"source": "import", "id": "1"}},
    "/v1/accounts/batch": {"items": [{"name": "Tea"}]},
    "/v1/reps": {"display_name": "Ann"},
    "/v1/interactions": CALL,
    "/v1/interactions/batch": {"items": [CALL]},
    "/v1/orders": ORDER,
    "/v1/orders/batch": {"items": [ORDER]},
    "/v1/orders/{order_id}/refunds": {"amount": ORDER["total"]},
    "/v1/exchange-rates": RATE,
    "/v1/sources": {"platform": "generic", "name": "Till"},
    "/v1/sources/{source_id}/secrets": {"overlap": "PT1H"},
    "/internal/names": {"ids": []},
    "/internal/audience": {"ids": []},
}
"""Bodies that fit, by the route's path; all others take an empty object."""
NOT_OURS = {b"{": 400, b'{"a": 1, "a": 2}': 400, b'{"a": NaN}': 400, b'{"a": "\\u0000"}': 422, b"[]": 422, b"\xff": 400}
SCHEMALESS = frozenset({"POST /v1/imports"})
"""Takes a form instead of JSON."""

Call = tuple[str, APIRoute]
Difference = tuple[str, object]


def operations(chosen: Callable[[APIRoute], bool] = lambda _: True) -> Iterator[Call]:
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and chosen(route):
                for method in sorted(route.methods or ()):
                    yield method, route


def has_id(route: APIRoute) -> bool:
    return "_id}" in route.path and "external" not in route.path


def has_json(route: APIRoute) -> bool:
    return route.body_field is not None and f"POST {route.path}" not in SCHEMALESS


def path_of(route: APIRoute) -> str:
    path = route.path_format.replace("{source}", "import").replace("{external_id}", "1")
    for parameter in route.dependant.path_params:
        path = path.replace(f"{{{parameter.name}}}", str(new_id()))
    return path


def body_of(route: APIRoute) -> object:
    return BODIES.get(route.path_format, {}) if has_json(route) else None


def slug(answer: httpx.Response) -> str:
    return str(answer.json().get("type", "")).rpartition("/")[2]


@pytest.fixture
def anybody(door: Door) -> Door:
    """Somebody with every scope, those between services included."""
    return door.who("admin", "internal")


async def test_nobody_in_particular_is_refused(door: Door) -> None:
    different: list[Difference] = []
    for method, route in operations():
        answer = await door.http.request(method, path_of(route), json=body_of(route))
        if (answer.status_code, answer.headers["content-type"]) != (401, "application/problem+json"):
            different.append((f"{method} {route.path}", answer.status_code))
    assert different == []


async def test_a_key_without_the_scope_is_refused_by_name(door: Door) -> None:
    different: list[Difference] = []
    for method, route in operations():
        answer = await door.who("nothing:read").call(method, path_of(route), body_of(route))
        [scope] = (route.openapi_extra or {})[SCOPES]
        if (answer.status_code, answer.json().get("scope")) != (403, scope):
            different.append((f"{method} {route.path}", answer.json()))
    assert different == []


async def test_an_unknown_parameter_is_named(anybody: Door) -> None:
    different: list[Difference] = []
    for method, route in operations():
        answer = await anybody.call(method, f"{path_of(route)}?colour=red", body_of(route))
        if (answer.status_code, pointers(answer)) != (400, ["colour"]):
            different.append((f"{method} {route.path}", answer.json()))
    assert different == []


async def test_what_never_was_is_not_found(anybody: Door) -> None:
    different: list[Difference] = []
    for method, route in operations(has_id):
        answer = await anybody.call(method, path_of(route), body_of(route))
        if (answer.status_code, slug(answer)) != (404, "not-found"):
            different.append((f"{method} {route.path}", answer.json()))
    assert different == []


async def test_an_id_that_is_none_is_a_bad_parameter(anybody: Door) -> None:
    different: list[Difference] = []
    for method, route in operations(has_id):
        path = route.path_format
        for parameter in route.dependant.path_params:
            path = path.replace(f"{{{parameter.name}}}", "not-an-id")
        answer = await anybody.call(method, path, body_of(route))
        if answer.status_code != 400:
            different.append((f"{method} {route.path}", answer.json()))
    assert different == []


async def test_an_unknown_field_is_named(anybody: Door) -> None:
    different: list[Difference] = []
    for method, route in operations(has_json):
        answer = await anybody.call(method, path_of(route), {"colour": "red"})
        if answer.status_code != 422 or "#/colour" not in pointers(answer):
            different.append((f"{method} {route.path}", answer.json()))
    assert different == []


@pytest.mark.parametrize(("raw", "status"), NOT_OURS.items())
async def test_what_is_no_body_of_ours_is_refused(anybody: Door, raw: bytes, status: int) -> None:
    headers = anybody.caller.headers("contacts") | {"Content-Type": "application/json"}
    different: list[Difference] = []
    for method, route in operations(has_json):
        answer = await anybody.http.request(method, path_of(route), content=raw, headers=headers)
        if answer.status_code != status:
            different.append((f"{method} {route.path}", answer.json()))
    assert different == []


async def test_a_list_takes_neither_a_bad_page_nor_a_foreign_cursor(anybody: Door) -> None:
    different: list[Difference] = []
    for method, route in operations(lambda route: "GET" in (route.methods or ()) and not has_id(route)):
        for name, value in (("limit", "0"), ("limit", "201"), ("cursor", "AAAA"), ("sort", "colour")):
            answer = await anybody.call(method, route.path, params={name: value})
            if answer.status_code != 400:
                different.append((f"{method} {route.path}?{name}={value}", answer.json()))
    assert different == []


class TestForeign:
    """What one workspace made does not exist for another one."""

    @pytest.fixture
    async def made(self, door: Door) -> dict[str, str]:
        person = await door.made("/v1/people", {"given_name": "Ann", "external_ids": [{"source": "import", "id": "1"}]})
        job_id = new_id()
        await door.kith.as_admin(
            "INSERT INTO contacts.jobs (workspace_id, id, kind) VALUES ($1, $2, 'import')",
            door.caller.workspace_id,
            job_id,
        )
        return {
            "person_id": person["id"],
            "customer_id": person["id"],
            "account_id": (await door.made("/v1/accounts", {"name": "Tea"}))["id"],
            "rep_id": (await door.made("/v1/reps", {"display_name": "Ann"}))["id"],
            "order_id": (await door.made("/v1/orders", ORDER))["id"],
            "rate_id": (await door.made("/v1/exchange-rates", RATE))["id"],
            "source_id": (await door.made("/v1/sources", BODIES["/v1/sources"]))["id"],
            "interaction_id": (await door.made("/v1/interactions", CALL | {"customer_id": person["id"]}))["id"],
            "job_id": str(job_id),
            "import_id": str(job_id),
            "delivery_id": str(new_id()),
        }

    async def test_no_operation_reaches_it(self, door: Door, made: dict[str, str]) -> None:
        stranger = door.elsewhere().who("admin", "internal")
        different: list[Difference] = []
        for method, route in operations(has_id):
            foreign = await stranger.call(method, route.path_format.format(**made), body_of(route))
            never = await stranger.call(method, path_of(route), body_of(route))
            telling = {name: never.json()[name] for name in ("type", "title", "status", "detail", "errors")}
            if foreign.status_code != 404 or not telling.items() <= foreign.json().items():
                different.append((f"{method} {route.path}", foreign.json()))
        assert different == []

    async def test_no_list_shows_it(self, door: Door, made: dict[str, str]) -> None:
        stranger = door.elsewhere()
        different: list[Difference] = []
        for method, route in operations(lambda route: route.dependant.call.__name__.startswith("list_")):  # type: ignore[union-attr]  # every route has an endpoint
            if has_id(route) or route.path == "/v1/source-platforms":
                continue
            params: dict[str, str | int | list[str]] = {"count": "exact", "ids": list(made.values())}
            answer = await stranger.call(method, route.path, params=params)
            if (answer.json().get("items"), answer.json().get("count")) != ([], {"value": 0, "kind": "exact"}):
                different.append((f"{method} {route.path}", answer.json()))
        assert different == []

    async def test_it_cannot_be_named_in_a_body(self, door: Door, made: dict[str, str]) -> None:
        other = door.elsewhere()
        owner = await other.post("/v1/people", {"given_name": "B", "owner_rep_id": made["rep_id"]})
        assert (owner.status_code, pointers(owner)) == (422, ["#/owner_rep_id"])
        call = await other.post("/v1/interactions", CALL | {"customer_id": made["person_id"]})
        assert pointers(call) == ["#/customer_id"]
        order = await other.post("/v1/orders", ORDER | {"account_id": made["account_id"]})
        assert pointers(order) == ["#/account_id"]
        same_id = await other.post("/v1/people", {"external_ids": [{"source": "import", "id": "1"}]})
        assert same_id.status_code == 201
