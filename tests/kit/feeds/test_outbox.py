"""The outbox: events exist exactly when their change does, and belong to the writer's workspace."""

from uuid import UUID

import asyncpg
import pytest

from services.kit.feeds import publish, publish_all
from services.kit.ids import new_id
from tests.kit.feeds.stage import Stage, ThingCounted


async def waiting(stage: Stage) -> list[asyncpg.Record]:
    return await stage.database.as_admin("SELECT * FROM contacts.outbox ORDER BY seq")


async def test_events_of_a_request_belong_to_its_workspace_and_keep_their_order(
    stage: Stage, workspace_id: UUID
) -> None:
    events = [ThingCounted(version=version, thing_id=new_id()) for version in range(1, 201)]
    async with stage.producer.write(workspace_id) as session:
        await publish(session, events)
    rows = await waiting(stage)
    assert [row["subject"] for row in rows] == [event.thing_id for event in events]
    assert {row["workspace_id"] for row in rows} == {workspace_id}


async def test_a_rolled_back_change_publishes_nothing(stage: Stage, workspace_id: UUID) -> None:
    async def change_its_mind() -> None:
        async with stage.producer.write(workspace_id) as session:
            await publish(session, [ThingCounted(version=1, thing_id=new_id())])
            raise LookupError

    with pytest.raises(LookupError):
        await change_its_mind()
    assert await waiting(stage) == []


async def test_a_request_cannot_publish_for_another_workspace(stage: Stage, workspace_id: UUID) -> None:
    event = ThingCounted(version=1, thing_id=new_id())
    async with stage.producer.write(workspace_id) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with session.savepoint():
                await publish_all(session, [(new_id(), event)])


async def test_background_work_names_the_workspace(stage: Stage, workspace_id: UUID) -> None:
    async with stage.producer.worker() as session:
        event = ThingCounted(version=1, thing_id=new_id())
        with pytest.raises(RuntimeError, match="no single workspace"):
            await publish(session, [event])
        await publish(session, [event], workspace_id=workspace_id)
    assert len(await waiting(stage)) == 1


async def test_no_events_need_no_statement(stage: Stage, workspace_id: UUID) -> None:
    async with stage.producer.write(workspace_id) as session:
        await publish(session, [])
    assert await waiting(stage) == []
