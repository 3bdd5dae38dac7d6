"""Storing deliveries: calls in flight share one statement and one commit, and are answered after it.

There is no timer. A batch is what queued up while the last one was being committed, so a lonely call waits for
nobody, and a crowd pays for one flush to disk together.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import asyncpg
import structlog

from services.contacts.sources.errors import DeliveryNotStored, TooManyDeliveries
from services.kit.failures import where

log = structlog.get_logger(__name__)

LANES = 2
"""Batches under way at once: one is flushed while the other is sent."""
MAX_ROWS = 128
MAX_BATCH_BYTES = 8 * 1024 * 1024
MAX_WAITING = 2_000
MAX_WAITING_BYTES = 64 * 1024 * 1024

DATA_ERRORS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    ValueError,
    TypeError,
    OverflowError,
)
"""Failures of one row, not of the database: the others of its batch can still be stored."""

Status = Literal["accepted", "duplicate", "ignored"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivery to store."""

    id: UUID
    workspace_id: UUID
    source_id: UUID
    topic: str
    ignored: bool
    dedupe_key: UUID
    event_key: UUID | None
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the caller is told: under which id the delivery is kept, and whether it was known."""

    delivery_id: UUID
    status: Status


Store = Callable[[Sequence[Incoming]], Awaitable[dict[UUID, UUID]]]
"""Stores deliveries durably in one statement. Returns, for those known already, the id of the first one."""

Waiting = tuple[Incoming, "asyncio.Future[Receipt]"]


class Committer:
    """Gathers deliveries into shared commits."""

    def __init__(self, store: Store, stored: Callable[[int], None], *, max_waiting: int = MAX_WAITING) -> None:
        """`stored` is called after every commit that brought something to be processed, with the batch's length."""
        self._store = store
        self._stored = stored
        self._max_waiting = max_waiting
        self._queue: deque[Waiting] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._closing = False

    async def put(self, delivery: Incoming) -> Receipt:
        """Store a delivery; returns once it is durable. TooManyDeliveries or DeliveryNotStored: send it again."""
        if len(self._queue) >= self._max_waiting or self._bytes >= MAX_WAITING_BYTES:
            raise TooManyDeliveries
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._queue.append((delivery, answer))
        self._bytes += len(delivery.body)
        self._arrived.set()
        return await answer

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the lanes open; on leaving, what has queued up is still stored."""
        lanes = [asyncio.create_task(self._lane(), name=f"deliveries-{number}") for number in range(LANES)]
        try:
            yield
        finally:
            self._closing = True
            self._arrived.set()
            await asyncio.gather(*lanes)

    async def _lane(self) -> None:
        while True:
            while not self._queue:
                if self._closing:
                    return
                self._arrived.clear()
                await self._arrived.wait()
            await asyncio.sleep(0)  # calls that are being read right now may still come along
            batch = self._next()
            if batch:
                await self._save(batch)

    def _next(self) -> list[Waiting]:
        batch: list[Waiting] = []
        size = 0
        while self._queue and len(batch) < MAX_ROWS and size < MAX_BATCH_BYTES:
            one = self._queue.popleft()
            size += len(one[0].body)
            batch.append(one)
        self._bytes -= size
        return batch

    async def _save(self, batch: list[Waiting]) -> None:
        """Store a batch and answer each call; a row that cannot be stored is found by halving."""
        try:
            known = await self._store([delivery for delivery, _ in batch])
        except DATA_ERRORS as error:
            await self._divide(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever the database fails with, the callers must be told
            log.warning("deliveries_not_stored", error=type(error).__name__, where=where(error), count=len(batch))
            refuse(batch, error)
        else:
            answer(batch, known)
            if any(not delivery.ignored and delivery.id not in known for delivery, _ in batch):
                self._stored(len(batch))

    async def _divide(self, batch: list[Waiting], error: Exception) -> None:
        if len(batch) == 1:
            log.error("delivery_not_storable", error=type(error).__name__, where=where(error))
            refuse(batch, error)
            return
        middle = len(batch) // 2
        await self._save(batch[:middle])
        await self._save(batch[middle:])


def answer(batch: Sequence[Waiting], known: dict[UUID, UUID]) -> None:
    """Tell each caller what became of its delivery; one that has hung up meanwhile is not told."""
    for delivery, waiting in batch:
        if waiting.done():
            continue
        if delivery.id in known:
            waiting.set_result(Receipt(known[delivery.id], "duplicate"))
        else:
            waiting.set_result(Receipt(delivery.id, "ignored" if delivery.ignored else "accepted"))


def refuse(batch: Sequence[Waiting], error: Exception) -> None:
    """Tell callers that nothing was stored.

    A commit that was lost on the way back may have stored it after all: then a repetition finds a duplicate.
    """
    for _, waiting in batch:
        if not waiting.done():
            problem = DeliveryNotStored(retry_after=1)
            problem.__cause__ = error
            waiting.set_exception(problem)
