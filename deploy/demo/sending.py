"""Sends fresh orders as webhooks, and waits until they are orders of customers."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from deploy.demo.api import Api
from deploy.demo.model import Order
from deploy.demo.webhooks import call_of
from deploy.local.errors import LocalRunError

Json = dict[str, Any]


async def send_webhooks(api: Api, source: Json, orders: Sequence[Order], secret: str) -> int:
    """Send the orders that the source has not brought yet; returns how many."""
    if not orders:
        return 0
    known = await _arrived(api, source, orders)
    calls = [call_of(order, secret) for order in orders if str(order.number) not in known]
    path = f"/v1/webhooks/{source['id']}"
    answers = await asyncio.gather(*(api.deliver(path, call.body, call.headers) for call in calls))
    unexpected = {answer["status"] for answer in answers} - {"accepted", "duplicate"}
    if unexpected:
        message = f"The webhooks of {source['key']} were answered {', '.join(sorted(unexpected))}."
        raise LocalRunError(message)

    async def all_arrived() -> bool:
        return len(await _arrived(api, source, orders)) == len(orders)

    await api.until(all_arrived, f"the orders of {source['key']} have been processed")
    return len(calls)


async def _arrived(api: Api, source: Json, orders: Sequence[Order]) -> set[str]:
    # The filter is exclusive, and the first of the orders must be found too.
    earliest = min(order.placed_at for order in orders) - timedelta(seconds=1)
    wanted = {str(order.number) for order in orders}
    listed = api.items("/v1/orders", source=source["key"], placed_after=earliest.isoformat())
    return {item["external_id"] async for item in listed} & wanted
