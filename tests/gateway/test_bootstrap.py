"""The first workspace and its key; what the command line creates."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway import bootstrap
from gateway.app import create_app
from gateway.keys.rules import parse_key
from gateway.settings import GatewaySettings
from services.kit.database import Database
from services.kit.ids import new_id
from tests.gateway.conftest import echo_document, gateway_settings, opened


@pytest.fixture
def settings(settings_for: Callable[..., Any]) -> GatewaySettings:
    """Settings of a gateway that has no peers."""
    return gateway_settings(settings_for, {}, first_workspace_name="明記茶行", first_workspace_time_zone="Asia/Taipei")


async def me(settings: GatewaySettings, key: str) -> dict[str, Any]:
    async with opened(create_app(settings, document=echo_document())) as client:
        answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})
    found: dict[str, Any] = answer.json()
    return found


async def test_the_first_start_makes_a_workspace_and_an_admin_key_that_works(settings: GatewaySettings) -> None:
    key = await bootstrap.ensure_first_workspace(settings)
    assert key is not None
    found = await me(settings, key)
    assert found["scopes"] == ["admin"]
    assert (found["workspace"]["name"], found["workspace"]["time_zone"]) == ("明記茶行", "Asia/Taipei")


async def test_the_services_are_told(settings: GatewaySettings, database: Database) -> None:
    await bootstrap.ensure_first_workspace(settings)
    async with database.worker() as session:
        rows = await session.fetch("SELECT type, data FROM outbox")
    assert [(row["type"], row["data"]["name"]) for row in rows] == [("workspace.changed", "明記茶行")]


async def test_the_second_start_makes_nothing(settings: GatewaySettings) -> None:
    assert await bootstrap.ensure_first_workspace(settings) is not None
    assert await bootstrap.ensure_first_workspace(settings) is None


async def test_two_first_starts_at_once_make_one_workspace(settings: GatewaySettings, database: Database) -> None:
    made = await asyncio.gather(*(bootstrap.ensure_first_workspace(settings) for _ in range(3)))
    assert len([key for key in made if key]) == 1
    async with database.worker() as session:
        assert await session.fetchval("SELECT count(*) FROM workspaces") == 1


async def test_another_workspace_and_keys_of_either(settings: GatewaySettings) -> None:
    await bootstrap.ensure_first_workspace(settings)
    other, key = await bootstrap.create_workspace(settings, "Second")
    assert (await me(settings, key))["workspace"]["id"] == str(other)
    narrow = await bootstrap.create_key(settings, other, "Reader", ["people:read"])
    assert (await me(settings, narrow))["scopes"] == ["people:read"]
    with pytest.raises(ValueError, match="several workspaces: name one"):
        await bootstrap.create_key(settings, None, "Which?", ["people:read"])


async def test_a_key_of_the_only_workspace(settings: GatewaySettings) -> None:
    with pytest.raises(ValueError, match="no workspace yet"):
        await bootstrap.create_key(settings, None, "None", ["people:read"])
    await bootstrap.ensure_first_workspace(settings)
    key = await bootstrap.create_key(settings, None, "Reader", ["people:read"])
    assert parse_key(key) is not None


async def test_a_key_of_nothing_is_refused(settings: GatewaySettings) -> None:
    await bootstrap.ensure_first_workspace(settings)
    with pytest.raises(ValueError, match="no scope 'people:fly'"):
        await bootstrap.create_key(settings, None, "x", ["people:fly"])
    with pytest.raises(ValueError, match="There is no workspace"):
        await bootstrap.create_key(settings, new_id(), "x", ["people:read"])


async def test_a_workspace_whose_key_cannot_be_kept_is_not_made(settings: GatewaySettings) -> None:
    def refuse(key: str) -> None:
        raise OSError(key[:4])

    with pytest.raises(OSError, match="kith"):
        await bootstrap.ensure_first_workspace(settings, refuse)
    kept: list[str] = []
    assert await bootstrap.ensure_first_workspace(settings, kept.append) == kept[0]


@pytest.mark.parametrize("name", ["", " ", "x" * 256, "a\0b", "\udcff"])
async def test_a_name_that_the_api_would_not_take_is_refused(settings: GatewaySettings, name: str) -> None:
    with pytest.raises(ValueError, match="A name has 1 to 255 characters"):
        await bootstrap.create_workspace(settings, name)
    with pytest.raises(ValueError, match="A name has 1 to 255 characters"):
        await bootstrap.create_key(settings, None, name, ["people:read"])
