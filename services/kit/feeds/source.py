"""A producer's feed as its followers see it: batches, and pages of a snapshot, over HTTP."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import orjson

from services.kit.client import ServiceClient, system_identity
from services.kit.database import Database
from services.kit.feeds.events import FeedEvent, Place
from services.kit.feeds.feed import wait_for_events
from services.kit.feeds.protocol import FEED_PATH, HEAD_HEADER, SCOPE, SNAPSHOT_PATH

if TYPE_CHECKING:
    import asyncpg

SCOPES = frozenset({SCOPE})
SLACK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Received:
    """What the feed answered: the next events, and where it ends."""

    head: Place
    events: list[FeedEvent]


@dataclass(frozen=True, slots=True)
class ReceivedPage:
    """A page of a snapshot, and the place of the feed before it was read."""

    place: Place
    events: list[FeedEvent]
    next: str | None


class BrokenFeed(Exception):
    """The feed left out a position: going on would lose an event."""


class Source(Protocol):
    """Where a follower gets events from."""

    async def read(self, after: Place | None, limit: int, wait_seconds: float) -> Received:
        """Return the events after a place, waiting for the first one; raises the feed's problems."""

    async def snapshot(self, stream: str, after: str | None, limit: int) -> ReceivedPage:
        """Return a page of a snapshot; its events stand at the page's place."""


class OwnFeed:
    """Reads the feed of the process's own schema, past HTTP."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, after: Place | None, limit: int, wait_seconds: float) -> Received:
        """Return the events after a place, waiting for the first one; raises the feed's problems."""
        batch = await wait_for_events(self._database, after, limit, wait_seconds)
        return Received(batch.head, [_own_event(row) for row in batch.rows])

    async def snapshot(self, stream: str, after: str | None, limit: int) -> ReceivedPage:
        """Refuse: what is our own is read from our own tables."""
        message = f"{self._database.schema} reads its own {stream} from its tables, not {limit} after {after}"
        raise RuntimeError(message)


class FeedSource:
    """Reads one producer's feed on behalf of one service."""

    def __init__(self, client: ServiceClient, service: str) -> None:
        self._client = client
        self._identity = system_identity(service)

    async def read(self, after: Place | None, limit: int, wait_seconds: float) -> Received:
        """Return the events after a place, waiting for the first one; raises the feed's problems."""
        params: dict[str, str | int] = {"limit": limit, "timeout": int(wait_seconds * 1000)}
        if after is not None:
            params["lastEventId"] = str(after)
        response = await self._client.get(
            FEED_PATH, identity=self._identity, scopes=SCOPES, params=params, seconds=wait_seconds + SLACK_SECONDS
        )
        events = [_event(item) for item in orjson.loads(response.content)]
        expected = (after.position if after else 0) + 1
        if [event.position for event in events] != list(range(expected, expected + len(events))):
            message = f"{self._client.peer} did not answer with the events from position {expected} on"
            raise BrokenFeed(message)
        return Received(Place.parse(response.headers[HEAD_HEADER]), events)

    async def snapshot(self, stream: str, after: str | None, limit: int) -> ReceivedPage:
        """Return a page of a snapshot; its events stand at the page's place."""
        params: dict[str, str | int] = {"limit": limit}
        if after is not None:
            params["after"] = after
        response = await self._client.get(
            f"{SNAPSHOT_PATH}/{stream}", identity=self._identity, scopes=SCOPES, params=params, seconds=60
        )
        page = orjson.loads(response.content)
        place = Place(page["epoch"], page["position"])
        return ReceivedPage(place, [_entity(item, place.position) for item in page["items"]], page["next"])


def _own_event(row: "asyncpg.Record") -> FeedEvent:
    return FeedEvent(
        position=row["position"],
        workspace_id=row["workspace_id"],
        type=row["type"],
        subject=row["subject"],
        time=row["at"].isoformat(),
        data=orjson.loads(row["data"]),
    )


def _event(item: dict[str, Any]) -> FeedEvent:
    return FeedEvent(
        position=int(item["id"].rpartition(":")[2]),
        workspace_id=UUID(item["workspaceid"]),
        type=item["type"],
        subject=UUID(item["subject"]),
        time=item["time"],
        data=item["data"],
    )


def _entity(item: dict[str, Any], position: int) -> FeedEvent:
    return FeedEvent(
        position=position,
        workspace_id=UUID(item["workspaceid"]),
        type=item["type"],
        subject=UUID(item["subject"]),
        time="",
        data=item["data"],
    )
