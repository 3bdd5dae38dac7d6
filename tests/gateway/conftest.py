"""What the tests of the gateway share: a workspace with its keys in the database."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any
from uuid import UUID

import pytest

from gateway.keys import repository
from gateway.keys.rules import make_key
from gateway.keys.service import new_row
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.secrets import Vault
from tests import keys

Issue = Callable[..., Awaitable[str]]
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
    return Vault(keys.secret_keys())


@pytest.fixture
async def workspace(database: Database, workspace_id: UUID) -> UUID:
    """A workspace that exists."""
    async with database.worker() as session:
        await session.execute(
            "INSERT INTO workspaces (workspace_id, name, time_zone, locale, reporting_currency)"
            " VALUES ($1, 'Lucky Shop', 'Asia/Taipei', 'zh-Hant', 'TWD')",
            workspace_id,
        )
    return workspace_id


@pytest.fixture
def issue(database: Database, vault: Vault, clock: FixedClock, workspace: UUID) -> Issue:
    """Makes a key and returns its text: `await issue(scopes=["people:read"])`."""
    chance = Random(f"{workspace}")

    async def make(**more: object) -> str:
        text = make_key("live", chance)
        values = DEFAULTS | more
        made = {"workspace_id": workspace, "created_at": clock.now(), "created_by": (None, "system")}
        async with database.worker() as session:
            await repository.insert(session, new_row(text, vault, values, **made))
        return text.text

    return make
