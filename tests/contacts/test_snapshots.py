"""Snapshots of contacts: everything there is, as events, page by page."""

from collections.abc import Awaitable, Callable

import pytest

from services.contacts.snapshots import SNAPSHOTS, TableSnapshot
from services.kit.database import Database
from services.kit.feeds import Publishable
from services.kit.problems import BadRequest
from tests.contacts.conftest import Door

Opener = Callable[[str], Awaitable[Database]]
BY_STREAM = {snapshot.stream: snapshot for snapshot in SNAPSHOTS}


async def everything(database: Database, snapshot: TableSnapshot, limit: int) -> list[Publishable]:
    found: list[Publishable] = []
    after: str | None = None
    for _ in range(100):
        async with database.worker() as session:
            page = await snapshot.page(session, after, limit)
        found += [event for _, event in page.events]
        after = page.next
        if after is None:
            return found
    raise AssertionError("the snapshot does not end")


async def filled(door: Door) -> None:
    person = await door.made("/v1/people", {"given_name": "Ann"})
    gone = await door.made("/v1/people", {"given_name": "Gone"})
    await door.delete(f"/v1/people/{gone['id']}")
    await door.made("/v1/accounts", {"name": "Tea"})
    await door.made("/v1/reps", {"display_name": "Bea"})
    await door.made("/v1/exchange-rates", {"currency": "USD", "valid_from": "2026-01-01", "rate": "30.5"})
    await door.made("/v1/interactions", {"customer_id": person["id"], "function": "care", "channel": "call"})
    order = {"total": {"amount": "10.00", "currency": "TWD"}, "customer_id": person["id"]}
    await door.made("/v1/orders", order)


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("stream", list(BY_STREAM))
async def test_a_snapshot_says_what_the_last_event_of_each_entity_said(
    door: Door, database_for: Opener, stream: str, limit: int
) -> None:
    await filled(door)
    shown = await everything(await database_for("contacts"), BY_STREAM[stream], limit)
    last = {event["customer_id"]: event for event in await door.events("customer.changed")}
    kinds = {"reps": "rep", "orders": "order", "interactions": "interaction", "exchange_rates": "exchange_rate"}
    told = list(last.values()) if stream == "customers" else await door.events(f"{kinds[stream]}.changed")

    def plain(event: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in event.items() if name != "effects"}

    assert len(shown) == len(told) > 0
    for event in told:
        assert plain(event) in [plain(one.model_dump(mode="json")) for one in shown]  # type: ignore[attr-defined]  # every event is a model


@pytest.mark.parametrize("after", ["people:{id}:{id}", "reps:1:2", "reps", ""])
async def test_a_place_of_another_stream_is_no_place(door: Door, database_for: Opener, after: str) -> None:
    database = await database_for("contacts")
    async with database.worker() as session:
        with pytest.raises(BadRequest):
            await BY_STREAM["reps"].page(session, after.format(id=door.caller.workspace_id), 1)
