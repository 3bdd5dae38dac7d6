"""Every operation of the published document: no key, wrong scope, foreign workspace."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.bootstrap import running_gateway
from gateway import bootstrap
from tests.system.client import Client, Json, eventually
from tests.system.document import Operation, operations
from tests.system.shops import Shop
from tests.system.stack import Stack
from tests.system.test_main_job import view_with_reminder

WITH_KEY = [one for one in operations() if not one.is_public]
WITH_SCOPES = [one for one in WITH_KEY if one.scopes]
WITH_ID = [one for one in WITH_KEY if one.parameters]
LISTS = [one for one in WITH_KEY if one.method == "GET" and not one.parameters]
# No operation of this release needs these: keys that hold nothing else may do nothing.
USELESS_SCOPES = ("coupons:read", "journeys:read")
NEEDS_PARAMETERS = {"/v1/scores": {"kind": "value_tier"}}
OWN = ("/v1/me", "/v1/workspace")
"""What every workspace has of its own and nobody can ask of another."""


@dataclass
class Two:
    """Two workspaces: what the first one has, and the other one's admin."""

    anonymous: Client
    powerless: Client
    owner: Client
    foreigner: Client
    ids: dict[str, str]
    bodies: dict[str, Json]
    """Bodies that fit where the document's own example would be refused for what it says."""


@pytest.fixture(scope="module")
async def two(stack: Stack) -> AsyncIterator[Two]:
    """A workspace with something of everything, and another one."""
    settings = running_gateway(stack.home)
    mine, key = await bootstrap.create_workspace(settings, "Mine")
    _, other_key = await bootstrap.create_workspace(settings, "Other")
    weak_key = await bootstrap.create_key(settings, mine, "weak", list(USELESS_SCOPES))
    async with (
        Client(stack.url, None) as anonymous,
        Client(stack.url, weak_key) as powerless,
        Client(stack.url, key) as owner,
        Client(stack.url, other_key) as foreigner,
    ):
        await owner.configure(reporting_currency="TWD")
        yield Two(anonymous, powerless, owner, foreigner, await furnish(owner), await fitting_bodies(foreigner))


async def fitting_bodies(client: Client) -> dict[str, Json]:
    """Return bodies that name a rep of the caller's own, and a time to come."""
    rep = await client.post("/v1/reps", {"display_name": "Somebody"})
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    return {"reassign": {"rep_id": rep["id"]}, "snooze": {"until": later}}


async def furnish(client: Client) -> dict[str, str]:
    """Create one of everything; returns ids by the collection that they belong to."""
    shop = await Shop.connect(client, "shopify")
    order = shop.order()
    answer = await shop.place(order)
    view = await view_with_reminder(client, shop, order)
    person = view["customer"]["id"]
    stored = await shop.stored_order(order.external_id)
    created = {
        "accounts": {"name": "Hidden"},
        "reps": {"display_name": "Hidden"},
        "exchange-rates": {"currency": "USD", "valid_from": "2026-01-01", "rate": "30"},
        "interactions": {"customer_id": person, "function": "care", "channel": "call", "direction": "outbound"},
        "api-keys": {"name": "Hidden", "scopes": ["people:read"]},
    }
    ids = {name: (await client.post(f"/v1/{name}", body))["id"] for name, body in created.items()}
    job = await client.job(await client.post("/v1/scores/recompute", {}))
    imported = await client.send(
        "POST",
        "/v1/imports",
        files={
            "file": ("orders.csv", b"external_id,total,currency,placed_at\n1,5,TWD,2026-01-01T00:00:00Z\n", "text/csv")
        },
        data={"kind": "orders", "format": "csv"},
    )
    policies = await client.items("/v1/scoring-policies")
    care_rules = await client.items("/v1/care-rules")
    return ids | {
        "people": person,
        "customers": person,
        "orders": stored["id"],
        "sources": shop.source_id,
        "deliveries": answer["delivery_id"],
        "reminders": view["reminders"]["items"][0]["id"],
        "jobs": job["id"],
        "imports": imported.json()["id"],
        "scoring-policies": policies[0]["id"],
        "care-rules": care_rules[0]["id"],
        "source": shop.key,
        "external_id": order.external_id,
    }


def foreign_address(operation: Operation, ids: dict[str, str]) -> str:
    """Return the path of an operation on something that the other workspace has."""
    steps = operation.path.split("/")
    values = {}
    for before, step in itertools.pairwise(steps):
        if step.startswith("{"):
            name = step.strip("{}")
            values[name] = ids[name] if name in ids else ids[before]
    return operation.address(values)


@pytest.mark.parametrize("operation", WITH_KEY, ids=str)
async def test_without_a_key_it_is_401(two: Two, operation: Operation) -> None:
    answer = await two.anonymous.send(operation.method, operation.address(), **operation.request())

    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "www-authenticate" in answer.headers


@pytest.mark.parametrize("operation", WITH_SCOPES, ids=str)
async def test_with_a_key_that_lacks_the_scope_it_is_403_and_names_the_scope(two: Two, operation: Operation) -> None:
    address = foreign_address(operation, two.ids)

    answer = await two.powerless.send(operation.method, address, **operation.request())

    assert answer.status_code == 403, answer.text
    assert any(scope in answer.text for scope in operation.scopes)


@pytest.mark.parametrize("operation", WITH_ID, ids=str)
async def test_on_something_of_another_workspace_it_is_404(two: Two, operation: Operation) -> None:
    address = foreign_address(operation, two.ids)

    own = two.bodies.get(operation.path.rpartition("/")[2])
    request = {"json": own} if own else operation.request()

    answer = await two.foreigner.send(operation.method, address, **request)
    never = await two.foreigner.send(operation.method, operation.address(), **request)

    assert answer.status_code == 404, answer.text
    assert never.status_code == answer.status_code
    hidden = {"request_id", "instance", "detail"}
    assert {key: value for key, value in answer.json().items() if key not in hidden} == {
        key: value for key, value in never.json().items() if key not in hidden
    }


@pytest.mark.parametrize("operation", LISTS, ids=str)
async def test_a_list_shows_nothing_of_another_workspace(two: Two, operation: Operation) -> None:
    answer = await two.foreigner.send("GET", operation.path, params=NEEDS_PARAMETERS.get(operation.path, {}))

    assert answer.is_success, answer.text
    assert not [name for name, value in two.ids.items() if name != "external_id" and value in answer.text]
    if operation.path not in OWN:
        assert "items" in answer.json()


async def test_what_is_hidden_is_still_there_for_its_owner(two: Two) -> None:
    async def untouched() -> bool:
        view = await two.owner.get(f"/v1/customers/{two.ids['people']}/360")
        return bool(view["customer"]["id"] == two.ids["people"])

    await eventually(untouched, "the owner reads the customer")
    assert await two.owner.get(f"/v1/reminders/{two.ids['reminders']}")
