"""Waits until the services have heard of a change of settings, so that whoever calls them next finds it obeyed."""

import asyncio
import contextlib

from gateway.door.calls import AFTER, Calls
from services.kit.identity import Identity
from services.kit.problems import Problem

LISTS = {
    "contacts": ("/v1/exchange-rates", "workspace:read"),
    "scoring": ("/v1/scoring-policies", "policies:read"),
    "campaigns": ("/v1/care-rules", "reminders:read"),
}
"""A short list of each service, and its scope: read with Kith-After, it is answered once the service has caught up."""


class Hearing:
    """Asks the services whether a write of the gateway has reached them."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def wait(self, caller: Identity, position: str) -> None:
        """Wait until every service has applied what stands at a position; two seconds at most for one that answers."""
        await asyncio.gather(*(self._reached(service, caller, position) for service in LISTS))

    async def _reached(self, service: str, caller: Identity, position: str) -> None:
        path, scope = LISTS[service]
        with contextlib.suppress(Problem):  # who is away hears of it later, as of everything
            await self._calls.fetch(service, path, caller, {scope}, [("limit", "1")], [(AFTER, position.encode())])
