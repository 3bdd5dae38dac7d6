"""A stage for feed tests: things that are counted in `contacts`, and a follower in `scoring` that sums them up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import ClassVar
from uuid import UUID

import httpx
from pydantic import BaseModel

from services.kit.backoff import Backoff
from services.kit.client import ServiceClient
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds import FeedEvent, FeedSource, Follower, Handler, SnapshotPage, publish_all
from services.kit.feeds.routes import feed_routes
from services.kit.identity import IdentitySigner
from services.kit.settings import ServiceSettings
from services.kit.web import Kit, create_app
from tests import keys
from tests.cluster import KithDatabase
from tests.conftest import settings_values

TABLES = """
CREATE TABLE contacts.things (workspace_id uuid, id uuid, version bigint NOT NULL, PRIMARY KEY (workspace_id, id));
GRANT ALL ON contacts.things TO contacts_worker;
CREATE TABLE scoring.counts (
    workspace_id uuid, id uuid, version bigint, events bigint, disorders bigint NOT NULL DEFAULT 0, seen boolean,
    PRIMARY KEY (workspace_id, id));
GRANT ALL ON scoring.counts TO scoring_worker;
"""


class ThingCounted(BaseModel):
    """A thing of the stage was counted up."""

    TYPE: ClassVar[str] = "thing.counted"

    version: int
    thing_id: UUID

    @property
    def subject(self) -> UUID:
        """The thing."""
        return self.thing_id


COUNT_UP = """
INSERT INTO things (workspace_id, id, version) SELECT $1, id, 1 FROM unnest($2::uuid[]) AS t (id) ORDER BY id
ON CONFLICT (workspace_id, id) DO UPDATE SET version = things.version + 1
RETURNING id, version
"""
ADD = """
INSERT INTO counts AS c (workspace_id, id, version, events, disorders, seen)
SELECT workspace_id, id, max(version), count(*), count(*) FILTER (WHERE version <= before), true
FROM (SELECT *, lag(version, 1, 0) OVER (PARTITION BY workspace_id, id ORDER BY place) AS before
      FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) WITH ORDINALITY AS e (workspace_id, id, version, place)) e
GROUP BY workspace_id, id
ON CONFLICT (workspace_id, id) DO UPDATE SET version = excluded.version, events = c.events + excluded.events,
    disorders = c.disorders + excluded.disorders + (excluded.version <= c.version)::int, seen = true
"""


async def count_up(session: Session, workspace_id: UUID, things: Sequence[UUID]) -> None:
    """Raise the version of things and publish it, as a service does: rows first, then events."""
    rows = await session.fetch(COUNT_UP, workspace_id, list(things))
    events = [ThingCounted(version=row["version"], thing_id=row["id"]) for row in rows]
    await publish_all(session, [(workspace_id, event) for event in events])


class Sums(Handler[None]):
    """Counts the events of each thing, and whether any came out of order."""

    types: ClassVar[frozenset[str]] = frozenset({"thing.counted"})
    streams: ClassVar[tuple[str, ...]] = ("things",)

    def __init__(self) -> None:
        self.poison: UUID | None = None
        self.batches: list[int] = []
        self.applying = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Add a batch; a poisoned thing fails, and a held batch waits inside its transaction."""
        await session.execute(
            ADD,
            [event.workspace_id for event in events],
            [event.subject for event in events],
            [event.data["version"] for event in events],
        )
        self.batches.append(len(events))
        self.applying.set()
        if self.hold is not None:
            await self.hold.wait()
        if any(event.subject == self.poison for event in events):
            message = "this thing cannot be counted"
            raise ArithmeticError(message)

    async def begin_rebuild(self, session: Session) -> None:
        """Forget versions and counts."""
        await session.execute("UPDATE counts SET version = 0, events = 0, seen = false")

    async def end_rebuild(self, session: Session) -> None:
        """Remove what is gone."""
        await session.execute("DELETE FROM counts WHERE NOT seen")


class Things:
    """The snapshot of things."""

    stream = "things"

    async def page(self, session: Session, after: str | None, limit: int) -> SnapshotPage:
        """Return a page of things by id."""
        rows = await session.fetch(
            "SELECT * FROM things WHERE id > $1 ORDER BY id LIMIT $2",
            UUID(after) if after else UUID(int=0),
            limit,
        )
        events = [(row["workspace_id"], ThingCounted(version=row["version"], thing_id=row["id"])) for row in rows]
        return SnapshotPage(events, str(rows[-1]["id"]) if len(rows) == limit else None)


class Stage:
    """The producer's application and database, and the follower's database."""

    def __init__(self, database: KithDatabase, clock: Clock) -> None:
        settings = ServiceSettings.model_validate(settings_values(database, "contacts"))
        self.database = database
        self.clock = clock
        self.kit = Kit.build(settings, clock)
        self.producer = self.kit.database
        self.consumer = database.connect("scoring", pool_size=6)
        self.app = create_app(self.kit, title="stage", routers=[], routes=feed_routes([Things()]))
        self.client = ServiceClient(
            "contacts",
            "http://contacts.test",
            IdentitySigner("scoring", keys.private_key("scoring")),
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
        )

    def follower(self, handler: Handler[None], *, name: str = "sums", batch: int = 1000, wait: float = 0) -> Follower:
        """Return a follower that does not wait for events and hardly pauses after failures."""
        source = FeedSource(self.client, "scoring")
        return Follower(
            name,
            source,
            handler,
            self.consumer,
            clock=self.clock,
            batch=batch,
            wait_seconds=wait,
            backoff=Backoff(0.01, 0.05),
        )

    async def count(self, workspace_id: UUID, *things: UUID, times: int = 1) -> None:
        """Count things up, each time in a transaction of its own."""
        for _ in range(times):
            async with self.producer.worker() as session:
                await count_up(session, workspace_id, things)

    async def totals(self) -> dict[UUID, int]:
        """Return how often the follower counted each thing."""
        async with self.consumer.worker() as session:
            rows = await session.fetch("SELECT id, events FROM counts WHERE events > 0")
        return {row["id"]: row["events"] for row in rows}

    async def disorders(self) -> int:
        """Return how many events the follower saw out of order."""
        async with self.consumer.worker() as session:
            found: int = await session.fetchval("SELECT coalesce(sum(disorders), 0)::bigint FROM counts")
        return found

    async def cursor(self, name: str = "sums") -> tuple[str, int, str]:
        """Return epoch, position and state of the follower."""
        async with self.consumer.worker() as session:
            row = await session.fetchrow("SELECT epoch, position, state FROM cursors WHERE follower = $1", name)
        assert row is not None
        return row["epoch"], row["position"], row["state"]


@contextlib.asynccontextmanager
async def opened(database: KithDatabase, clock: Clock) -> AsyncIterator[Stage]:
    """Set the stage in a database of its own."""
    stage = Stage(database, clock)
    async with stage.app.router.lifespan_context(stage.app):
        await stage.consumer.start()
        try:
            yield stage
        finally:
            await stage.client.close()
            await stage.consumer.stop()
