"""How the services behind the gateway are, for the operations port."""

import asyncio
from collections.abc import Collection

import orjson

from gateway.door.upstream import Outgoing, Upstream
from services.kit.problems import Problem

SECONDS = 2.0
READY = 200


class PeerHealth:
    """Asks every service whether it is ready."""

    def __init__(self, upstream: Upstream, services: Collection[str]) -> None:
        self._upstream = upstream
        self._services = sorted(set(services) - {"gateway"})

    async def report(self) -> dict[str, object]:
        """Return the state of each service: pass, fail with its failed checks, or away."""
        answers = await asyncio.gather(*(self._ask(service) for service in self._services))
        return dict(zip(self._services, answers, strict=True))

    async def _ask(self, service: str) -> dict[str, object]:
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self._upstream.send(service, Outgoing("GET", "/health/ready", []), whole=True)
        except (Problem, TimeoutError) as error:
            return {"status": "away", "error": type(error).__name__}
        body = answer.body if isinstance(answer.body, bytes) else b""
        if answer.status == READY:
            return {"status": "pass"}
        return {"status": "fail", "failed": orjson.loads(body).get("failed", {})}
