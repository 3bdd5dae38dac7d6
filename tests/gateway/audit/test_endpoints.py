"""The audit of all services as one list, with what happened to keys and settings in the gateway."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from gateway.app import create_app
from services.kit.audit.declared import JOBS
from services.kit.audit.endpoints import audit_router
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.ids import new_id
from tests.gateway.conftest import Issue, echo_document, gateway_settings, opened
from tests.gateway.peers import SERVICES, bare_services

PATH = "/v1/audit"
Add = Callable[..., Awaitable[str]]


@pytest.fixture
async def peers(settings_for: Callable[..., Any], clock: FixedClock) -> AsyncIterator[dict[str, str]]:
    """Three services that do nothing but keep an audit."""
    async with bare_services(settings_for, clock, audit_router([JOBS])) as found:
        yield found


@pytest.fixture
def add_entry(database_for: Callable[[str], Awaitable[Database]], workspace: UUID, clock: FixedClock) -> Add:
    """Return the maker of entries: await it with a service, and get the id of an entry about a job."""

    async def add(service: str) -> str:
        clock.advance(timedelta(milliseconds=500))
        entry_id = new_id()
        database = await database_for(service)
        async with database.worker() as session:
            await session.execute(
                "INSERT INTO audit_inbox (workspace_id, id, occurred_at, actor_kind, operation, object_type)"
                " VALUES ($1, $2, $3, 'system', $4, 'job')",
                workspace,
                entry_id,
                clock.now(),
                f"{service}_work",
            )
        return str(entry_id)

    return add


async def read_all(client: httpx.AsyncClient, **params: Any) -> list[str]:  # noqa: ANN401 - query values
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(PATH, params=params | cursor)).json()
        found += [entry["id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def test_needs_the_scope(client: httpx.AsyncClient, issue: Issue) -> None:
    key = {"Authorization": f"Bearer {await issue(scopes=['people:read'])}"}
    assert (await client.get(PATH, headers=key)).status_code == 403
    assert (await client.get(PATH, headers={"Authorization": ""})).status_code == 401


async def test_shows_the_entries_of_all_services_newest_first(client: httpx.AsyncClient, add_entry: Add) -> None:
    made = [await add_entry(SERVICES[number * 7 % 3]) for number in range(11)]
    for limit in (1, 2, 4, 50):
        assert await read_all(client, limit=limit) == made[::-1]
    assert await read_all(client, limit=3, sort="occurred_at") == made
    mine = [entry for number, entry in enumerate(made) if SERVICES[number * 7 % 3] == "scoring"]
    assert await read_all(client, limit=2, operation="scoring_work") == mine[::-1]
    page = (await client.get(PATH, params={"count": "exact", "limit": 2})).json()
    assert page["count"] == {"value": len(made), "kind": "exact"}


async def test_holds_what_happened_to_keys_and_settings(client: httpx.AsyncClient) -> None:
    made = (await client.post("/v1/api-keys", json={"name": "Shop", "scopes": ["people:read"]})).json()
    await client.patch(f"/v1/api-keys/{made['id']}", json={"name": "Web shop"})
    await client.patch("/v1/workspace", json={"name": "Tea House"})
    settings, renamed, created = (await client.get(PATH)).json()["items"]
    assert (created["operation"], created["object"]["id"], created["before"]) == ("create_api_key", made["id"], None)
    assert created["after"]["secret_hash"] == "(secret)"
    assert made["key"] not in str(created)
    assert (renamed["before"], renamed["after"]) == ({"name": "Shop"}, {"name": "Web shop"})
    assert (renamed["object"]["display_name"], renamed["key"]["display_name"]) == ("Web shop", "Root")
    assert (settings["object_type"], settings["after"]) == ("workspace", {"name": "Tea House"})
    assert (await client.get(PATH, params={"object_id": made["id"]})).json()["items"] == [renamed, created]


async def test_tells_only_of_kinds_that_the_key_may_read(
    client: httpx.AsyncClient, issue: Issue, add_entry: Add
) -> None:
    entry = await add_entry("contacts")
    await client.patch("/v1/workspace", json={"name": "Tea House"})
    for scopes, seen in ((["audit:read"], 0), (["audit:read", "jobs:read"], 1), (["audit:read", "workspace:read"], 1)):
        client.headers["Authorization"] = f"Bearer {await issue(scopes=scopes)}"
        page = (await client.get(PATH, params={"count": "exact"})).json()
        assert (len(page["items"]), page["count"]["value"]) == (seen, seen), scopes
        assert ([entry] == [one["id"] for one in page["items"]]) == ("jobs:read" in scopes)


async def test_shows_nothing_of_another_workspace(
    client: httpx.AsyncClient, add_entry: Add, stranger: dict[str, str]
) -> None:
    await add_entry("contacts")
    await client.patch("/v1/workspace", json={"name": "Tea House"})
    assert (await client.get(PATH, headers=stranger)).json()["items"] == []


async def test_a_foreign_or_damaged_cursor_is_refused(
    client: httpx.AsyncClient, add_entry: Add, stranger: dict[str, str]
) -> None:
    for service in SERVICES:
        await add_entry(service)
    cursor = (await client.get(PATH, params={"limit": 1})).json()["next_cursor"]
    for params, headers in (
        ({"cursor": cursor + "A"}, {}),
        ({"cursor": cursor, "operation": "x"}, {}),
        ({"cursor": cursor}, stranger),
    ):
        assert (await client.get(PATH, params=params, headers=headers)).status_code == 400


async def test_names_a_service_that_is_away(
    peers: dict[str, str], settings_for: Callable[..., Any], clock: FixedClock, issue: Issue, add_entry: Add
) -> None:
    entry = await add_entry("contacts")
    settings = gateway_settings(settings_for, peers | {"scoring": "http://127.0.0.1:1"})
    async with opened(create_app(settings, clock, document=echo_document())) as client:
        client.headers["Authorization"] = f"Bearer {await issue()}"
        page = (await client.get(PATH)).json()
        assert [found["id"] for found in page["items"]] == [entry]
        assert page["unavailable"] == [{"service": "scoring", "problem": "unavailable"}]
