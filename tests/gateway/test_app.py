"""The gateway as a whole: two of them agree on revoked keys, the ops port knows the peers, followers get snapshots."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from gateway.app import create_app
from gateway.door.names import fill_names
from services.kit.clock import FixedClock
from services.kit.problems import Unavailable
from tests.callers import Caller
from tests.cluster import KithDatabase
from tests.gateway.conftest import Issue, echo_document, gateway_settings, opened
from tests.gateway.peers import Echo
from tests.listening import until_listening
from tests.waiting import until

KEYS = "/v1/api-keys"


async def test_a_key_that_one_gateway_revoked_is_refused_by_another_within_moments(
    settings_for: Callable[..., Any], clock: FixedClock, issue: Issue, kith: KithDatabase
) -> None:
    admin = {"Authorization": f"Bearer {await issue()}"}
    settings = gateway_settings(settings_for, {}, key_cache_seconds=60)
    one, two = (create_app(settings, clock, document=echo_document()) for _ in range(2))
    async with opened(one) as first, opened(two) as second:
        await until_listening(kith, 2)
        made = (await first.post(KEYS, headers=admin, json={"name": "x", "scopes": ["keys:read"]})).json()
        key = {"Authorization": f"Bearer {made['key']}"}
        assert (await second.get(KEYS, headers=key)).status_code == 200
        await first.delete(f"{KEYS}/{made['id']}", headers=admin)

        async def refused() -> bool:
            return (await second.get(KEYS, headers=key)).status_code == 401

        await until(refused, seconds=50)  # it would be remembered for longer


async def test_the_operations_port_tells_how_the_peers_are(
    settings_for: Callable[..., Any], clock: FixedClock, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.door.peers.SECONDS", 60)
    peers = {"contacts": echo.url, "scoring": "http://127.0.0.1:1", "gateway": "http://127.0.0.1:1"}
    app = create_app(gateway_settings(settings_for, peers), clock, document=echo_document())
    async with opened(app):
        details: dict[str, Any] = await app.state.kit.details()
    assert details["peers"] == {"contacts": {"status": "pass"}, "scoring": {"status": "away", "error": "Unavailable"}}
    assert {"key_news", "key_usage"} <= details["loops"].keys()


async def test_a_follower_reads_all_workspaces_page_by_page(
    http: httpx.AsyncClient, workspace: UUID, stranger: dict[str, str]
) -> None:
    del stranger  # a second workspace
    headers = Caller(["feed:read"], issuer="scoring").headers("gateway")
    seen, after = [], ""
    while True:
        params = {"limit": 1} | ({"after": after} if after else {})
        page = (await http.get("/snapshot/workspaces", headers=headers, params=params)).json()
        seen += [item["data"]["workspace_id"] for item in page["items"]]
        after = page["next"]
        if not after:
            break
    assert len(seen) == 2
    assert str(workspace) in seen


async def test_names_stay_empty_while_their_owner_is_away() -> None:
    async def away(_: list[str]) -> dict[str, dict[str, Any]]:
        raise Unavailable

    body = b'{"rep":{"id":"r1","type":"rep","display_name":null}}'
    assert await fill_names(body, away) == body


async def test_a_sources_reference_gets_its_key_too() -> None:
    async def ask(ids: list[str]) -> dict[str, dict[str, Any]]:
        return {ids[0]: {"id": "s1", "type": "source", "display_name": "Shop", "key": "shop", "secret": "no"}}

    body = b'{"source":{"id":"s1","type":"source","display_name":null,"key":null}}'
    assert await fill_names(body, ask) == b'{"source":{"id":"s1","type":"source","display_name":"Shop","key":"shop"}}'
