"""Pulling what happened: once each, in order, as far as the key may see, waiting where there is nothing yet."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.events.jobs import JournalHouse
from gateway.events.shapes import INTERRUPTED, KINDS
from services.contacts.app import create_app as create_contacts
from services.contacts.settings import ContactsSettings
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.feeds.epochs import renew_epoch
from services.kit.ids import new_id
from tests.cluster import KithDatabase
from tests.gateway.conftest import Issue, add_workspace, echo_document, gateway_settings, opened
from tests.gateway.events.stage import Stage, order, person, reminder, rep
from tests.gateway.peers import served
from tests.listening import until_listening
from tests.waiting import until

PATH = "/v1/events"


@pytest.fixture
async def client(http: httpx.AsyncClient, issue: Issue) -> httpx.AsyncClient:
    """An administrator."""
    http.headers["Authorization"] = f"Bearer {await issue()}"
    return http


async def page(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - query values
    answer = await client.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def types(client: httpx.AsyncClient, **params: Any) -> list[str]:  # noqa: ANN401 - query values
    return [event["type"] for event in (await page(client, **params))["items"]]


async def read_all(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - query values
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while (got := await page(client, **params, **after))["items"]:
        found += got["items"]
        after = {"after": got["next_cursor"]}
    return found


class TestList:
    async def test_needs_a_key(self, http: httpx.AsyncClient) -> None:
        assert (await http.get(PATH)).status_code == 401

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("after", "17"),
            ("after", "A" * 38),
            ("limit", "0"),
            ("limit", "201"),
            ("types", "person.sneezed"),
            ("wait", "31"),
            ("wait", "-1"),
            ("since", "x"),
            ("after", "a\x00b"),
        ],
    )
    async def test_refuses_bad_parameters(self, client: httpx.AsyncClient, name: str, value: str) -> None:
        answer = await client.get(PATH, params={name: value})
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["name"] == name

    async def test_shows_each_event_once_and_in_order(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID
    ) -> None:
        people = [new_id() for _ in range(3)]
        for version in range(1, 6):
            await stage.tell("contacts", workspace, *(person(one, version) for one in people))
            await stage.tell("campaigns", workspace, *(reminder(one) for one in people))
            await stage.follow()
        whole = await read_all(client, limit=200)
        assert len({event["id"] for event in whole}) == len(whole) == 30
        for limit in (1, 4, 7):
            assert await read_all(client, limit=limit) == whole
        for one in people:
            versions = [event["version"] for event in whole if event["object_id"] == str(one)]
            assert versions == [1, 2, 3, 4, 5]
        assert await read_all(client, types=["person.created"]) == [e for e in whole if e["type"] == "person.created"]
        behind = await page(client, after=whole[9]["position"], limit=200)
        assert behind["items"] == whole[10:]

    async def test_goes_on_where_nothing_was_and_from_the_latest(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID
    ) -> None:
        empty = await page(client)
        assert (empty["items"], empty["count"]) == ([], None)
        await stage.tell("contacts", workspace, rep())
        await stage.follow()
        latest = await page(client, after="latest")
        assert latest["items"] == []
        assert await types(client, after=empty["next_cursor"]) == ["rep.created"]
        await stage.tell("contacts", workspace, rep(2))
        await stage.follow()
        assert await types(client, after=latest["next_cursor"]) == ["rep.updated"]

    async def test_shows_shapes_without_personal_values(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID
    ) -> None:
        someone, other = new_id(), new_id()
        bought = order(someone)
        await stage.tell(
            "contacts",
            workspace,
            person(someone, owner_rep_id=other, tags=("vip",), region="TW"),
            bought,
            person(someone, 2, merged_into=other),
            person(other, 3, deleted=True),
            person(other, 4, deleted=True, erased=True),
            order(someone, 2, status="deleted"),
        )
        await stage.follow()
        events = (await page(client))["items"]
        assert [event["type"] for event in events] == [
            "person.created",
            "order.created",
            "person.merged",
            "person.deleted",
            "person.erased",
            "order.deleted",
        ]
        assert events[0]["data"] == {
            "owner_rep_id": str(other),
            "lifecycle_stage": None,
            "do_not_contact": False,
            "merged_into": None,
        }
        assert events[1]["object"] == {"id": str(bought.order_id), "type": "order", "display_name": None}
        assert events[1]["data"]["total"] == {"amount": "1250.00", "currency": "TWD"}
        assert events[1]["data"]["refunded"] == {"amount": "25.00", "currency": "TWD"}
        assert "vip" not in str(events)

    async def test_shows_nothing_of_another_workspace(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID, stranger: dict[str, str]
    ) -> None:
        await stage.tell("contacts", workspace, rep(), rep())
        await stage.tell("contacts", new_id(), rep())
        await stage.follow()
        assert len(await types(client)) == 2
        position = (await page(client))["next_cursor"]
        assert (await client.get(PATH, headers=stranger)).json()["items"] == []
        assert (await client.get(PATH, params={"after": position}, headers=stranger)).status_code == 400


class TestScopes:
    async def test_an_event_exists_only_for_those_who_may_read_its_object(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID, issue: Issue
    ) -> None:
        someone = new_id()
        await stage.tell("contacts", workspace, person(someone), order(someone), rep())
        await stage.tell("campaigns", workspace, reminder(someone))
        await stage.follow()
        for scope, seen in {
            "people:read": ["person.created"],
            "orders:read": ["order.created"],
            "reps:read": ["rep.created"],
            "reminders:read": ["reminder.created"],
            "keys:read": [],
        }.items():
            client.headers["Authorization"] = f"Bearer {await issue(scopes=[scope])}"
            assert await types(client) == seen, scope
            assert await types(client, types=["order.created"]) == [one for one in seen if one == "order.created"]

    async def test_positions_do_not_count_what_is_hidden(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID, issue: Issue
    ) -> None:
        await stage.tell("contacts", workspace, rep(), *(person(new_id()) for _ in range(5)), rep())
        await stage.follow()
        client.headers["Authorization"] = f"Bearer {await issue(scopes=['reps:read'])}"
        first, second = (await page(client))["items"]
        assert len(first["position"]) == len(second["position"])
        assert first["position"][:8] != second["position"][:8]

    async def test_every_type_has_a_scope_that_exists(self) -> None:
        assert {name for name, kind in KINDS.items() if kind.scope is None} == {INTERRUPTED}

    async def test_a_key_with_own_customers_gets_the_events_of_those(
        self,
        stage: Stage,
        workspace: UUID,
        issue: Issue,
        settings_for: Callable[..., Any],
        clock: FixedClock,
    ) -> None:
        rep_id, mine, foreign = new_id(), new_id(), new_id()
        async with stage.databases["contacts"].worker() as session:
            await session.executemany(
                "INSERT INTO people (workspace_id, id, owner_rep_id) VALUES ($1, $2, $3)",
                [(workspace, mine, rep_id), (workspace, foreign, new_id())],
            )
        await stage.tell("contacts", workspace, person(foreign), person(mine), order(foreign), order(mine), rep())
        await stage.follow()
        contacts = create_contacts(settings_for("contacts", ContactsSettings, peers={"gateway": "http://x"}), clock)
        async with served(contacts, lifespan="on") as url:
            settings = gateway_settings(settings_for, {"contacts": url})
            async with opened(create_app(settings, clock, document=echo_document())) as client:
                key = await issue(rep_id=rep_id, visibility="own")
                client.headers["Authorization"] = f"Bearer {key}"
                assert await types(client) == ["person.created", "order.created", "rep.created"]
                events = (await page(client, limit=2))["items"]
                assert [event["object_id"] for event in events] == [str(mine)]
                assert len(await read_all(client, limit=1)) == 3


class TestWait:
    @pytest.fixture(autouse=True)
    def without_polls(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let those whom nobody wakes sleep on."""
        monkeypatch.setattr("gateway.events.service.POLL_SECONDS", 3600)

    async def test_an_event_ends_the_wait_at_once(
        self, client: httpx.AsyncClient, gateway: FastAPI, stage: Stage, workspace: UUID
    ) -> None:
        start = (await page(client))["next_cursor"]
        waiting = asyncio.create_task(page(client, after=start, wait=30))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await stage.tell("contacts", workspace, rep())
        await stage.follow()
        # The stage has connections of its own: what a replica hears by NOTIFY is done by hand.
        gateway.state.kit.database.wakeups.wake(f"journal.{workspace}")
        found = await asyncio.wait_for(waiting, 25)
        assert [event["type"] for event in found["items"]] == ["rep.created"]

    async def test_the_follower_tells_waiters_of_other_processes(
        self, client: httpx.AsyncClient, kith: KithDatabase, stage: Stage, workspace: UUID
    ) -> None:
        await until_listening(kith, 1)
        own = stage.databases["gateway"]
        passing = asyncio.create_task(own.wakeups.run(own))
        try:
            await stage.tell("contacts", workspace, rep())
            waiting = asyncio.create_task(page(client, wait=30))
            await asyncio.sleep(0.3)
            await stage.follow()
            found = await asyncio.wait_for(waiting, 25)
        finally:
            passing.cancel()
        assert len(found["items"]) == 1

    async def test_an_empty_wait_ends_in_time_and_holds_no_connection(
        self, client: httpx.AsyncClient, gateway: FastAPI
    ) -> None:
        began = time.monotonic()
        pool = gateway.state.kit.database.api_pool
        waits = [asyncio.create_task(page(client, wait=2)) for _ in range(pool.get_max_size() + 2)]

        async def nobody_reads() -> bool:
            return bool(pool.get_idle_size() == pool.get_size())

        await asyncio.sleep(0.5)
        await until(nobody_reads)
        assert not any(wait.done() for wait in waits)
        assert [(await wait)["items"] for wait in waits] == [[] for _ in waits]
        assert 2.0 <= time.monotonic() - began < 30


class TestRetention:
    async def test_a_position_older_than_what_is_kept_is_gone_and_says_where_to_go_on(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID, clock: FixedClock
    ) -> None:
        await stage.tell("contacts", workspace, rep(), rep(2))
        await stage.follow()
        first, second = (await page(client))["items"]
        house = JournalHouse(stage.databases["gateway"], clock, retention_days=30)
        clock.set(datetime.now(UTC) + timedelta(days=60))  # the database dates the journal by the machine's clock
        assert await house.tidy() >= 1
        await stage.tell("contacts", workspace, rep(3))
        await stage.follow()
        answer = await client.get(PATH, params={"after": first["position"]})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (410, "position-expired")
        assert await types(client, after=answer.json()["oldest"]) == ["rep.updated"]
        # Nothing is missing behind the last event that was dropped.
        assert await types(client, after=second["position"]) == ["rep.updated"]
        assert await types(client) == ["rep.updated"]

    async def test_a_position_from_before_a_restore_is_gone(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID
    ) -> None:
        await stage.tell("contacts", workspace, rep())
        await stage.follow()
        position = (await page(client))["next_cursor"]
        await renew_epoch(stage.databases["gateway"])
        answer = await client.get(PATH, params={"after": position})
        assert answer.status_code == 410
        assert await types(client, after=answer.json()["oldest"]) == ["rep.created"]


class TestFollowing:
    async def test_a_write_is_there_for_who_asks_after_it(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID
    ) -> None:
        await stage.follow()
        answer = await client.patch("/v1/workspace", json={"name": "Tea House"})
        after = {"Kith-After": answer.headers["Kith-Position"]}
        late = await client.get(PATH, headers=after)
        assert late.headers["Kith-Stale"] == "true"
        await stage.tell("gateway", workspace)
        await stage.follow()
        seen = await client.get(PATH, headers=after)
        assert "Kith-Stale" not in seen.headers
        assert [event["type"] for event in seen.json()["items"]] == ["workspace.updated"]

    async def test_two_replicas_write_every_event_once(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID
    ) -> None:
        await stage.follow()
        for _ in range(6):
            await stage.tell("contacts", workspace, *(person(new_id()) for _ in range(5)))
            replicas = [stage.follower("contacts", batch=4) for _ in range(3)]
            await asyncio.gather(*(replica.step() for replica in replicas), return_exceptions=True)
        await stage.follow()
        assert len(await read_all(client)) == 30

    async def test_a_restored_service_is_told_of_and_followed_on(
        self, client: httpx.AsyncClient, stage: Stage, workspace: UUID
    ) -> None:
        await stage.tell("contacts", workspace, rep())
        await stage.follow()
        await renew_epoch(stage.databases["contacts"])
        await stage.tell("contacts", workspace, rep())
        await stage.follow()
        await stage.tell("contacts", workspace, rep())
        await stage.follow()
        events = (await page(client))["items"]
        assert [event["type"] for event in events] == ["rep.created", INTERRUPTED, "rep.created"]
        assert events[1]["data"] == {"service": "contacts"}


async def test_services_that_write_at_once_leave_no_gap(stage: Stage, workspace: UUID, database: Database) -> None:
    other = await add_workspace(database, new_id())
    for _ in range(8):
        for producer, made in (("contacts", person), ("campaigns", reminder)):
            for owner in (workspace, other):
                await stage.tell(producer, owner, *(made(new_id()) for _ in range(7)))
        await asyncio.gather(*(stage.follower(name).step() for name in ("contacts", "campaigns")))
    async with database.worker() as session:
        rows = await session.fetch("SELECT workspace_id, position FROM journal ORDER BY position")
    for owner in (workspace, other):
        assert [row["position"] for row in rows if row["workspace_id"] == owner] == list(range(1, 113))
