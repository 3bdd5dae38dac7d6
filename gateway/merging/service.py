"""Reading one list over several services: no item skipped or shown twice, whoever is away named."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.merging.rules import Item, Key, Stream, key_of, take_next
from services.kit.problems import Problem, Unavailable, bad_parameter
from services.kit.web.lists import Binding

Params = list[tuple[str, str]]
Ask = Callable[[Params], Awaitable[dict[str, Any]]]
"""Returns a page of one service's part of the list."""
MOST_PAGES = 100


class MergedList:
    """One reading of a merged list, ordered by a time and then by id."""

    def __init__(self, sources: Mapping[str, Ask], params: Params, *, limit: int, sort: str) -> None:
        """Take the services, and the filters as each is asked with them."""
        self._sources = sources
        self._params = [*params, ("limit", str(limit)), ("sort", sort)]
        self._limit = limit
        self._sort = sort
        self._field = sort.removeprefix("-")
        self._down = sort.startswith("-")
        self._after: Key | None = None
        self._counted: dict[str, dict[str, Any] | None] = {}
        self.streams: dict[str, Stream] = {}
        self.unavailable: dict[str, Problem] = {}

    def begin(self, bound: Binding, cursor: str | None) -> None:
        """Stand at the beginning, or behind what a cursor has shown."""
        self.streams = {service: Stream(self._field) for service in self._sources}
        if cursor is None:
            return
        at, item_id, places = bound.open(cursor, self._sort)
        if not isinstance(places, dict) or set(places) != set(self._sources):
            raise bad_parameter("cursor", "The cursor does not belong to this list.")
        self._after = datetime.fromisoformat(at), UUID(item_id)
        self.streams = {service: Stream(self._field, cursor=place) for service, place in places.items()}

    async def page(self, bound: Binding, cursor: str | None) -> dict[str, Any]:
        """Return a page as it is answered; items of a service that is away are missing, and it is named."""
        self.begin(bound, cursor)
        items = await self.read()
        more = await self.has_more()
        away = [{"service": name, "problem": found.slug()} for name, found in self.unavailable.items()]
        next_cursor = self.cursor(bound) if more else None
        return {"items": items, "next_cursor": next_cursor, "count": self.count(), "unavailable": away}

    async def read(self) -> list[Item]:
        """Return the next items over all services that answer."""
        found: list[Item] = []
        while len(found) < self._limit:
            await self._fill()
            item = take_next(self.streams, down=self._down)
            if item is None:
                break
            self._after = key_of(item, self._field)
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
            page = await self._sources[service](params)
        except Problem as problem:
            if not isinstance(problem, Unavailable) and problem.status < Unavailable.status:
                raise
            self.unavailable[service] = problem
            return
        self._counted.setdefault(service, page["count"])
        stream.load(page["items"], page["next_cursor"], self._after, down=self._down)
