"""A feed from one running service to a follower of another schema: events a second, and from a commit to its effect."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import ClassVar
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from benchmarks.figures import middle, report
from benchmarks.intake import Ground
from deploy.local.home import Home
from deploy.local.keys import Keys
from migrations.addresses import Roles, login_roles, role_url
from services.kit.client import ServiceClient
from services.kit.database import Database, Session
from services.kit.feeds import FeedEvent, FeedSource, Follower, Handler, publish_all
from services.kit.identity import IdentitySigner
from services.kit.ids import new_id

PRODUCER, CONSUMER = "campaigns", "scoring"
"""Nobody else follows this producer, so nothing but the feed is measured."""
EVENTS = 60_000
ENTITIES = 5_000
ROUNDS = 3
CONNECTIONS = 24
RATE = 400
SECONDS = 6.0
WARM_SECONDS = 1.0
"""Until the writers have their connections: opening two dozen at once is not what is measured."""
SETTLE_SECONDS = 5.0
PATIENCE_SECONDS = 60.0

TABLES = (
    "DROP TABLE IF EXISTS scoring.bench_effects",
    "CREATE TABLE scoring.bench_effects (workspace_id uuid, id uuid, version bigint, events bigint)",
    "ALTER TABLE scoring.bench_effects ADD PRIMARY KEY (workspace_id, id)",
    "GRANT ALL ON scoring.bench_effects TO scoring_worker",
)
# As the applications write them, thousands in one statement: publishing is not what is measured.
FILL = """
INSERT INTO campaigns.outbox (workspace_id, type, subject, version, data)
SELECT $1, 'bench.counted', ('0190000000007000800000000000' || lpad(to_hex(n % $3), 4, '0'))::uuid, n,
    json_build_object('version', n, 'thing_id', new.id, 'status', 'open', 'due_at', now())
FROM generate_series(1, $2) AS n, LATERAL (SELECT gen_random_uuid() AS id) AS new
"""
EFFECT = """
INSERT INTO bench_effects AS b (workspace_id, id, version, events)
SELECT workspace_id, id, max(version), count(*) FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])
    AS e (workspace_id, id, version) GROUP BY workspace_id, id ORDER BY workspace_id, id
ON CONFLICT (workspace_id, id) DO UPDATE SET version = excluded.version, events = b.events + excluded.events
"""


class Counted(BaseModel):
    """Something was counted."""

    TYPE: ClassVar[str] = "bench.counted"

    version: int
    thing_id: UUID

    @property
    def subject(self) -> UUID:
        """The thing."""
        return self.thing_id


class Effects(Handler[None]):
    """Sums events up in a table, and knows when each one's effect was durable."""

    types: ClassVar[frozenset[str]] = frozenset({Counted.TYPE})

    def __init__(self) -> None:
        self.applied = 0
        self.durable_at: dict[UUID, float] = {}

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Apply a batch with one statement, as every handler does."""
        del prepared
        await session.execute(
            EFFECT,
            [event.workspace_id for event in events],
            [event.subject for event in events],
            [event.data["version"] for event in events],
        )
        session.after_commit(lambda: self._note(events))

    def _note(self, events: Sequence[FeedEvent]) -> None:
        now = time.perf_counter()
        self.applied += len(events)
        self.durable_at |= dict.fromkeys((event.subject for event in events), now)


async def measure_feeds(ground: Ground) -> None:
    """Print both figures, with the real sequencer, the real HTTP feed and a real follower."""
    async with opened(ground, PRODUCER) as producer, opened(ground, CONSUMER) as consumer:
        admin = await asyncpg.connect(ground.stack.database_url)
        for statement in TABLES:
            await admin.execute(statement)
        effects = Effects()
        follower = Follower("benchmark", source_of(ground), effects, consumer)
        await throughput(admin, follower, effects)
        await latency(producer, follower, effects)
        await admin.close()


@contextlib.asynccontextmanager
async def opened(ground: Ground, schema: str) -> AsyncIterator[Database]:
    """Connect to a schema as its service does, wake-ups included."""
    passwords = Keys(Home(ground.stack.home).secrets).role_passwords(login_roles())
    urls = [role_url(ground.stack.database_url, role, passwords) for role in (Roles(schema).api, Roles(schema).worker)]
    database = Database(schema, api_url=urls[0], worker_url=urls[1], worker_pool_size=CONNECTIONS)
    await database.start()
    wakeups = asyncio.create_task(database.wakeups.run(database))
    try:
        yield database
    finally:
        wakeups.cancel()
        await asyncio.gather(wakeups, return_exceptions=True)
        await database.stop()


def source_of(ground: Ground) -> FeedSource:
    """Return the producer's feed over HTTP."""
    key = Keys(Home(ground.stack.home).secrets).identity_private_key(CONSUMER)
    url = f"http://127.0.0.1:{ground.stack.ports[PRODUCER]}"
    return FeedSource(ServiceClient(PRODUCER, url, IdentitySigner(CONSUMER, key)), CONSUMER)


async def throughput(admin: "asyncpg.Connection[asyncpg.Record]", follower: Follower, effects: Effects) -> None:
    """Print how many waiting events are applied a second."""
    rates: list[float] = []
    for _ in range(ROUNDS):
        await admin.execute(FILL, new_id(), EVENTS, ENTITIES)
        await until(lambda: admin.fetchval("SELECT NOT EXISTS (SELECT 1 FROM campaigns.outbox)"))
        goal, began = effects.applied + EVENTS, time.perf_counter()
        while effects.applied < goal:
            await follower.step()
        rates.append(EVENTS / (time.perf_counter() - began))
    report("feed_events_per_s", middle(rates), "1/s", "higher")


async def latency(producer: Database, follower: Follower, effects: Effects) -> None:
    """Print the time from the commit of an event to the commit of its effect, at a steady rate."""
    await asyncio.sleep(SETTLE_SECONDS)
    following = asyncio.create_task(follower.run())
    await publish_steadily(producer, WARM_SECONDS)
    committed = await publish_steadily(producer, SECONDS)

    async def everything_has_taken_effect() -> bool:
        return committed.keys() <= effects.durable_at.keys()

    await until(everything_has_taken_effect)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    took = sorted(effects.durable_at[thing] - at for thing, at in committed.items())
    reached = f"{len(took) / (max(committed.values()) - min(committed.values())):.0f} events a second"
    report("commit_to_effect_p50_ms", middle(took) * 1000, "ms", "lower", reached)
    report("commit_to_effect_p99_ms", took[int(len(took) * 0.99)] * 1000, "ms", "lower", reached)


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait until something is so; TimeoutError if it takes too long."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - what is awaited is in a database
            await asyncio.sleep(0.05)


async def publish_steadily(producer: Database, seconds: float) -> dict[UUID, float]:
    """Commit one event after the other, each in a transaction of its own; return when each was durable."""
    workspace_id, committed = new_id(), dict[UUID, float]()
    began, numbers = time.perf_counter(), iter(range(int(RATE * seconds)))

    async def writer() -> None:
        for number in numbers:
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            event = Counted(version=1, thing_id=new_id())
            async with producer.worker() as session:
                await publish_all(session, [(workspace_id, event)])
            committed[event.thing_id] = time.perf_counter()

    await asyncio.gather(*(writer() for _ in range(CONNECTIONS)))
    return committed
