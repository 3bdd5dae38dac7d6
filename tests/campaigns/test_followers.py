"""Followers of campaigns on real feeds: by themselves, and exactly once whatever stops meanwhile."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.campaigns.app import create_app
from services.campaigns.settings import CampaignsSettings
from services.contacts.app import create_app as create_contacts
from services.contacts.settings import ContactsSettings
from services.kit.clock import FixedClock
from services.kit.jobs import Limits
from tests.callers import Caller
from tests.campaigns.conftest import PEERS
from tests.campaigns.neighbours import Producer, Wire
from tests.campaigns.stage import Stage
from tests.waiting import until

HURRY = Limits(first_pause=0.05, pause_for_peer=0.1)


@dataclass
class Town:
    """Campaigns with its worker, and its neighbours."""

    stage: Stage
    contacts: FastAPI
    scoring: Producer
    gateway: Producer
    wire: Wire
    make: Callable[[], FastAPI]

    async def events(self) -> list[dict[str, Any]]:
        """Return what campaigns has published, numbered or not."""
        return [*await self.stage.rows("outbox"), *await self.stage.rows("events")]

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[FastAPI]:
        """Run campaigns, worker and all."""
        app = self.make()
        async with app.router.lifespan_context(app):
            yield app


@pytest.fixture
async def town(stage: Stage, settings_for: Callable[..., Any], clock: FixedClock) -> AsyncIterator[Town]:
    """The whole of care, contacts real, the others by their feeds."""
    contacts = create_contacts(settings_for("contacts", ContactsSettings), clock)
    scoring, gateway = (Producer(settings_for(name), clock) for name in ("scoring", "gateway"))
    wire = Wire(contacts)
    settings = settings_for("campaigns", CampaignsSettings, peers=PEERS, run_worker=True, shutdown_seconds=30)
    wires = {"contacts": wire, "scoring": Wire(scoring.app), "gateway": Wire(gateway.app)}
    async with contacts.router.lifespan_context(contacts), scoring.running(), gateway.running():
        yield Town(stage, contacts, scoring, gateway, wire, lambda: create_app(settings, clock, wires, HURRY))


class TestFollowing:
    async def test_a_purchase_becomes_an_open_reminder_by_itself(self, town: Town) -> None:
        who = await town.stage.customer()
        async with town.at_work():
            await town.scoring.publish(
                town.stage.workspace_id, town.stage.scored_event(who, last_order_at=town.stage.now)
            )

            async def opened() -> bool:
                return len(await town.stage.reminders(status="open")) == 2

            await until(opened)

    async def test_one_that_stopped_catches_up_and_opens_each_reminder_once(self, town: Town) -> None:
        ids = [await town.stage.customer() for _ in range(30)]
        events = [town.stage.scored_event(who, last_order_at=town.stage.now) for who in ids]

        async def opened(number: int) -> bool:
            return len(await town.stage.reminders()) == number

        async with town.at_work():
            await town.scoring.publish(town.stage.workspace_id, *events[:10])
            await until(lambda: opened(20))
        await town.scoring.publish(town.stage.workspace_id, *events[10:], *events[:10])
        for _ in range(3):
            with contextlib.suppress(TimeoutError):
                async with town.at_work():
                    await until(lambda: opened(60), seconds=0.2)
        async with town.at_work():
            await until(lambda: opened(60))
            await town.stage.later(timedelta(0))
        causes = [row["cause"] for row in await town.stage.reminders()]
        assert len(causes) == len(set(causes)) == 60
        assert len(await town.events()) == 60


class TestCompletion:
    async def person(self, town: Town) -> str:
        """Make a person in contacts whom campaigns knows too, with a first order; return the reminder's id."""
        async with running_client(town.contacts) as client:
            caller = Caller(workspace_id=town.stage.workspace_id)
            answer = await client.post("/v1/people", json={"display_name": "Lin"}, headers=caller.headers("contacts"))
            assert answer.status_code == 201, answer.text
        await town.stage.buys(await town.stage.customer(UUID(answer.json()["id"])))
        return str((await town.stage.reminders("first_order_thanks"))[-1]["id"])

    async def complete(self, app: FastAPI, town: Town, reminder: str) -> None:
        """Complete a reminder."""
        async with running_client(app) as client:
            answer = await client.post(
                f"/v1/reminders/{reminder}/complete",
                json={"outcome": "reached", "summary": "Likes the tea."},
                headers=Caller(workspace_id=town.stage.workspace_id).headers("campaigns"),
            )
            assert answer.status_code == 200, answer.text

    async def written(self, town: Town) -> list[dict[str, Any]]:
        """Return the interactions that contacts holds."""
        async with running_client(town.contacts) as client:
            answer = await client.get(
                "/v1/interactions", headers=Caller(workspace_id=town.stage.workspace_id).headers("contacts")
            )
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def noted(self, town: Town) -> bool:
        """Tell whether the reminder knows its interaction."""
        [row] = await town.stage.reminders("first_order_thanks")
        return bool(row["interaction_id"])

    async def test_what_came_of_it_becomes_an_interaction(self, town: Town) -> None:
        reminder = await self.person(town)
        async with town.at_work() as app:
            await self.complete(app, town, reminder)
            await until(lambda: self.noted(town))
        [interaction] = await self.written(town)
        [row] = await town.stage.reminders("first_order_thanks")
        assert interaction["id"] == str(row["interaction_id"])
        assert interaction["summary"] == "Likes the tea."
        assert (interaction["function"], interaction["channel"], interaction["direction"]) == (
            "care",
            "email",
            "outbound",
        )

    async def test_it_waits_for_contacts_to_come_back(self, town: Town) -> None:
        reminder = await self.person(town)
        town.wire.cut = True
        async with town.at_work() as app:
            await self.complete(app, town, reminder)
            await until(lambda: was_asked(town, 2))
            assert await self.written(town) == []
            town.wire.cut = False
            await until(lambda: self.noted(town))
        assert len(await self.written(town)) == 1

    async def test_a_lost_answer_writes_it_once(self, town: Town) -> None:
        reminder = await self.person(town)
        async with town.at_work() as app:
            town.wire.lose_answers = 4
            await self.complete(app, town, reminder)
            await until(lambda: self.noted(town))
        assert len(await self.written(town)) == 1

    async def test_a_worker_that_stops_meanwhile_leaves_it_to_the_next(self, town: Town) -> None:
        reminder = await self.person(town)
        town.wire.cut = True
        async with town.at_work() as app:
            await self.complete(app, town, reminder)
            await until(lambda: was_asked(town, 1))
        town.wire.cut = False
        async with town.at_work():
            await until(lambda: self.noted(town))
        assert len(await self.written(town)) == 1

    async def test_what_was_taken_back_in_time_is_not_written(self, town: Town) -> None:
        reminder = await self.person(town)
        town.wire.cut = True
        async with town.at_work() as app:
            await self.complete(app, town, reminder)
            async with running_client(app) as client:
                answer = await client.post(
                    f"/v1/reminders/{reminder}/reopen",
                    json={},
                    headers=Caller(workspace_id=town.stage.workspace_id).headers("campaigns"),
                )
                assert answer.json()["status"] == "open"
            town.wire.cut = False

            async def finished() -> bool:
                return {row["status"] for row in await town.stage.rows("jobs")} == {"succeeded"}

            await until(finished)
        assert await self.written(town) == []


class TestChangedRules:
    async def test_a_shorter_rhythm_reaches_customers_who_were_scored_long_ago(self, town: Town) -> None:
        who = await town.stage.customer()
        await town.stage.scored(who, tier="gold")
        town.stage.clock.advance(timedelta(days=10))
        async with town.at_work() as app, running_client(app) as client:
            caller = Caller(workspace_id=town.stage.workspace_id)
            listed = await client.get("/v1/care-rules", headers=caller.headers("campaigns"))
            rhythm = next(one for one in listed.json()["items"] if one["code"] == "tier_rhythm")
            await client.patch(
                f"/v1/care-rules/{rhythm['id']}",
                json={"parameters": {"intervals": {"gold": "P10D"}}},
                headers=caller.headers("campaigns"),
            )

            async def due() -> bool:
                looks_now = (await town.stage.member(who))["look_at"] == town.stage.now
                return bool(looks_now or await town.stage.reminders())  # the worker's own clock may have come first

            await until(due)
            await town.stage.later(timedelta(0))
        assert [row["rule"] for row in await town.stage.reminders()] == ["tier_rhythm"]


async def was_asked(town: Town, times: int) -> bool:
    """Tell whether contacts was asked to write an interaction so often."""
    return town.wire.requests.count("POST /v1/interactions") >= times


@contextlib.asynccontextmanager
async def running_client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client on an application that runs already."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        yield client
