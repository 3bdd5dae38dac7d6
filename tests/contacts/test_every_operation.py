"""What holds for every operation of contacts: who may not, what is foreign, what nobody knows."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet
from fastapi.routing import APIRoute

from services.contacts.app import ROUTERS
from services.kit.ids import new_id
from services.kit.web.operation import SCOPES
from tests.contacts.conftest import Door, pointers

BODIES: dict[str, dict[str, Any]] = {
    "/v1/people": {"given_name": "Ann"},
    "/v1/people/lookup": {"email": "ann@example.com"},
    "/v1/people/batch": {"items": [{"given_name": "Ann"}]},
    "/v1/accounts": {"name": "Tea"},
    "/v1/accounts/lookup": {"external_id": {"source": "import", "id": "1"}},
    "/v1/accounts/batch": {"items": [{"name": "Tea"}]},
    "/v1/reps": {"display_name": "Ann"},
    "/v1/interactions": {"customer_id": str(new_id()), "function": "care", "channel": "call"},
    "/v1/interactions/batch": {"items": [{"customer_id": str(new_id()), "function": "care", "channel": "call"}]},
    "/v1/orders": {"total": {"amount": "1.00", "currency": "TWD"}},
    "/v1/orders/batch": {"items": [{"total": {"amount": "1.00", "currency": "TWD"}}]},
    "/v1/orders/{order_id}/refunds": {"amount": {"amount": "1.00", "currency": "TWD"}},
    "/v1/exchange-rates": {"currency": "USD", "valid_from": "2026-01-01", "rate": "30"},
}
"""Bodies that fit, by the route's path; all others take an empty object."""


def operations() -> Iterator[tuple[str, APIRoute]]:
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute):
                for method in sorted(route.methods or ()):
                    yield method, route


def named(chosen: Callable[[APIRoute], bool]) -> list[ParameterSet]:
    return [pytest.param(method, route, id=f"{method} {route.path}") for method, route in operations() if chosen(route)]


OPERATIONS = named(lambda _: True)
WITH_ID = named(lambda route: "_id}" in route.path and "external" not in route.path)
WITH_BODY = named(lambda route: route.body_field is not None)


def path_of(route: APIRoute) -> str:
    path = route.path_format.replace("{source}", "import").replace("{external_id}", "1")
    for parameter in route.dependant.path_params:
        path = path.replace(f"{{{parameter.name}}}", str(new_id()))
    return path


def body_of(route: APIRoute) -> object:
    return BODIES.get(route.path_format, {}) if route.body_field is not None else None


@pytest.mark.parametrize(("method", "route"), OPERATIONS)
async def test_nobody_in_particular_is_refused(door: Door, method: str, route: APIRoute) -> None:
    answer = await door.http.request(method, path_of(route), json=body_of(route))
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "route"), OPERATIONS)
async def test_a_key_without_the_scope_is_refused_by_name(door: Door, method: str, route: APIRoute) -> None:
    answer = await door.who("nothing:read").call(method, path_of(route), body_of(route))
    [scope] = (route.openapi_extra or {})[SCOPES]
    assert (answer.status_code, answer.json()["scope"]) == (403, scope)


@pytest.mark.parametrize(("method", "route"), OPERATIONS)
async def test_an_unknown_parameter_is_named(door: Door, method: str, route: APIRoute) -> None:
    answer = await door.call(method, f"{path_of(route)}?colour=red", body_of(route))
    assert (answer.status_code, pointers(answer)) == (400, ["colour"])


@pytest.mark.parametrize(("method", "route"), WITH_ID)
async def test_what_never_was_is_not_found(door: Door, method: str, route: APIRoute) -> None:
    answer = await door.call(method, path_of(route), body_of(route))
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "not-found")


@pytest.mark.parametrize(("method", "route"), WITH_BODY)
async def test_an_unknown_field_is_named(door: Door, method: str, route: APIRoute) -> None:
    answer = await door.call(method, path_of(route), {"colour": "red"})
    assert answer.status_code == 422
    assert "#/colour" in pointers(answer)


@pytest.mark.parametrize(("method", "route"), WITH_BODY)
@pytest.mark.parametrize(
    ("raw", "status"),
    [(b"{", 400), (b'{"a": 1, "a": 2}', 400), (b'{"a": NaN}', 400), (b'{"a": "\\u0000"}', 422), (b"[]", 422)],
)
async def test_what_is_no_body_of_ours_is_refused(
    door: Door, method: str, route: APIRoute, raw: bytes, status: int
) -> None:
    headers = door.caller.headers("contacts") | {"Content-Type": "application/json"}
    answer = await door.http.request(method, path_of(route), content=raw, headers=headers)
    assert answer.status_code == status


class TestForeign:
    """What one workspace made does not exist for another one."""

    @pytest.fixture
    async def made(self, door: Door) -> dict[str, str]:
        person = await door.made("/v1/people", {"given_name": "Ann", "external_ids": [{"source": "import", "id": "1"}]})
        account = await door.made("/v1/accounts", {"name": "Tea"})
        rep = await door.made("/v1/reps", {"display_name": "Ann"})
        order = await door.made("/v1/orders", BODIES["/v1/orders"])
        rate = await door.made("/v1/exchange-rates", BODIES["/v1/exchange-rates"])
        call = {"customer_id": person["id"], "function": "care", "channel": "call"}
        return {
            "person_id": person["id"],
            "account_id": account["id"],
            "rep_id": rep["id"],
            "rate_id": rate["id"],
            "order_id": order["id"],
            "interaction_id": (await door.made("/v1/interactions", call))["id"],
        }

    @pytest.mark.parametrize(("method", "route"), WITH_ID)
    async def test_no_operation_reaches_it(
        self, door: Door, made: dict[str, str], method: str, route: APIRoute
    ) -> None:
        path = route.path_format.format(**made)
        answer = await door.elsewhere().call(method, path, body_of(route))
        never = await door.elsewhere().call(method, path_of(route), body_of(route))
        hidden = {"instance", "request_id"}
        assert answer.status_code == 404
        assert {k: v for k, v in answer.json().items() if k not in hidden} == {
            k: v for k, v in never.json().items() if k not in hidden
        }

    @pytest.mark.parametrize(
        "path", ["/v1/people", "/v1/accounts", "/v1/reps", "/v1/exchange-rates", "/v1/interactions", "/v1/orders"]
    )
    async def test_no_list_shows_it(self, door: Door, made: dict[str, str], path: str) -> None:
        answer = await door.elsewhere().get(path, params={"count": "exact", "ids": list(made.values())})
        assert (answer.json()["items"], answer.json()["count"]["value"]) == ([], 0)

    async def test_it_cannot_be_named_in_a_body(self, door: Door, made: dict[str, str]) -> None:
        other = door.elsewhere()
        owner = await other.post("/v1/people", {"given_name": "B", "owner_rep_id": made["rep_id"]})
        assert (owner.status_code, pointers(owner)) == (422, ["#/owner_rep_id"])
        call = {"customer_id": made["person_id"], "function": "care", "channel": "call"}
        assert pointers(await other.post("/v1/interactions", call)) == ["#/customer_id"]
        same_id = await other.post("/v1/people", {"external_ids": [{"source": "import", "id": "1"}]})
        assert same_id.status_code == 201
