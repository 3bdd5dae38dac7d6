"""A caller learns who he is."""

from uuid import UUID

import httpx

from services.kit.ids import new_id
from tests.gateway.conftest import Issue


async def test_nobody_learns_anything_without_a_key(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/me")).status_code == 401


async def test_a_key_without_special_scopes_learns_what_it_stands_for(
    http: httpx.AsyncClient, issue: Issue, workspace: UUID
) -> None:
    rep = new_id()
    key = await issue(scopes=["people:read"], rep_id=rep, visibility="own")
    me = (await http.get("/v1/me", headers={"Authorization": f"Bearer {key}"})).json()
    assert me["actor"]["kind"] == "key"
    assert me["rep"] == {"id": str(rep), "type": "rep", "display_name": "明明"}
    assert (me["scopes"], me["visibility"]) == (["people:read"], "own")
    assert me["workspace"] == {
        "id": str(workspace),
        "name": "Lucky Shop",
        "mode": "live",
        "time_zone": "Asia/Taipei",
        "locale": "zh-Hant",
        "reporting_currency": "TWD",
    }
    assert me["key"] == {
        "id": me["actor"]["id"],
        "name": "Test",
        "hint": f"{key[:20]}_...{key[-4:]}",
        "expires_at": None,
    }
