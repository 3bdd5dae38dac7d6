"""Sends fresh orders as webhooks, and waits until they are orders of customers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.demo.api import Api
from deploy.demo.model import Order
from deploy.demo.webhooks import call_of
from deploy.local.errors import LocalRunError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of the fresh orders of a shop: how many had to be sent, and whose they are."""

    sent: int
    customers: frozenset[str]


async def send_webhooks(api: Api, source: Json, orders: Sequence[Order], secret: str) -> Arrival:
    """Send the orders that the source has not brought yet, and wait until all of them are orders of customers."""
    known = await _arrived(api, source, orders)
    calls = [call_of(order, secret) for order in orders if str(order.number) not in known]
    path = f"/v1/webhooks/{source['id']}"
    answers = await asyncio.gather(*(api.deliver(path, call.body, call.headers) for call in calls))
    unexpected = {answer["status"] for answer in answers} - {"accepted", "duplicate"}
    if unexpected:
        message = f"The webhooks of {source['key']} were answered {', '.join(sorted(unexpected))}."
        raise LocalRunError(message)

    async def all_arrived() -> bool:
        known.update(await _arrived(api, source, orders))
        return len(known) == len(orders)

    await api.until(all_arrived, f"the orders of {source['key']} have been processed")
    return Arrival(len(calls), frozenset(known.values()))


async def _arrived(api: Api, source: Json, orders: Sequence[Order]) -> dict[str, str]:
    if not orders:
        return {}
    # The filter is exclusive, and the first of the orders must be found too.
    earliest = min(order.placed_at for order in orders) - timedelta(seconds=1)
    wanted = {str(order.number) for order in orders}
    listed = api.items("/v1/orders", source=source["key"], placed_after=earliest.isoformat())
    return {item["external_id"]: item["customer_id"] async for item in listed if item["external_id"] in wanted}
