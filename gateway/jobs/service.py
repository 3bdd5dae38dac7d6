"""Asking all services about their jobs."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID

from gateway.door.calls import Calls, Params
from gateway.merging.rules import Item
from gateway.merging.service import MergedList
from services.kit.identity import Identity
from services.kit.problems import NotFound, Problem

READ = {"jobs:read"}
WRITE = {"jobs:write"}


class JobBook:
    """The jobs of all services."""

    def __init__(self, calls: Calls, services: tuple[str, ...]) -> None:
        """Take the services that have jobs."""
        self._calls = calls
        self.services = services

    async def read(self, caller: Identity, job_id: UUID) -> tuple[str, Item]:
        """Return a job and the service that runs it; Unavailable where it may be with one that is away."""
        answers = await asyncio.gather(*(self._read(service, caller, job_id) for service in self.services))
        for service, answer in zip(self.services, answers, strict=True):
            if isinstance(answer, dict):
                return service, answer
        away = [problem for problem in answers if isinstance(problem, Problem) and problem.status != NotFound.status]
        raise away[0] if away else NotFound()

    def open_list(self, caller: Identity, params: Params, *, limit: int, sort: str) -> MergedList:
        """Return a reading of the merged list."""
        sources = {service: partial(self._page, service, caller) for service in self.services}
        return MergedList(sources, params, limit=limit, sort=sort)

    async def command(self, caller: Identity, job_id: UUID, verb: str, key: str | None) -> Item:
        """Cancel or resume a job where it runs; the caller needs to be able to write jobs, not to read them."""
        service, _ = await self.read(caller, job_id)
        return await self._calls.post(service, f"/v1/jobs/{job_id}/{verb}", caller, WRITE, {}, key)

    async def _read(self, service: str, caller: Identity, job_id: UUID) -> Item | Problem:
        try:
            return await self._calls.get(service, f"/v1/jobs/{job_id}", caller, READ)
        except Problem as problem:
            return problem

    async def _page(self, service: str, caller: Identity, params: Params) -> dict[str, Any]:
        return await self._calls.get(service, "/v1/jobs", caller, READ, params)
