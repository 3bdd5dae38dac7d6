"""Reading one's own writes in another service."""

import asyncio
from uuid import UUID

import httpx
import pytest

from services.kit.client import Peers
from services.kit.clock import SystemClock
from services.kit.feeds import Sequencer, positions
from services.kit.feeds.positions import Positions, marks_of
from services.kit.identity import IdentitySigner
from services.kit.ids import new_id
from services.kit.problems import BadRequest
from tests import keys
from tests.kit.feeds.stage import Stage, Sums, count_up

NAME = "sums-from-contacts"


def waiting_for(stage: Stage) -> Positions:
    signer = IdentitySigner("scoring", keys.private_key("scoring"))
    transport = httpx.ASGITransport(stage.app, raise_app_exceptions=False)
    return Positions(
        "scoring", stage.consumer, Peers({"contacts": "http://contacts.test"}, signer, {"contacts": transport})
    )


async def write(stage: Stage, workspace_id: UUID) -> str:
    async with stage.producer.worker() as session:
        await count_up(session, workspace_id, [new_id()])
    return f"contacts:{session.position}"


async def number(stage: Stage) -> None:
    assert await Sequencer(stage.producer, SystemClock()).number_all()


async def test_a_read_waits_until_the_write_has_arrived(
    stage: Stage, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "PATIENCE_SECONDS", 60)
    follower = stage.follower(Sums(), name=NAME)
    await follower.step()
    mark = await write(stage, workspace_id)
    waiting = asyncio.create_task(waiting_for(stage).wait(mark))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await number(stage)
    await follower.step()
    assert await waiting is True


async def test_a_read_that_waited_in_vain_says_so(
    stage: Stage, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "PATIENCE_SECONDS", 0.1)
    await stage.follower(Sums(), name=NAME).step()
    mark = await write(stage, workspace_id)
    await number(stage)
    assert await waiting_for(stage).wait(mark) is False


async def test_own_writes_and_those_of_services_that_are_not_followed_need_no_wait(stage: Stage) -> None:
    assert await waiting_for(stage).wait("scoring:99999, campaigns:99999, contacts:99999") is True


@pytest.mark.parametrize("header", ["", "contacts", "contacts:x", "contacts:1;scoring:2", ",".join(["contacts:1"] * 9)])
def test_what_is_no_position_is_a_400(header: str) -> None:
    with pytest.raises(BadRequest):
        marks_of(header)
