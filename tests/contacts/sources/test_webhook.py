"""The door that shops knock at."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest

from services.contacts.sources.committer import Incoming
from services.contacts.sources.rules import unpack
from services.contacts.sources.webhook import MAX_BODY, operation
from services.kit.clock import FixedClock
from services.kit.ids import new_id
from tests.contacts.sources.conftest import Stall
from tests.samples.deliveries import changed, sample, shopify, woocommerce

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.committed
PAID = "shopify/orders-create-paid"


class TestAccepted:
    async def test_a_signed_call_is_stored_before_it_is_answered(self, stall: Stall) -> None:
        source, body = await stall.source(), sample(PAID)
        answer = await stall.call(source, "orders/create", body)
        assert answer.status_code == 200
        [row] = await stall.rows("deliveries")
        assert answer.json() == {"delivery_id": str(row["id"]), "status": "accepted"}
        assert (row["status"], row["topic"], unpack(row["body"], row["size"]), row["source_id"]) == (
            "received",
            "orders/create",
            body,
            UUID(source["id"]),
        )
        assert not any("hmac" in name for name in row["headers"])

    async def test_woocommerce_too(self, stall: Stall) -> None:
        source = await stall.source("woocommerce", secret="a&amp;b")
        body = sample("woocommerce/order-created")
        assert (await stall.call(source, "order.created", body, secret="a&b")).json()["status"] == "accepted"

    async def test_a_topic_that_nobody_reads_is_kept_and_ignored(self, stall: Stall) -> None:
        source = await stall.source()
        answer = await stall.call(source, "products/update", b"{}")
        assert (answer.status_code, answer.json()["status"]) == (200, "ignored")
        [row] = await stall.rows("deliveries")
        assert (row["status"], row["outcome"], row["processed_at"] is None) == ("ignored", "topic_not_read", False)

    async def test_a_malformed_body_is_accepted(self, stall: Stall) -> None:
        source = await stall.source()
        assert (await stall.call(source, "orders/create", b"{not json")).json()["status"] == "accepted"

    async def test_parameters_are_no_matter(self, stall: Stall) -> None:
        source, body = await stall.source(), sample(PAID)
        url = f"/v1/webhooks/{source['id']}?utm_source=x"
        answer = await stall.client.post(url, content=body, headers=shopify("orders/create", body))
        assert answer.status_code == 200

    async def test_the_test_call_of_woocommerce_changes_nothing(self, stall: Stall) -> None:
        source = await stall.source("woocommerce")
        answer = await stall.client.post(f"/v1/webhooks/{source['id']}", data={"webhook_id": "4"})
        assert (answer.status_code, answer.json()) == (200, {"delivery_id": None, "status": "ignored"})
        assert await stall.rows("deliveries") == []


class TestRefused:
    async def test_a_bad_signature_is_401_and_nothing_is_kept(self, stall: Stall) -> None:
        source = await stall.source()
        answer = await stall.call(source, "orders/create", sample(PAID), secret="another")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].endswith("/problems/signature-does-not-fit")
        assert await stall.rows("deliveries") == []

    async def test_no_signature_is_401(self, stall: Stall) -> None:
        source = await stall.source()
        assert (await stall.client.post(f"/v1/webhooks/{source['id']}", content=b"{}")).status_code == 401

    async def test_refused_calls_are_counted(self, stall: Stall) -> None:
        source = await stall.source()
        for _ in range(3):
            await stall.call(source, "orders/create", b"{}", secret="another")
        await stall.way_in.rejections.write()
        health = (await stall.client.get(f"/v1/sources/{source['id']}", headers=stall.headers)).json()["health"]
        assert (health["status"], health["rejected"]) == ("rejecting", 3)

    @pytest.mark.parametrize("address", ["0199", "not-an-id", "01990000-0000-7000-8000-000000000000"])
    async def test_an_unknown_address_is_404(self, stall: Stall, address: str) -> None:
        body = b"{}"
        answer = await stall.client.post(
            f"/v1/webhooks/{address}", content=body, headers=shopify("orders/create", body)
        )
        assert answer.status_code == 404

    async def test_a_source_that_takes_no_calls_is_404(self, stall: Stall) -> None:
        source = await stall.source("generic", secret=None)
        answer = await stall.client.post(f"/v1/webhooks/{source['id']}", content=b"{}", headers=shopify("x", b"{}"))
        assert answer.status_code == 404

    async def test_too_much_is_413(self, stall: Stall) -> None:
        source = await stall.source()
        assert (await stall.call(source, "orders/create", b" " * (MAX_BODY + 1))).status_code == 413
        assert (await stall.call(source, "orders/create", b" " * MAX_BODY)).status_code == 200

    async def test_other_methods_are_405(self, stall: Stall) -> None:
        source = await stall.source()
        answer = await stall.client.get(f"/v1/webhooks/{source['id']}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


class TestDuplicate:
    async def test_a_repetition_is_told_the_first_id(self, stall: Stall) -> None:
        source, body = await stall.source(), sample(PAID)
        first = await stall.call(source, "orders/create", body, webhook_id="w")
        again = await stall.call(source, "orders/create", body, webhook_id="w")
        assert again.json() == {"delivery_id": first.json()["delivery_id"], "status": "duplicate"}

    async def test_the_event_id_marks_a_repetition_too(self, stall: Stall) -> None:
        source, body = await stall.source(), sample(PAID)
        first = await stall.call(source, "orders/create", body, event_id="e")
        again = await stall.call(source, "orders/create", body, event_id="e")
        assert again.json() == {"delivery_id": first.json()["delivery_id"], "status": "duplicate"}

    async def test_one_event_about_two_orders_is_no_repetition(self, stall: Stall) -> None:
        source = await stall.source()
        for number in (1, 2):
            answer = await stall.call(source, "orders/create", changed(PAID, id=number), event_id="e")
            assert answer.json()["status"] == "accepted"

    async def test_many_at_once_are_stored_once(self, stall: Stall) -> None:
        source, body = await stall.source(), sample(PAID)
        calls = [stall.call(source, "orders/create", body, webhook_id="w", event_id="e") for _ in range(40)]
        answers = [answer.json() for answer in await asyncio.gather(*calls)]
        assert sorted(answer["status"] for answer in answers) == ["accepted"] + ["duplicate"] * 39
        assert len({answer["delivery_id"] for answer in answers}) == 1
        assert len(await stall.rows("deliveries")) == 1

    async def test_two_orders_of_one_second_in_woocommerce_are_two(self, stall: Stall) -> None:
        source = await stall.source("woocommerce")
        for name in ("order-created", "order-created-guest-cash-on-delivery"):
            answer = await stall.call(source, "order.created", sample(f"woocommerce/{name}"), delivery_id="same")
            assert answer.json()["status"] == "accepted"

    async def test_two_shops_do_not_meet(self, stall: Stall) -> None:
        body = sample(PAID)
        for source in (await stall.source(), await stall.source()):
            assert (await stall.call(source, "orders/create", body, webhook_id="w")).json()["status"] == "accepted"


class TestSecrets:
    async def test_two_secrets_are_accepted_until_the_overlap_ends(self, stall: Stall, clock: FixedClock) -> None:
        source = await stall.source(secret="old-secret")
        assert (await stall.call(source, "orders/create", b"1", secret="old-secret")).status_code == 200
        body = {"secret": "new-secret", "overlap": "PT1H"}
        url = f"/v1/sources/{source['id']}/secrets"
        assert (await stall.client.post(url, json=body, headers=stall.headers)).status_code == 201
        for secret in ("old-secret", "new-secret"):
            assert (await stall.call(source, "orders/create", b"2", secret=secret)).status_code == 200
        clock.advance(timedelta(hours=1, seconds=1))
        assert (await stall.call(source, "orders/create", b"3", secret="old-secret")).status_code == 401
        assert (await stall.call(source, "orders/create", b"3", secret="new-secret")).status_code == 200

    async def test_a_secret_added_by_another_process_counts_at_once(self, stall: Stall) -> None:
        source = await stall.source(secret="old-secret")
        await stall.call(source, "orders/create", b"1", secret="old-secret")
        async with stall.kit.database.worker() as session:
            sealed = stall.kit.vault.encrypt("new-secret")
            sql = "INSERT INTO source_secrets (workspace_id, id, source_id, sealed, last4) VALUES ($1, $2, $3, $4, '')"
            await session.execute(sql, stall.caller.workspace_id, new_id(), UUID(source["id"]), sealed)
        assert (await stall.call(source, "orders/create", b"2", secret="new-secret")).status_code == 200


class TestTrouble:
    async def test_one_call_that_cannot_be_stored_does_not_fail_the_others(self, stall: Stall) -> None:
        source = await stall.source()
        body = sample(PAID)

        async def refused() -> "httpx.Response":
            headers = shopify("orders/create", body) | {"x-shopify-topic": "orders/bad"}
            return await stall.client.post(f"/v1/webhooks/{source['id']}", content=body, headers=headers)

        store = stall.way_in.committer._store

        async def choosy(batch: Sequence[Incoming]) -> dict[UUID, UUID]:
            if any(one.topic == "orders/bad" for one in batch):
                raise asyncpg.DataError
            return await store(batch)

        stall.way_in.committer._store = choosy
        calls = [stall.call(source, "orders/create", changed(PAID, id=number)) for number in range(1, 20)]
        bad, *good = await asyncio.gather(refused(), *calls)
        assert bad.status_code == 503
        assert {answer.status_code for answer in good} == {200}
        assert len(await stall.rows("deliveries")) == 19

    async def test_a_lost_database_is_503_with_retry_after(self, stall: Stall) -> None:
        source = await stall.source()

        async def lost(batch: Sequence[Incoming]) -> dict[UUID, UUID]:
            raise asyncpg.ConnectionDoesNotExistError

        stall.way_in.committer._store = lost
        answer = await stall.call(source, "orders/create", b"{}")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    async def test_a_database_that_is_away_before_the_look_up_is_503(self, stall: Stall) -> None:
        async def away(source_id: UUID) -> None:
            raise ConnectionRefusedError

        source = await stall.source()
        stall.way_in.directory._load = away
        stall.way_in.directory.forget(UUID(source["id"]))
        assert (await stall.call(source, "orders/create", b"{}")).status_code == 503

    async def test_too_many_at_once_are_503(self, stall: Stall) -> None:
        source = await stall.source()
        stall.way_in.committer._max_waiting = 0
        answer = await stall.call(source, "orders/create", b"{}")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["type"].endswith("/problems/too-many-deliveries")


def test_the_operation_is_documented() -> None:
    documented = json.loads(json.dumps(operation()))
    assert set(documented["responses"]) == {"200", "401", "404", "413", "503"}
    assert documented["operationId"] == "receive_webhook"


def test_samples_are_signed_as_woocommerce_does() -> None:
    assert woocommerce("order.created", b"{}")["x-wc-webhook-resource"] == "order"
