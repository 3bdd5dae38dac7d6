"""Contacts as its callers meet it: the application on a real database, and somebody who may do everything."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack
from uuid import UUID

import httpx
import pytest

from services.contacts.app import create_app
from services.contacts.settings import ContactsSettings
from services.kit.clock import FixedClock
from services.kit.identity import Visibility
from services.kit.ids import new_id
from tests.callers import Caller, running
from tests.cluster import KithDatabase


class Options(TypedDict, total=False):
    """What a request may carry beside a JSON body."""

    headers: dict[str, str]
    params: Mapping[str, str | int | list[str]]
    content: bytes
    data: Mapping[str, str]
    files: Mapping[str, Any]


@dataclass(frozen=True)
class Door:
    """A caller in front of contacts."""

    http: httpx.AsyncClient
    caller: Caller
    kith: KithDatabase

    def who(
        self, *scopes: str, rep_id: UUID | None = None, visibility: Visibility = "all", team: Iterable[UUID] = ()
    ) -> "Door":
        """Return the door for another caller of the same workspace."""
        workspace_id = self.caller.workspace_id
        caller = Caller(scopes, workspace_id=workspace_id, rep_id=rep_id, visibility=visibility, team=team)
        return Door(self.http, caller, self.kith)

    def elsewhere(self) -> "Door":
        """Return the door for somebody of another workspace who may do everything there."""
        return Door(self.http, Caller(), self.kith)

    async def call(self, method: str, path: str, json: object = None, **options: Unpack[Options]) -> httpx.Response:
        """Send a request with the caller's identity."""
        options["headers"] = self.caller.headers("contacts") | options.get("headers", {})
        return await self.http.request(method, path, json=json, **options)

    async def get(self, path: str, **options: Unpack[Options]) -> httpx.Response:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: object = None, **options: Unpack[Options]) -> httpx.Response:
        return await self.call("POST", path, json, **options)

    async def patch(self, path: str, json: object, **options: Unpack[Options]) -> httpx.Response:
        return await self.call("PATCH", path, json, **options)

    async def put(self, path: str, json: object, **options: Unpack[Options]) -> httpx.Response:
        return await self.call("PUT", path, json, **options)

    async def delete(self, path: str, **options: Unpack[Options]) -> httpx.Response:
        return await self.call("DELETE", path, **options)

    async def made(self, path: str, json: object) -> dict[str, Any]:
        """Create something and return it."""
        answer = await self.post(path, json)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """Return what was published of a type in the caller's workspace, oldest first."""
        rows = await self.kith.as_admin(
            "SELECT data::text FROM ("
            "SELECT 0 AS waits, position AS place, type, workspace_id, data FROM contacts.events"
            " UNION ALL SELECT 1, seq, type, workspace_id, data FROM contacts.outbox) told"
            " WHERE type = $1 AND workspace_id = $2 ORDER BY waits, place",
            kind,
            self.caller.workspace_id,
        )
        return [httpx.Response(200, text=row["data"]).json() for row in rows]

    async def settle(self, **settings: str) -> None:
        """Give the workspace its settings, as the gateway's feed would."""
        values = {"time_zone": "Asia/Taipei", "locale": "en", "reporting_currency": "TWD", "default_region": "TW"}
        values |= settings
        await self.kith.as_admin(
            "INSERT INTO contacts.workspaces"
            " (workspace_id, version, name, time_zone, locale, reporting_currency, default_region)"
            " VALUES ($1, 1, 'Tea House', $2, $3, $4, $5)",
            self.caller.workspace_id,
            values["time_zone"],
            values["locale"],
            values["reporting_currency"],
            values["default_region"],
        )


@pytest.fixture
async def door(
    kith: KithDatabase, settings_for: Callable[..., Any], clock: FixedClock, workspace_id: UUID
) -> AsyncIterator[Door]:
    """Somebody with every scope, in front of contacts."""
    app = create_app(settings_for("contacts", ContactsSettings), clock)
    async with running(app) as http:
        yield Door(http, Caller(workspace_id=workspace_id), kith)


@pytest.fixture
async def customer(door: Door) -> UUID:
    """A person who is there, written past the API."""
    person_id = new_id()
    await door.kith.as_admin(
        "INSERT INTO contacts.people (workspace_id, id, display_name) VALUES ($1, $2, '王小明')",
        door.caller.workspace_id,
        person_id,
    )
    return person_id


def pointers(answer: httpx.Response) -> list[str]:
    """Return the places that a problem names."""
    return [item["pointer"] or item["name"] for item in answer.json()["errors"]]
