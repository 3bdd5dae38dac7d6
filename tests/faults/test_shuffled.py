"""Deliveries that come several times, in any sequence, from two senders at once: the state is that of one pass."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import Random

import pytest

from tests.faults.history import PLATFORMS, History, Message
from tests.faults.picture import Picture, differences
from tests.system.client import Client, Json, eventually
from tests.system.shops import Shop

MOST_TIMES = 8
AT_ONCE = 8
SECRET = "the same for all, since a message is signed once"
SETTLE_SECONDS = 120.0

Shops = dict[str, Shop]


async def connect(client: Client) -> Shops:
    """Connect one shop of each platform, under names that are the same in every workspace."""
    await client.configure(reporting_currency="TWD", time_zone="Asia/Taipei")
    shops = {}
    for platform in PLATFORMS:
        body = {"platform": platform, "name": platform, "key": platform, "secret": SECRET}
        source = await client.post("/v1/sources", body, expected=201)
        shops[platform] = Shop(client, platform, source["id"], platform, SECRET)
    return shops


async def deliver(shops: Shops, message: Message) -> None:
    """Send a message until it is taken."""
    shop = shops[message.platform]

    async def taken() -> bool:
        answer = await shop.deliver(message.topic, message.body, message.headers(SECRET))
        assert answer.status_code in {200, 503}, answer.text
        return answer.status_code == 200

    await eventually(taken, "a delivery is taken")


async def send_in_sequence(shops: Shops, messages: list[Message]) -> None:
    """Send every message once, each after the one before it."""
    for message in messages:
        await deliver(shops, message)


async def send_in_disorder(shops: Shops, messages: list[Message], chance: Random) -> None:
    """Send every message one to eight times, shuffled, from two senders at once."""
    copies = [message for message in messages for _ in range(chance.randint(1, MOST_TIMES))]
    chance.shuffle(copies)

    async def sender(share: list[Message]) -> None:
        for start in range(0, len(share), AT_ONCE):
            await asyncio.gather(*(deliver(shops, message) for message in share[start : start + AT_ONCE]))

    await asyncio.gather(sender(copies[::2]), sender(copies[1::2]))


async def worked_out(client: Client, shops: Shops, number: int) -> None:
    """Wait until every delivery is worked out, each kept once however often it came."""

    async def check() -> bool:
        listed: list[Json] = []
        for shop in shops.values():
            listed += await client.items(f"/v1/sources/{shop.source_id}/deliveries")
        assert len(listed) <= number, "a repetition was kept as another delivery"
        return len(listed) == number and {one["status"] for one in listed} <= {"processed", "ignored"}

    await eventually(check, "every delivery is worked out", SETTLE_SECONDS)


async def pictures_are_equal(one: Client, other: Client) -> Picture:
    """Wait until two workspaces look alike: as long as a workspace is small, every order moves everybody's scores."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        expected, found = await Picture.take(one), await Picture.take(other)
        lines = differences(expected, found)
        if not lines:
            return expected
        assert time.monotonic() < deadline, "one pass in sequence / repeated and shuffled:\n" + "\n".join(lines)
        await asyncio.sleep(1)


@pytest.mark.parametrize("seed", [1, 2, None], ids=["one", "two", "any"])
async def test_repeated_and_shuffled_deliveries_end_like_one_pass_in_sequence(
    new_workspace: Callable[[], Awaitable[Client]], chance: Random, seed: int | None
) -> None:
    dice = chance if seed is None else Random(seed)
    messages = History(dice).messages()
    quiet, wild = await new_workspace(), await new_workspace()
    in_sequence, in_disorder = await connect(quiet), await connect(wild)

    await send_in_sequence(in_sequence, messages)
    await send_in_disorder(in_disorder, messages, dice)

    await worked_out(quiet, in_sequence, len(messages))
    await worked_out(wild, in_disorder, len(messages))
    picture = await pictures_are_equal(quiet, wild)
    assert all(picture.parts.values()), "nothing was compared"
