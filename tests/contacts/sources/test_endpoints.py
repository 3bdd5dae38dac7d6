"""Sources and deliveries over HTTP."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.contacts.sources.repository import SourcesRepository
from services.contacts.sources.rules import first_id_at, health_of, key_for
from services.kit.clock import FixedClock, SystemClock
from services.kit.ids import new_id
from tests.callers import Caller
from tests.contacts.sources.conftest import Stall
from tests.samples.deliveries import SECRET, sample

pytestmark = pytest.mark.committed
PAID = "shopify/orders-create-paid"
READS = [
    "/v1/sources/{id}",
    "/v1/sources/{id}/setup",
    "/v1/sources/{id}/deliveries",
    "/v1/sources/{id}/deliveries/{id}",
]
WRITES = [
    ("POST", "/v1/sources/{id}/secrets"),
    ("PATCH", "/v1/sources/{id}"),
    ("POST", "/v1/sources/{id}/replay"),
    ("POST", "/v1/sources/{id}/deliveries/{id}/retry"),
]


class TestRights:
    @pytest.mark.parametrize("path", ["/v1/sources", "/v1/source-platforms", *READS])
    async def test_reading_needs_a_caller_with_the_scope(self, stall: Stall, path: str) -> None:
        url = path.format(id=new_id())
        assert (await stall.client.get(url)).status_code == 401
        poor = stall.caller.with_scopes("sources:write").headers("contacts")
        assert (await stall.client.get(url, headers=poor)).status_code == 403

    @pytest.mark.parametrize(("method", "path"), [("POST", "/v1/sources"), *WRITES])
    async def test_writing_needs_a_caller_with_the_scope(self, stall: Stall, method: str, path: str) -> None:
        url = path.format(id=new_id())
        assert (await stall.client.request(method, url, json={})).status_code == 401
        poor = stall.caller.with_scopes("sources:read").headers("contacts")
        assert (await stall.client.request(method, url, json={}, headers=poor)).status_code == 403

    async def test_a_foreign_workspace_finds_nothing(self, stall: Stall) -> None:
        source = await stall.source()
        delivery = (await stall.call(source, "orders/create", sample(PAID))).json()["delivery_id"]
        stranger = Caller().headers("contacts")
        for path in READS:
            url = path.replace("{id}", source["id"], 1).replace("{id}", delivery)
            assert (await stall.client.get(url, headers=stranger)).status_code == 404
        for method, path in WRITES:
            url = path.replace("{id}", source["id"], 1).replace("{id}", delivery)
            assert (await stall.client.request(method, url, json={}, headers=stranger)).status_code == 404
        assert (await stall.client.get("/v1/sources", headers=stranger)).json()["items"] == []


class TestCreateSource:
    async def test_the_story(self, stall: Stall) -> None:
        source = await stall.source()
        assert source["webhook_url"] == f"{stall.kit.settings.public_url}/v1/webhooks/{source['id']}"
        assert (source["key"], source["platform"], source["status"]) == ("three-hills", "shopify", "active")
        assert [secret["last4"] for secret in source["secrets"]] == [SECRET[-4:]]
        assert source["health"]["status"] == "waiting"
        assert source["secret"] is None
        assert SECRET not in str(source)

    async def test_a_secret_is_kept_encrypted(self, stall: Stall) -> None:
        await stall.source()
        [row] = await stall.rows("source_secrets")
        assert SECRET.encode() not in row["sealed"]
        assert stall.kit.vault.decrypt(row["sealed"]) == SECRET.encode()

    async def test_a_secret_that_we_made_up_is_shown_once(self, stall: Stall) -> None:
        source = await stall.source("woocommerce", secret=None)
        assert len(source["secret"]) > 40
        body = sample("woocommerce/order-created")
        assert (await stall.call(source, "order.created", body, secret=source["secret"])).status_code == 200
        answer = await stall.client.get(f"/v1/sources/{source['id']}", headers=stall.headers)
        assert source["secret"] not in answer.text

    async def test_shopify_without_a_secret_waits_for_one(self, stall: Stall) -> None:
        source = await stall.source(secret=None)
        assert (source["secrets"], source["health"]["status"]) == ([], "no_secret")

    async def test_a_generic_source_is_a_name_only(self, stall: Stall) -> None:
        source = await stall.source("generic", secret=None, key="erp")
        assert (source["webhook_url"], source["secrets"], source["health"]["status"]) == (None, [], "no_calls")
        answer = await stall.client.post(
            "/v1/sources", json={"platform": "generic", "name": "x", "secret": "12345678"}, headers=stall.headers
        )
        assert answer.status_code == 409

    async def test_the_same_name_gets_another_key(self, stall: Stall) -> None:
        assert [(await stall.source())["key"] for _ in range(3)] == ["three-hills", "three-hills-2", "three-hills-3"]

    async def test_a_taken_key_is_409_and_names_its_owner(self, stall: Stall) -> None:
        source = await stall.source(key="shop")
        answer = await stall.client.post(
            "/v1/sources", json={"platform": "shopify", "name": "x", "key": "shop"}, headers=stall.headers
        )
        assert (answer.status_code, answer.json()["existing_id"]) == (409, source["id"])

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"platform": "stripe"}, "#/platform"),
            ({"key": "import"}, "#/key"),
            ({"key": "Not A Slug"}, "#/key"),
            ({"name": ""}, "#/name"),
            ({"colour": "red"}, "#/colour"),
        ],
    )
    async def test_what_is_wrong_is_named(self, stall: Stall, fields: dict[str, Any], pointer: str) -> None:
        body = {"platform": "shopify", "name": "x", **fields}
        answer = await stall.client.post("/v1/sources", json=body, headers=stall.headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer


class TestReadSources:
    async def test_lists_filter_and_page(self, stall: Stall) -> None:
        await stall.source(key="a")
        await stall.source("woocommerce", key="b")
        answer = await stall.client.get("/v1/sources", params={"platform": "woocommerce"}, headers=stall.headers)
        assert [one["key"] for one in answer.json()["items"]] == ["b"]
        first = (await stall.client.get("/v1/sources", params={"limit": 1}, headers=stall.headers)).json()
        more = {"limit": 1, "cursor": first["next_cursor"]}
        second = (await stall.client.get("/v1/sources", params=more, headers=stall.headers)).json()
        assert [page["items"][0]["key"] for page in (first, second)] == ["b", "a"]

    async def test_a_workspace_can_be_given_the_built_in_ones(self, stall: Stall) -> None:
        async with stall.kit.database.worker() as session:
            for _ in range(2):
                await SourcesRepository().build_in(session, stall.caller.workspace_id)
        answer = await stall.client.get("/v1/sources", headers=stall.headers)
        assert {one["key"] for one in answer.json()["items"]} == {"import", "manual"}

    async def test_health_follows_the_latest_call(self, stall: Stall) -> None:
        source = await stall.source()
        url = f"/v1/sources/{source['id']}"
        await stall.call(source, "orders/create", b"{}")
        await stall.applier.apply_waiting()
        health = (await stall.client.get(url, headers=stall.headers)).json()["health"]
        assert (health["status"], health["failed"]) == ("failing", 1)
        await stall.call(source, "orders/create", sample(PAID))
        await stall.applier.apply_waiting()
        health = (await stall.client.get(url, headers=stall.headers)).json()["health"]
        assert (health["status"], health["last_received_at"] is None) == ("ok", False)

    async def test_renaming_keeps_the_key(self, stall: Stall) -> None:
        source = await stall.source()
        url = f"/v1/sources/{source['id']}"
        answer = await stall.client.patch(
            url, json={"name": "Four Hills"}, headers=stall.headers | {"If-Match": '"v1"'}
        )
        assert (answer.json()["name"], answer.json()["key"], answer.headers["etag"]) == (
            "Four Hills",
            "three-hills",
            '"v2"',
        )
        stale = await stall.client.patch(url, json={"name": "x"}, headers=stall.headers | {"If-Match": '"v1"'})
        assert stale.status_code == 412
        assert (await stall.client.patch(url, json={"name": None}, headers=stall.headers)).status_code == 422
        assert (await stall.client.patch(url, json={}, headers=stall.headers)).json()["version"] == 2

    @pytest.mark.parametrize("language", ["en", "zh-TW", "zh-CN", "ja"])
    async def test_setting_up_is_told_in_the_readers_language(self, stall: Stall, language: str) -> None:
        for platform in ("shopify", "woocommerce", "generic"):
            source = await stall.source(platform, secret=None)
            headers = stall.headers | {"Accept-Language": language}
            found = (await stall.client.get(f"/v1/sources/{source['id']}/setup", headers=headers)).json()
            words = " ".join(step["text"] for step in found["steps"])
            assert not re.search(r"setup_|[{}–]", words)
            assert (source["webhook_url"] or source["key"]) in words
            assert bool(found["topics"]) == (platform != "generic")

    async def test_platforms_tell_what_is_read(self, stall: Stall) -> None:
        found = (await stall.client.get("/v1/source-platforms", headers=stall.headers)).json()["items"]
        assert [one["platform"] for one in found] == ["shopify", "woocommerce", "generic"]
        assert {"topic": "orders/create"} in found[0]["topics"]


class TestSecrets:
    async def test_rotation_shows_when_the_old_one_ends(self, stall: Stall, clock: FixedClock) -> None:
        source = await stall.source()
        url = f"/v1/sources/{source['id']}"
        answer = await stall.client.post(
            f"{url}/secrets", json={"secret": "another-one", "overlap": "PT2H"}, headers=stall.headers
        )
        assert (answer.status_code, answer.json()["last4"], answer.json()["secret"]) == (201, "-one", None)
        old, new = (await stall.client.get(url, headers=stall.headers)).json()["secrets"]
        assert (old["last4"], new["last4"], new["expires_at"]) == (SECRET[-4:], "-one", None)
        assert old["expires_at"] == (clock.now() + timedelta(hours=2)).isoformat().replace("+00:00", "Z")

    @pytest.mark.parametrize("overlap", ["P31D", "-PT1H", "soon"])
    async def test_an_overlap_has_limits(self, stall: Stall, overlap: str) -> None:
        source = await stall.source()
        answer = await stall.client.post(
            f"/v1/sources/{source['id']}/secrets", json={"secret": "x", "overlap": overlap}, headers=stall.headers
        )
        assert answer.status_code == 422

    async def test_a_source_that_takes_no_calls_has_none(self, stall: Stall) -> None:
        source = await stall.source("generic", secret=None)
        answer = await stall.client.post(f"/v1/sources/{source['id']}/secrets", json={}, headers=stall.headers)
        assert answer.status_code == 409


class TestDeliveries:
    async def some(self, stall: Stall) -> dict[str, Any]:
        source = await stall.source()
        await stall.call(source, "orders/create", sample(PAID))
        await stall.call(source, "orders/create", b"{}")
        await stall.call(source, "products/update", b"{}")
        await stall.applier.apply_waiting()
        return source

    @pytest.mark.parametrize(
        ("filters", "topics"),
        [
            ({}, ["orders/create", "orders/create", "products/update"]),
            ({"status": "failed"}, ["orders/create"]),
            ({"topic": "products/update"}, ["products/update"]),
            ({"external_id": "6543210987654321001"}, ["orders/create"]),
            ({"received_after": "2026-01-01T00:00:00Z"}, ["orders/create", "orders/create", "products/update"]),
            ({"received_after": "2100-01-01T00:00:00Z"}, []),
            ({"received_before": "2026-01-01T00:00:00Z"}, []),
        ],
    )
    async def test_lists_filter(self, stall: Stall, filters: dict[str, str], topics: list[str]) -> None:
        source = await self.some(stall)
        assert [one["topic"] for one in await stall.deliveries(source, **filters)] == topics

    async def test_the_body_needs_a_scope_of_its_own(self, stall: Stall) -> None:
        source = await self.some(stall)
        delivery = (await stall.deliveries(source))[0]
        url = f"/v1/sources/{source['id']}/deliveries/{delivery['id']}"
        rich = (await stall.client.get(url, headers=stall.headers)).json()
        assert rich["body"].encode() == sample(PAID)
        assert rich["headers"]["x-shopify-topic"] == "orders/create"
        poor = stall.caller.with_scopes("sources:read").headers("contacts")
        assert [(await stall.client.get(url, headers=poor)).json()[name] for name in ("body", "headers")] == [None, {}]

    async def test_what_came_of_it_is_named_as_far_as_the_reader_sees_it(self, stall: Stall) -> None:
        source = await self.some(stall)
        [done] = await stall.deliveries(source, topic="orders/create", status="processed")
        [order], [buyer] = await stall.rows("orders"), await stall.rows("people")
        assert done["source"] == {
            "id": source["id"],
            "type": "source",
            "display_name": "Three Hills",
            "key": source["key"],
        }
        assert done["order"] == {"id": str(order["id"]), "type": "order", "display_name": order["number"]}
        assert done["person"] == {"id": str(buyer["id"]), "type": "person", "display_name": buyer["display_name"]}
        [other] = await stall.deliveries(source, topic="products/update")
        assert (other["order"], other["person"]) == (None, None)
        url = f"/v1/sources/{source['id']}/deliveries/{done['id']}"
        assert (await stall.client.get(url, headers=stall.headers)).json()["order"] == done["order"]
        own = Caller(workspace_id=stall.caller.workspace_id, rep_id=new_id(), visibility="own").headers("contacts")
        seen = (await stall.client.get(url, headers=own)).json()
        assert [seen[name]["display_name"] for name in ("source", "order", "person")] == ["Three Hills", None, None]

    async def test_a_retry_puts_it_in_line_again(self, stall: Stall) -> None:
        source = await self.some(stall)
        [failed] = await stall.deliveries(source, status="failed")
        url = f"/v1/sources/{source['id']}/deliveries/{failed['id']}/retry"
        answer = await stall.client.post(url, headers=stall.headers)
        assert (answer.status_code, answer.json()["status"], answer.json()["error"]) == (200, "received", None)
        await stall.applier.apply_waiting()
        assert [one["attempts"] for one in await stall.deliveries(source, status="failed")] == [2]

    async def test_an_unknown_delivery_is_404(self, stall: Stall) -> None:
        source = await stall.source()
        url = f"/v1/sources/{source['id']}/deliveries/{new_id()}"
        assert (await stall.client.get(url, headers=stall.headers)).status_code == 404
        assert (await stall.client.post(f"{url}/retry", headers=stall.headers)).status_code == 404

    async def test_a_replay_changes_nothing_that_was_right(self, stall: Stall) -> None:
        source = await self.some(stall)
        before = await stall.rows("orders")
        answer = await self.replay(stall, source, {})
        assert answer.json() == {"queued": 3, "next_received_after": None}
        await stall.applier.apply_waiting()
        assert await stall.rows("orders") == before
        assert [one["outcome"] for one in await stall.deliveries(source)] == [
            "order_unchanged",
            "no_id",
            "topic_not_read",
        ]

    async def test_a_replay_takes_what_fits(self, stall: Stall) -> None:
        source = await self.some(stall)
        assert (await self.replay(stall, source, {"status": ["failed"]})).json()["queued"] == 1
        assert (await self.replay(stall, source, {"received_before": "2026-01-01T00:00:00Z"})).json()["queued"] == 0

    async def replay(self, stall: Stall, source: dict[str, Any], body: dict[str, Any]) -> httpx.Response:
        return await stall.client.post(f"/v1/sources/{source['id']}/replay", json=body, headers=stall.headers)


class TestRules:
    @pytest.mark.parametrize(
        ("name", "key"),
        [
            ("Three Hills!", "three-hills"),
            ("三丘茶行", "shopify"),
            ("Café Ö", "cafe-o"),
            ("x" * 90, "x" * 59),
            ("--", "shopify"),
        ],
    )
    def test_a_key_is_made_of_the_name(self, name: str, key: str) -> None:
        assert key_for(name, "shopify", set()) == key

    def test_a_taken_key_is_counted_on(self) -> None:
        assert key_for("import", "shopify", {"import", "import-2"}) == "import-3"

    def test_the_smallest_id_of_an_instant(self, clock: FixedClock) -> None:
        found = first_id_at(clock.now())
        assert first_id_at(SystemClock().now()) < new_id()
        assert found == UUID(int=int(clock.now().timestamp() * 1000) << 80)

    @pytest.mark.parametrize(
        ("row", "status"),
        [
            ({"secrets": []}, "no_secret"),
            ({}, "waiting"),
            ({"rejected_at": 5}, "rejecting"),
            ({"rejected_at": 5, "last_received_at": 6}, "ok"),
            ({"rejected_at": 7, "last_received_at": 6}, "rejecting"),
            ({"last_received_at": 6, "last_status": "failed"}, "failing"),
            ({"last_received_at": 6, "last_status": "failed", "last_outcome": "cannot_view"}, "blocked"),
        ],
    )
    def test_health(self, row: dict[str, Any], status: str) -> None:
        empty = {
            "secrets": [1],
            "rejected_at": None,
            "last_received_at": None,
            "last_status": None,
            "last_outcome": None,
        }
        assert health_of(empty | row, takes_calls=True) == status
        assert health_of(empty | row, takes_calls=False) == "no_calls"
