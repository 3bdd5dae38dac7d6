"""The parts of the view of one customer: whom to ask what, with which scope."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.door.calls import Reply

Ask = Callable[[str, set[str], list[tuple[str, str]]], Awaitable[Reply]]
"""Asks one service for a path with scopes and parameters."""

LATEST = "10"
MOST_REMINDERS = "50"
CONTACT = "people:read_contact"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its service, the scope that the caller must hold, and how it is asked for."""

    name: str
    service: str
    scope: str
    read: Callable[[Ask, str], Awaitable[tuple[Any, bool]]]
    """Returns the part for a customer id, and whether it is stale."""
    without: Any = None
    """What stands for a customer of whom the service has not heard yet; None = the problem is passed on."""


async def orders(ask: Ask, customer_id: str) -> tuple[Any, bool]:
    """Return the latest orders and the totals."""
    params = [("customer_id", customer_id), ("sort", "-placed_at"), ("limit", LATEST)]
    page = await ask("/v1/orders", {"orders:read"}, params)
    totals = await ask(f"/internal/customers/{customer_id}/order-totals", {"internal"}, [])
    return {"items": page.document["items"], "totals": totals.document}, page.is_stale or totals.is_stale


async def interactions(ask: Ask, customer_id: str) -> tuple[Any, bool]:
    """Return the latest interactions."""
    params = [("customer_id", customer_id), ("sort", "-occurred_at"), ("limit", LATEST)]
    page = await ask("/v1/interactions", {"interactions:read"}, params)
    return {"items": page.document["items"]}, page.is_stale


async def scores(ask: Ask, customer_id: str) -> tuple[Any, bool]:
    """Return the scores by kind."""
    found = await ask(f"/v1/customers/{customer_id}/scores", {"scores:read"}, [])
    return found.document["scores"], found.is_stale


async def reminders(ask: Ask, customer_id: str) -> tuple[Any, bool]:
    """Return the open reminders, the one due first in front."""
    params = [("customer_id", customer_id), ("status", "open"), ("sort", "due_at"), ("limit", MOST_REMINDERS)]
    page = await ask("/v1/reminders", {"reminders:read"}, params)
    return {"items": page.document["items"]}, page.is_stale


PARTS = (
    Part("orders", "contacts", "orders:read", orders),
    Part("interactions", "contacts", "interactions:read", interactions),
    Part("scores", "scoring", "scores:read", scores, without={}),
    Part("reminders", "campaigns", "reminders:read", reminders, without={"items": []}),
)
UNBUILT: Mapping[str, Any] = {"cases": {"items": []}, "messages": {"items": []}}
"""Kept by no service yet: there are none."""
