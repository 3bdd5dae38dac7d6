"""The feed over HTTP: who may read it, what it looks like, how it waits, what it says to a lost cursor."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import orjson
import pytest

from services.kit.clock import FixedClock, SystemClock
from services.kit.feeds import Sequencer, feed
from services.kit.feeds.epochs import check_lineage, renew_epoch
from services.kit.ids import new_id
from tests.callers import Caller
from tests.kit.feeds.stage import Stage


@pytest.fixture
def reader(stage: Stage) -> httpx.AsyncClient:
    """A client that may read the feed."""
    return reader_of(stage)


def reader_of(stage: Stage) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(stage.app, raise_app_exceptions=False)
    headers = Caller(["feed:read"], issuer="scoring").headers("contacts")
    return httpx.AsyncClient(transport=transport, base_url="http://contacts.test", headers=headers)


async def fill(stage: Stage, workspace_id: UUID, events: int, *, partition_size: int = 1000) -> None:
    await stage.count(workspace_id, new_id(), times=events)
    assert await Sequencer(stage.producer, SystemClock(), batch=5, partition_size=partition_size).number_all()


async def test_without_an_identity_nobody_reads_the_feed(stage: Stage, reader: httpx.AsyncClient) -> None:
    for path in ("/feed", "/snapshot/things"):
        assert (await reader.get(path, headers={"kith-identity": ""})).status_code == 401


async def test_no_key_of_a_user_reads_the_feed(stage: Stage, reader: httpx.AsyncClient) -> None:
    for path in ("/feed", "/snapshot/things"):
        assert (await reader.get(path, headers=Caller(["admin"]).headers("contacts"))).status_code == 403


async def test_an_event_is_a_cloud_event(stage: Stage, reader: httpx.AsyncClient, workspace_id: UUID) -> None:
    await fill(stage, workspace_id, 1)
    answer = await reader.get("/feed")
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    [event] = answer.json()
    epoch, position = event["id"].split(":")
    assert (event["specversion"], event["source"], event["type"]) == ("1.0", "/contacts", "thing.counted")
    assert (position, event["workspaceid"]) == ("1", str(workspace_id))
    assert event["data"] == {"version": 1, "thing_id": event["subject"]}
    assert datetime.fromisoformat(event["time"]).tzinfo is not None
    assert answer.headers["kith-feed-head"] == f"{epoch}:1"


async def test_pages_follow_one_another_without_gap(
    stage: Stage, reader: httpx.AsyncClient, workspace_id: UUID
) -> None:
    await fill(stage, workspace_id, 7)
    first = (await reader.get("/feed?limit=4")).json()
    second = (await reader.get("/feed", params={"limit": 4, "lastEventId": first[-1]["id"]})).json()
    versions = [event["data"]["version"] for event in first + second]
    assert versions == [1, 2, 3, 4, 5, 6, 7]
    assert (await reader.get("/feed", params={"lastEventId": second[-1]["id"]})).json() == []


async def test_a_long_poll_is_answered_as_soon_as_there_is_an_event(
    stage: Stage, reader: httpx.AsyncClient, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "POLL_SECONDS", 3600)
    poll = asyncio.create_task(reader.get("/feed?timeout=30000"))
    await asyncio.sleep(0.1)
    await fill(stage, workspace_id, 1)
    assert len((await asyncio.wait_for(poll, 25)).json()) == 1


async def test_a_long_poll_ends_empty_after_its_timeout(stage: Stage, reader: httpx.AsyncClient) -> None:
    began = time.monotonic()
    assert (await reader.get("/feed?timeout=150")).json() == []
    assert 0.1 < time.monotonic() - began < 20


async def test_a_long_poll_does_not_hold_up_a_stop(stage: Stage, reader: httpx.AsyncClient) -> None:
    poll = asyncio.create_task(reader.get("/feed?timeout=30000"))
    await asyncio.sleep(0.1)
    stage.producer.wakeups.close()
    assert (await asyncio.wait_for(poll, 25)).json() == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=2001", "limit=x", "timeout=30001", "timeout=-1", "lastEventId=7", "lastEventId=a:b", "limit=١"],
)
async def test_a_bad_parameter_is_refused(stage: Stage, reader: httpx.AsyncClient, query: str) -> None:
    assert (await reader.get(f"/feed?{query}")).status_code == 400


async def test_a_cursor_older_than_the_retention_gets_the_address_of_the_snapshot(
    own_stage: Stage, workspace_id: UUID
) -> None:
    reader = reader_of(own_stage)
    await fill(own_stage, workspace_id, 25, partition_size=10)
    third = (await reader.get("/feed?limit=3")).json()[-1]["id"]
    later = FixedClock(datetime.now(UTC) + timedelta(days=31))
    assert await Sequencer(own_stage.producer, later, retention_days=30).purge() == 21
    for query in ({}, {"lastEventId": third}):
        answer = await reader.get("/feed", params=query)
        assert answer.status_code == 410
        assert answer.json()["type"].endswith("/problems/cursor-expired")
        assert answer.json()["snapshot"] == "/snapshot"
    epoch = third.split(":")[0]
    left = await reader.get("/feed", params={"lastEventId": f"{epoch}:20"})
    assert [event["id"] for event in left.json()] == [f"{epoch}:{position}" for position in range(21, 26)]


async def test_what_is_old_goes_also_where_little_happens(own_stage: Stage, workspace_id: UUID) -> None:
    reader = reader_of(own_stage)
    things = sorted(new_id() for _ in range(500))
    sequencer = Sequencer(own_stage.producer, SystemClock())
    for _ in range(5):
        await own_stage.count(workspace_id, *things)
        assert await sequencer.number_all()
    later = FixedClock(datetime.now(UTC) + timedelta(days=31))
    assert await Sequencer(own_stage.producer, later, retention_days=30).purge() == 2001
    answer = await reader.get("/feed")
    assert answer.status_code == 410
    assert answer.json()["resume"].endswith(":2000")


async def test_events_within_the_retention_stay(own_stage: Stage, workspace_id: UUID) -> None:
    reader = reader_of(own_stage)
    await fill(own_stage, workspace_id, 25, partition_size=10)
    assert await Sequencer(own_stage.producer, SystemClock(), retention_days=1).purge() == 1
    assert len((await reader.get("/feed")).json()) == 25


async def test_a_cursor_of_another_epoch_is_refused(
    stage: Stage, reader: httpx.AsyncClient, workspace_id: UUID
) -> None:
    await fill(stage, workspace_id, 2)
    last = (await reader.get("/feed")).json()[-1]["id"]
    await renew_epoch(stage.producer)
    answer = await reader.get("/feed", params={"lastEventId": last})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/problems/epoch-changed")


async def test_a_cursor_beyond_the_head_is_refused(stage: Stage, reader: httpx.AsyncClient, workspace_id: UUID) -> None:
    await fill(stage, workspace_id, 2)
    epoch = (await reader.get("/feed")).json()[-1]["id"].split(":")[0]
    answer = await reader.get("/feed", params={"lastEventId": f"{epoch}:3"})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/problems/cursor-beyond-head")


async def test_a_restored_database_begins_a_new_epoch(stage: Stage, reader: httpx.AsyncClient) -> None:
    async def epoch() -> str:
        return (await reader.get("/feed")).headers["kith-feed-head"].split(":")[0]

    before = await epoch()
    await check_lineage(stage.producer)
    await check_lineage(stage.producer)
    assert await epoch() == before
    # What a point-in-time restore leaves behind: the lineage that was stored is no longer the server's own.
    await stage.database.as_admin("UPDATE contacts.feed_state SET lineage = split_part(lineage, '/', 1) || '/00000000'")
    await check_lineage(stage.producer)
    assert await epoch() != before


async def test_a_snapshot_tells_its_place_and_comes_in_pages(
    stage: Stage, reader: httpx.AsyncClient, workspace_id: UUID
) -> None:
    things = sorted(new_id() for _ in range(5))
    await stage.count(workspace_id, *things, times=2)
    await Sequencer(stage.producer, SystemClock()).number_all()
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = orjson.loads((await reader.get("/snapshot/things", params=query)).content)
        assert page["position"] == 10
        assert all(item["data"]["version"] == 2 for item in page["items"])
        seen += [item["subject"] for item in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == [str(thing) for thing in things]


async def test_an_unknown_snapshot_does_not_exist(stage: Stage, reader: httpx.AsyncClient) -> None:
    assert (await reader.get("/snapshot/nothing")).status_code == 404
