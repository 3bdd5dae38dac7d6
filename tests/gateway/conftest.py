"""What the tests of the gateway share: a workspace with its keys in the database."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from functools import cache, partial
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.document.applications import build_applications
from gateway.document.merge import merge
from gateway.keys import repository
from gateway.keys.rules import make_key
from gateway.keys.service import new_row
from gateway.settings import GatewaySettings
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.ids import new_id
from services.kit.secrets import Vault
from tests import keys
from tests.gateway.peers import Echo, served

Issue = Callable[..., Awaitable[str]]
ECHO_PATHS: dict[str, dict[str, dict[str, Any]]] = {
    "/v1/people": {"get": {"responses": {"200": {"content": {"application/json": {}}}}}, "post": {}},
    "/v1/people/{id}/card.ics": {"get": {"responses": {"200": {"content": {"text/calendar": {}}}}}},
    "/v1/people/{id}": {"get": {"x-kith-fill-names": True}, "patch": {}},
    "/v1/people/external/{source}/{external_id}": {"put": {}},
    "/v1/webhooks/{source_id}": {"post": {"security": []}},
    "/v1/imports": {"post": {"requestBody": {"content": {"multipart/form-data": {}}}}},
    "/v1/scores": {"get": {"x-kith-service": "scoring"}},
}
DEFAULTS: dict[str, Any] = {
    "name": "Test",
    "scopes": ["admin"],
    "rep_id": None,
    "visibility": "all",
    "origins": [],
    "networks": [],
    "expires_at": None,
}


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    """The gateway's own database."""
    return await database_for("gateway")


@pytest.fixture
def vault() -> Vault:
    """Secrets at rest."""
    return keys.vault()


async def add_workspace(database: Database, workspace_id: UUID) -> UUID:
    """Add a workspace."""
    async with database.worker() as session:
        await session.execute(
            "INSERT INTO workspaces (workspace_id, name, time_zone, locale, reporting_currency)"
            " VALUES ($1, 'Lucky Shop', 'Asia/Taipei', 'zh-Hant', 'TWD')",
            workspace_id,
        )
    return workspace_id


async def add_key(database: Database, vault: Vault, clock: FixedClock, workspace: UUID, **more: object) -> str:
    """Add a key and return its text."""
    text = make_key("live", Random(f"{new_id()}"))
    row = new_row(
        text,
        vault,
        DEFAULTS | more,
        workspace_id=workspace,
        created_at=clock.now(),
        created_by=(None, "system"),
    )
    async with database.worker() as session:
        await repository.insert(session, row)
    return text.text


@pytest.fixture
async def workspace(database: Database, workspace_id: UUID) -> UUID:
    """A workspace that exists."""
    return await add_workspace(database, workspace_id)


@pytest.fixture
def issue(database: Database, vault: Vault, clock: FixedClock, workspace: UUID) -> Issue:
    """Return the maker of keys: await it with the values that matter, and get the text of a key."""
    return partial(add_key, database, vault, clock, workspace)


@pytest.fixture
async def stranger(database: Database, vault: Vault, clock: FixedClock) -> dict[str, str]:
    """The headers of the administrator of another workspace."""
    other = await add_workspace(database, new_id())
    return {"Authorization": f"Bearer {await add_key(database, vault, clock, other)}"}


@cache
def merged() -> dict[str, Any]:
    """The document as the code makes it."""
    return merge(build_applications())


def echo_document() -> dict[str, Any]:
    """Return a document with the gateway's own operations and some of a service that echoes."""
    document = deepcopy(merged())
    document["paths"] = {path: found for path, found in document["paths"].items() if is_own(found)}
    for template, methods in ECHO_PATHS.items():
        item = document["paths"].setdefault(template, {})
        for method, more in methods.items():
            item[method] = {"operationId": f"{method}_echo", "x-kith-service": "contacts", "responses": {}} | more
    return document


def is_own(operations: dict[str, Any]) -> bool:
    """Tell whether the gateway answers a path itself."""
    return all(operation["x-kith-service"] == "gateway" for operation in operations.values())


@pytest.fixture(scope="session")
async def echo() -> AsyncIterator[Echo]:
    """A service that says what it was asked."""
    service = Echo()
    async with served(service) as url:
        service.url = url
        yield service


@pytest.fixture
def answer_seconds() -> float:
    """How long a service may take; tests that wait for the end of it ask for less."""
    return 60


@pytest.fixture
async def gateway(
    settings_for: Callable[..., Any], echo: Echo, clock: FixedClock, answer_seconds: float
) -> AsyncIterator[FastAPI]:
    """The gateway in front of the echoing service."""
    echo.seen.clear()
    echo.nobody.clear()
    settings = gateway_settings(
        settings_for,
        {"contacts": echo.url, "scoring": "http://127.0.0.1:1"},
        cors_origins=["https://app.example"],
        answer_seconds=answer_seconds,
        max_webhook_bytes=2048,
        max_body_bytes=1024,
        max_upload_bytes=1_000_000,
    )
    app = create_app(settings, clock, document=echo_document())
    async with app.router.lifespan_context(app):
        yield app


def gateway_settings(settings_for: Callable[..., Any], peers: dict[str, str], **more: object) -> GatewaySettings:
    """Return settings of a gateway in front of these peers, whom it gives time unless told otherwise."""
    patient = {"connect_seconds": 30, "part_seconds": 30}
    found: GatewaySettings = settings_for(
        "gateway", GatewaySettings, public_url="https://crm.example", peers=peers, **(patient | more)
    )
    return found


@contextlib.asynccontextmanager
async def opened(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Run a gateway and give a client on it."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client,
    ):
        yield client


@pytest.fixture
async def client(
    peers: dict[str, str], settings_for: Callable[..., Any], clock: FixedClock, issue: Issue
) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator in front of the `peers` that a test module has."""
    app = create_app(gateway_settings(settings_for, peers), clock, document=echo_document())
    async with opened(app) as found:
        found.headers["Authorization"] = f"Bearer {await issue(name='Root')}"
        yield found


@pytest.fixture
async def http(gateway: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the gateway without a key."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://gateway") as client:
        yield client
