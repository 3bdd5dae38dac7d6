"""Keys over HTTP: who may make them, what they can be given, how they end."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.keys.rules import parse_key
from services.kit.clock import FixedClock
from services.kit.ids import new_id
from tests.gateway.conftest import Issue

KEYS = "/v1/api-keys"


@pytest.fixture
async def admin(issue: Issue) -> dict[str, str]:
    """The headers of an administrator."""
    return bearer(await issue())


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def make(http: httpx.AsyncClient, headers: dict[str, str], **body: object) -> dict[str, Any]:
    answer = await http.post(KEYS, headers=headers, json={"name": "Shop", "scopes": ["people:read"]} | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


class TestCreate:
    async def test_needs_the_scope(self, http: httpx.AsyncClient, issue: Issue) -> None:
        headers = bearer(await issue(scopes=["keys:read"]))
        answer = await http.post(KEYS, headers=headers, json={"name": "x", "scopes": ["keys:read"]})
        assert (answer.status_code, answer.json()["scope"]) == (403, "keys:write")

    async def test_answers_the_text_once_and_the_key_works(
        self, http: httpx.AsyncClient, admin: dict[str, str]
    ) -> None:
        answer = await http.post(KEYS, headers=admin, json={"name": "Shop", "scopes": ["workspace:read"]})
        made = answer.json()
        assert parse_key(made["key"]) is not None
        assert answer.headers["location"] == f"{KEYS}/{made['id']}"
        assert answer.headers["etag"] == '"v1"'
        assert "key" not in (await http.get(f"{KEYS}/{made['id']}", headers=admin)).json()
        assert (await http.get("/v1/workspace", headers=bearer(made["key"]))).status_code == 200
        assert (await http.get(KEYS, headers=bearer(made["key"]))).status_code == 403

    async def test_grants_nothing_that_the_maker_lacks(self, http: httpx.AsyncClient, issue: Issue) -> None:
        headers = bearer(await issue(scopes=["keys:write", "people:read"]))
        answer = await http.post(KEYS, headers=headers, json={"name": "x", "scopes": ["people:read", "admin"]})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "scope-not-held")
        assert answer.json()["scope"] == "admin"

    async def test_one_who_sees_his_own_customers_makes_keys_of_his_own_only(
        self, http: httpx.AsyncClient, issue: Issue
    ) -> None:
        rep, other = new_id(), new_id()
        headers = bearer(await issue(scopes=["keys:write"], rep_id=rep, visibility="own"))
        body: dict[str, Any] = {"name": "x", "scopes": ["keys:write"], "visibility": "own"}
        assert (await http.post(KEYS, headers=headers, json=body | {"visibility": "all"})).status_code == 403
        assert (await http.post(KEYS, headers=headers, json=body | {"rep_id": str(other)})).status_code == 403
        made = await http.post(KEYS, headers=headers, json=body | {"rep_id": "me"})
        assert made.json()["rep_id"] == str(rep)
        assert made.json()["rep"] == {"id": str(rep), "type": "rep", "display_name": "明明"}

    @pytest.mark.parametrize(
        ("field", "value", "pointer"),
        [
            ("scopes", [], "#/scopes"),
            ("scopes", ["people:fly"], "#/scopes/0"),
            ("scopes", ["feed:read"], "#/scopes/0"),
            ("name", "", "#/name"),
            ("name", None, "#/name"),
            ("origins", ["app.example"], "#/origins/0"),
            ("networks", ["10.0.0.1/8"], "#/networks/0"),
            ("expires_at", "2026-11-22T08:00:00", "#/expires_at"),
            ("expires_at", "2026-11-22T08:00:00Z", "#/expires_at"),
            ("visibility", "own", "#/rep_id"),
            ("rep_id", "me", "#/rep_id"),
            ("secret", "mine", "#/secret"),
        ],
    )
    async def test_names_the_field_that_does_not_fit(
        self, http: httpx.AsyncClient, admin: dict[str, str], field: str, value: object, pointer: str
    ) -> None:
        body = {"name": "x", "scopes": ["people:read"]} | {field: value}
        answer = await http.post(KEYS, headers=admin, json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer

    async def test_repeats_its_answer_for_the_same_idempotency_key(
        self, http: httpx.AsyncClient, admin: dict[str, str]
    ) -> None:
        headers = admin | {"Idempotency-Key": "once"}
        first = await http.post(KEYS, headers=headers, json={"name": "x", "scopes": ["people:read"]})
        second = await http.post(KEYS, headers=headers, json={"name": "x", "scopes": ["people:read"]})
        assert second.json() == first.json()
        assert second.headers["idempotency-replayed"] == "true"


class TestRead:
    async def test_does_not_find_what_another_workspace_has(
        self, http: httpx.AsyncClient, admin: dict[str, str], stranger: dict[str, str]
    ) -> None:
        made = await make(http, admin)
        unknown = await http.get(f"{KEYS}/{new_id()}", headers=stranger)
        foreign = await http.get(f"{KEYS}/{made['id']}", headers=stranger)
        assert foreign.status_code == 404
        volatile = {"instance", "request_id"}
        assert {k: v for k, v in foreign.json().items() if k not in volatile} == {
            k: v for k, v in unknown.json().items() if k not in volatile
        }
        for method in ("PATCH", "DELETE"):
            answer = await http.request(method, f"{KEYS}/{made['id']}", headers=stranger, json={})
            assert answer.status_code == 404
        rotate = await http.post(f"{KEYS}/{made['id']}/rotate", headers=stranger, json={})
        assert rotate.status_code == 404
        listed = (await http.get(KEYS, headers=stranger)).json()["items"]
        assert made["id"] not in [item["id"] for item in listed]


class TestList:
    async def test_pages_newest_first(self, http: httpx.AsyncClient, admin: dict[str, str], clock: FixedClock) -> None:
        names = []
        for number in range(5):
            clock.advance(timedelta(seconds=1))
            names.append((await make(http, admin, name=f"Key {number}"))["name"])
        first = (await http.get(KEYS, headers=admin, params={"limit": 3, "count": "exact"})).json()
        assert [item["name"] for item in first["items"]] == names[:1:-1]
        assert first["count"] == {"value": 6, "kind": "exact"}
        rest = (await http.get(KEYS, headers=admin, params={"limit": 3, "cursor": first["next_cursor"]})).json()
        assert [item["name"] for item in rest["items"]] == [*names[1::-1], "Test"]
        assert rest["next_cursor"] is None

    async def test_filters_by_status_and_rep(
        self, http: httpx.AsyncClient, admin: dict[str, str], clock: FixedClock
    ) -> None:
        rep = str(new_id())
        soon = (clock.now() + timedelta(minutes=1)).isoformat()
        revoked, expired, bound = [
            (await make(http, admin, **more))["id"] for more in ({}, {"expires_at": soon}, {"rep_id": rep})
        ]
        await http.delete(f"{KEYS}/{revoked}", headers=admin)
        clock.advance(timedelta(minutes=2))

        async def ids(**params: str | list[str]) -> list[str]:
            answer = await http.get(KEYS, headers=admin, params=params)
            return [item["id"] for item in answer.json()["items"]]

        assert await ids(status="revoked") == [revoked]
        assert await ids(status="expired") == [expired]
        assert await ids(status=["expired", "revoked"]) == [expired, revoked]
        assert await ids(rep_id=rep) == [bound]
        assert bound not in await ids(rep_id="null")
        assert (await http.get(KEYS, headers=admin, params={"rep_id": "me"})).status_code == 400

    @pytest.mark.parametrize(
        "params", [{"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"sort": "hint"}, {"nothing": 1}]
    )
    async def test_refuses_parameters_that_do_not_fit(
        self, http: httpx.AsyncClient, admin: dict[str, str], params: dict[str, Any]
    ) -> None:
        answer = await http.get(KEYS, headers=admin, params=params)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["name"] == next(iter(params))


class TestChange:
    async def test_changes_only_what_is_sent_and_at_once(self, http: httpx.AsyncClient, admin: dict[str, str]) -> None:
        made = await make(http, admin, scopes=["keys:read"], networks=["192.0.2.0/24"])
        key = bearer(made["key"])
        assert (await http.get(KEYS, headers=key)).status_code == 403
        answer = await http.patch(
            f"{KEYS}/{made['id']}", headers=admin | {"If-Match": '"v1"'}, json={"networks": [], "name": "Wide"}
        )
        changed = answer.json()
        assert (changed["name"], changed["networks"], changed["scopes"]) == ("Wide", [], ["keys:read"])
        assert answer.headers["etag"] == '"v2"'
        assert (await http.get(KEYS, headers=key)).status_code == 200

    async def test_of_an_older_version_is_refused(self, http: httpx.AsyncClient, admin: dict[str, str]) -> None:
        made = await make(http, admin)
        answer = await http.patch(f"{KEYS}/{made['id']}", headers=admin | {"If-Match": '"v9"'}, json={"name": "y"})
        assert (answer.status_code, answer.json()["current"]) == (412, '"v1"')

    async def test_of_a_mightier_key_is_refused(
        self, http: httpx.AsyncClient, admin: dict[str, str], issue: Issue
    ) -> None:
        mighty = await make(http, admin, scopes=["admin"])
        weak = bearer(await issue(scopes=["keys:write"]))
        assert (await http.patch(f"{KEYS}/{mighty['id']}", headers=weak, json={"name": "y"})).status_code == 403
        assert (await http.post(f"{KEYS}/{mighty['id']}/rotate", headers=weak, json={})).status_code == 403


class TestRevoke:
    async def test_ends_a_key_at_once_and_for_good(self, http: httpx.AsyncClient, admin: dict[str, str]) -> None:
        made = await make(http, admin, scopes=["keys:read"])
        key = bearer(made["key"])
        assert (await http.get(KEYS, headers=key)).status_code == 200
        assert (await http.delete(f"{KEYS}/{made['id']}", headers=admin)).status_code == 204
        assert (await http.get(KEYS, headers=key)).status_code == 401
        shown = (await http.get(f"{KEYS}/{made['id']}", headers=admin)).json()
        assert shown["status"] == "revoked"
        for method, path in (("PATCH", ""), ("POST", "/rotate")):
            answer = await http.request(method, f"{KEYS}/{made['id']}{path}", headers=admin, json={})
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "key-not-active")


class TestRotate:
    async def test_both_keys_count_until_the_overlap_ends(
        self, http: httpx.AsyncClient, admin: dict[str, str], clock: FixedClock
    ) -> None:
        old = await make(http, admin, scopes=["keys:read"], name="Shop")
        answer = await http.post(f"{KEYS}/{old['id']}/rotate", headers=admin, json={"overlap": "PT1H"})
        new = answer.json()
        assert answer.status_code == 201
        assert (new["scopes"], new["rotated_from_id"]) == (old["scopes"], old["id"])
        assert new["rotated_from"] == {"id": old["id"], "type": "api_key", "display_name": "Shop"}
        for key in (old["key"], new["key"]):
            assert (await http.get(KEYS, headers=bearer(key))).status_code == 200
        clock.advance(timedelta(hours=1))
        assert (await http.get(KEYS, headers=bearer(old["key"]))).status_code == 401
        assert (await http.get(KEYS, headers=bearer(new["key"]))).status_code == 200

    @pytest.mark.parametrize("overlap", ["P31D", "1h", 3600, "", "-PT1H", "P1Y"])
    async def test_takes_a_duration_of_a_month_at_most(
        self, http: httpx.AsyncClient, admin: dict[str, str], overlap: object
    ) -> None:
        made = await make(http, admin)
        answer = await http.post(f"{KEYS}/{made['id']}/rotate", headers=admin, json={"overlap": overlap})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "#/overlap"

    async def test_without_overlap_ends_the_old_key_now(self, http: httpx.AsyncClient, admin: dict[str, str]) -> None:
        old = await make(http, admin, scopes=["keys:read"])
        await http.post(f"{KEYS}/{old['id']}/rotate", headers=admin, json={"overlap": "PT0S"})
        assert (await http.get(KEYS, headers=bearer(old["key"]))).status_code == 401
