"""Asking all services about their jobs."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.door.calls import Calls, Params
from gateway.jobs.rules import Item, Key, Stream, key_of, take_next
from services.kit.identity import Identity
from services.kit.problems import NotFound, Problem, Unavailable, bad_parameter
from services.kit.web.lists import Binding

READ = {"jobs:read"}
WRITE = {"jobs:write"}
MOST_PAGES = 100


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

    def open_list(self, caller: Identity, params: Params, *, limit: int, sort: str) -> "JobList":
        """Return a reading of the merged list."""
        return JobList(self._calls, caller, params, limit=limit, sort=sort)

    async def command(self, caller: Identity, job_id: UUID, verb: str, key: str | None) -> Item:
        """Cancel or resume a job where it runs; the caller needs to be able to write jobs, not to read them."""
        service, _ = await self.read(caller, job_id)
        return await self._calls.post(service, f"/v1/jobs/{job_id}/{verb}", caller, WRITE, {}, key)

    async def _read(self, service: str, caller: Identity, job_id: UUID) -> Item | Problem:
        try:
            return await self._calls.get(service, f"/v1/jobs/{job_id}", caller, READ)
        except Problem as problem:
            return problem


class JobList:
    """One reading of the merged list."""

    def __init__(self, calls: Calls, caller: Identity, params: Params, *, limit: int, sort: str) -> None:
        """Take the filters as each service is asked with them."""
        self._calls = calls
        self._caller = caller
        self._params = [*params, ("limit", str(limit)), ("sort", sort)]
        self._limit = limit
        self._sort = sort
        self._down = sort.startswith("-")
        self._after: Key | None = None
        self._counted: dict[str, dict[str, Any] | None] = {}
        self.streams: dict[str, Stream] = {}
        self.unavailable: dict[str, Problem] = {}

    def begin(self, services: tuple[str, ...], bound: Binding, cursor: str | None) -> None:
        """Stand at the beginning, or behind what a cursor has shown."""
        self.streams = {service: Stream() for service in services}
        if cursor is None:
            return
        created_at, job_id, places = bound.open(cursor, self._sort)
        if not isinstance(places, dict) or set(places) != set(services):
            raise bad_parameter("cursor", "The cursor does not belong to this list.")
        self._after = datetime.fromisoformat(created_at), UUID(job_id)
        self.streams = {service: Stream(cursor=place) for service, place in places.items()}

    async def read(self) -> list[Item]:
        """Return the next items over all services that answer."""
        found: list[Item] = []
        while len(found) < self._limit:
            await self._fill()
            item = take_next(self.streams, down=self._down)
            if item is None:
                break
            self._after = key_of(item)
            found.append(item)
        return found

    async def has_more(self) -> bool:
        """Tell whether anything is left to be shown."""
        await self._fill()
        return any(stream.items for stream in self.streams.values())

    def cursor(self, bound: Binding) -> str | None:
        """Return the cursor behind what was read; None where nothing was."""
        if self._after is None:
            return None
        places = {service: stream.cursor for service, stream in self.streams.items()}
        return bound.seal(self._sort, [self._after[0].isoformat(), str(self._after[1]), places])

    def count(self) -> dict[str, Any] | None:
        """Return how many there are over all services; None where one does not say."""
        counts = list(self._counted.values())
        known = [count for count in counts if count]
        if not known or len(known) < len(self.streams):
            return None
        exact = all(count["kind"] == "exact" for count in known)
        return {"value": sum(count["value"] for count in known), "kind": "exact" if exact else "estimated"}

    async def _fill(self) -> None:
        """Read pages until no service's next item is unknown."""
        for _ in range(MOST_PAGES):
            dry = [name for name, stream in self.streams.items() if stream.is_dry and name not in self.unavailable]
            if not dry:
                return
            await asyncio.gather(*(self._load(service) for service in dry))

    async def _load(self, service: str) -> None:
        stream = self.streams[service]
        if stream.next_cursor is not None:
            stream.advance()
        params = [*self._params, *([("cursor", stream.cursor)] if stream.cursor else [])]
        try:
            page: dict[str, Any] = await self._calls.get(service, "/v1/jobs", self._caller, READ, params)
        except Problem as problem:
            if not isinstance(problem, Unavailable) and problem.status < Unavailable.status:
                raise
            self.unavailable[service] = problem
            return
        self._counted.setdefault(service, page["count"])
        stream.load(page["items"], page["next_cursor"], self._after, down=self._down)
