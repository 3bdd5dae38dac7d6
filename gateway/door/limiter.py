"""Rate limits over all replicas: leases here, the shared buckets in the database, asked in the background only."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import asyncpg
import structlog

from gateway.door.limits import Grant, Lease, Policy
from services.kit.clock import Clock
from services.kit.database import UNREACHABLE, Database

log = structlog.get_logger(__name__)

MOST_LEASES = 10_000
FILL = """
INSERT INTO rate_buckets AS b (workspace_id, key_id, tokens, granted, filled_at)
VALUES ($1, $2, $3::float8 - $4 - least($5::int, greatest(0, floor($3::float8 - $4))::int),
        least($5::int, greatest(0, floor($3::float8 - $4))::int), $6)
ON CONFLICT (workspace_id, key_id) DO UPDATE SET (tokens, granted, filled_at) = (
    SELECT greatest(-$3::float8, held.tokens - given.tokens), given.tokens, greatest(b.filled_at, $6)
    FROM (SELECT least($3::float8, b.tokens + $7::float8 * greatest(0, extract(epoch FROM $6 - b.filled_at)::float8))
                 - $4 AS tokens) held,
         LATERAL (SELECT least($5::int, greatest(0, floor(held.tokens))::int) AS tokens) given)
RETURNING granted, tokens
"""


class Limiter:
    """The leases of one replica."""

    def __init__(self, database: Database, clock: Clock, now: Callable[[], float], policy: Policy) -> None:
        """Take the collaborators; `now` is a monotonic clock in seconds."""
        self._database = database
        self._clock = clock
        self._now = now
        self._policy = policy
        self._leases: dict[UUID, Lease] = {}
        self._fetches: set[asyncio.Task[None]] = set()

    def lease(self, workspace_id: UUID, key_id: UUID) -> tuple[Lease, bool]:
        """Return the key's lease, and whether one more request may pass."""
        now = self._now()
        lease = self._leases.get(key_id)
        if lease is None or lease.used_at + self._policy.seconds < now:
            # After a whole window the shared bucket is full again, so what was leased before is void.
            lease = self._begin(key_id, now)
        passed = lease.take(now)
        if lease.wants_more(now):
            self._fetch_soon(lease, workspace_id, key_id)
        return lease, passed

    async def stop(self) -> None:
        """Wait for what is being fetched."""
        if self._fetches:
            await asyncio.wait(self._fetches, timeout=2)

    def _begin(self, key_id: UUID, now: float) -> Lease:
        if len(self._leases) >= MOST_LEASES:
            self._leases.clear()
        lease = self._leases[key_id] = Lease(self._policy, now)
        return lease

    def _fetch_soon(self, lease: Lease, workspace_id: UUID, key_id: UUID) -> None:
        lease.fetching = True
        task = asyncio.create_task(self._fetch(lease, workspace_id, key_id))
        self._fetches.add(task)
        task.add_done_callback(self._fetches.discard)

    async def _fetch(self, lease: Lease, workspace_id: UUID, key_id: UUID) -> None:
        charge = lease.charge
        try:
            grant = await self._ask(workspace_id, key_id, charge, lease.wish)
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            # A limit is no reason to turn everybody away: each replica goes on with its own share meanwhile.
            log.warning("rate_buckets_unreachable", error=type(error).__name__)
            grant, charge = Grant(self._policy.slice, 0.0), 0
        finally:
            lease.fetching = False
        lease.fill(grant, charge, self._now())

    async def _ask(self, workspace_id: UUID, key_id: UUID, charge: int, wish: int) -> Grant:
        row = await self._database.worker_pool.fetchrow(
            FILL,
            workspace_id,
            key_id,
            float(self._policy.quota),
            charge,
            wish,
            self._clock.now(),
            self._policy.rate,
        )
        return Grant(row["granted"], row["tokens"]) if row else Grant(0, 0.0)
