"""Working out what stored deliveries say: whole batches in one transaction each; a bad one is found and fails alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from services.contacts.identities.errors import OthersWereFaster
from services.contacts.orders.intake import AppliedOrder, OrderIntake
from services.contacts.sources.adapters.base import Context, Malformed, Reading
from services.contacts.sources.adapters.registry import ADAPTERS
from services.contacts.sources.intake_rows import IntakeRows
from services.contacts.sources.rules import unpack
from services.kit.backoff import Backoff
from services.kit.clock import Clock
from services.kit.database import UNREACHABLE, Database, Session
from services.kit.failures import where
from services.kit.problems import Unavailable
from services.kit.wakeups import POLL_SECONDS, wait_for

log = structlog.get_logger(__name__)

DELIVERIES = "deliveries"
"""Topic of wake-ups: deliveries wait to be worked out."""
BATCH = 200
BREATH = 4
"""Deliveries read without a break: a few milliseconds."""
SWEEP_SECONDS = 15.0
RUSH = "rush"
"""Topic of wake-ups: shops call faster than their calls can be stored one by one."""
STAND_BACK = 9.0
"""In a rush, rest this many times as long as the last batch took: whoever calls waits for an answer."""
LONGEST_REST_SECONDS = 1.0
PATIENCE = timedelta(seconds=10)
"""Deliveries that wait longer than this are worked out without rest, however great the rush."""
PARKED_DAYS = 30
"""A delivery that has waited for its order so long is no longer looked after by itself; it can still be retried."""

COME_AND_GO = (
    *UNREACHABLE,
    Unavailable,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
)
"""Failures that are nobody's fault: the same batch is tried again."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery of this batch and what it says."""

    row: asyncpg.Record
    reading: Reading


class Applier:
    """Takes stored deliveries, oldest first, until none is left."""

    def __init__(self, database: Database, rows: IntakeRows, intake: OrderIntake, clock: Clock) -> None:
        self.rows = rows
        self._database = database
        self._intake = intake
        self._clock = clock
        self._oldest = clock.now()
        """When the first delivery of the last batch came in."""

    async def run(self) -> None:
        """Work for ever: woken by this process or another one, and looking once a second anyway."""
        backoff, swept, loop = Backoff(0.05, 5), 0.0, asyncio.get_running_loop()
        while not self._database.wakeups.closing:
            woken, rush = self._database.wakeups.next(DELIVERIES), self._database.wakeups.next(RUSH)
            try:
                if loop.time() - swept > SWEEP_SECONDS:
                    await self.sweep()
                    swept = loop.time()
                began = loop.time()
                if not await self.apply_waiting():
                    await wait_for(woken, POLL_SECONDS)
                elif rush.is_set():
                    await asyncio.sleep(rest_after(loop.time() - began, self._clock.now() - self._oldest))
                backoff.reset()
            except COME_AND_GO as error:
                log.warning("deliveries_wait", error=type(error).__name__, where=where(error))
                await asyncio.sleep(backoff.pause())

    async def apply_waiting(self, limit: int = BATCH) -> int:
        """Work out the oldest deliveries that wait; returns how many there were."""
        claimed: list[UUID] = []
        try:
            async with self._database.worker() as session:
                rows = await self.rows.claim(session, limit)
                claimed = [row["id"] for row in rows]
                self._oldest = rows[0]["received_at"] if rows else self._clock.now()
                await self._apply(session, rows)
        except Exception as error:
            if passes(error):
                raise
            await self._divide(claimed, error)  # whatever one of them did, the others must go on
        return len(claimed)

    async def sweep(self) -> int:
        """Let deliveries go on that missed the moment in which their order appeared."""
        since = self._clock.now() - timedelta(days=PARKED_DAYS)
        async with self._database.worker() as session:
            return await self.rows.sweep(session, since)

    async def _apply_these(self, ids: Sequence[UUID]) -> None:
        """Work out some deliveries; halves them where one of them fails."""
        try:
            async with self._database.worker() as session:
                await self._apply(session, await self.rows.claim_these(session, ids))
        except Exception as error:
            if passes(error):
                raise
            await self._divide(ids, error)

    async def _divide(self, ids: Sequence[UUID], error: Exception) -> None:
        """Find the delivery that failed the others."""
        if len(ids) <= 1:
            await self._fail(ids, error)
            return
        middle = len(ids) // 2
        await self._apply_these(ids[:middle])
        await self._apply_these(ids[middle:])

    async def _fail(self, ids: Sequence[UUID], error: Exception) -> None:
        """Keep a delivery that cannot be applied, with the place where it failed; its text may hold personal values."""
        log.error("delivery_failed", error=type(error).__name__, where=where(error))
        async with self._database.worker() as session:
            rows = await self.rows.claim_these(session, ids)
            note = f"{type(error).__name__} at {where(error)}"
            await self.rows.finish(
                session, [finished(row, "failed", "not_applicable", error=note) for row in rows], self._clock.now()
            )

    async def _apply(self, session: Session, rows: Sequence[asyncpg.Record]) -> None:
        """Apply a batch in the open transaction and note what became of each delivery."""
        results: list[Row] = []
        facts: dict[UUID, list[Claimed]] = {}
        for number, row in enumerate(rows):
            if number % BREATH == 0:
                await asyncio.sleep(0)  # shops that call meanwhile are served between two readings
            found = read(row)
            if isinstance(found, Reading):
                facts.setdefault(row["workspace_id"], []).append(Claimed(row, found))
            else:
                results.append(found)
        for workspace_id, claimed in sorted(facts.items()):
            results += await self._apply_workspace(session, workspace_id, claimed)
        await self.rows.finish(session, results, self._clock.now())

    async def _apply_workspace(self, session: Session, workspace_id: UUID, claimed: Sequence[Claimed]) -> list[Row]:
        """Apply the facts of one workspace; wakes deliveries that waited for orders which now are there."""
        orders = [(one, one.reading.order) for one in claimed if one.reading.order]
        people = [(one, one.reading.person) for one in claimed if one.reading.person]
        applied, found = await self._intake.apply_with_people(
            session,
            workspace_id,
            [replace(fact, effects=one.row["effects"]) for one, fact in orders],
            [replace(fact, effects=one.row["effects"]) for one, fact in people],
        )
        created = {
            (one.row["source_id"], fact.external_id)
            for (one, fact), result in zip(orders, applied, strict=True)
            if result.outcome == "created"
        }
        await self.rows.unpark(session, workspace_id, sorted(created))
        return [
            *(order_result(one, result) for (one, _), result in zip(orders, applied, strict=True)),
            *(
                finished(
                    one.row, "processed", "customer_applied", external_id=one.reading.external_id, person_id=person
                )
                for (one, _), person in zip(people, found, strict=True)
            ),
        ]


def rest_after(worked: float, waited: timedelta) -> float:
    """Return the seconds to rest in a rush, after a batch that took so long and whose oldest delivery waited."""
    return 0.0 if waited > PATIENCE else min(worked * STAND_BACK, LONGEST_REST_SECONDS)


def passes(error: Exception) -> bool:
    """Tell whether a failure is nobody's fault. One that comes from being slower than others every single time is."""
    return isinstance(error, COME_AND_GO) and not isinstance(error, OthersWereFaster)


def read(row: asyncpg.Record) -> Reading | Row:
    """Return what a delivery says, or the row that notes why it says nothing."""
    adapter = ADAPTERS[row["platform"]]
    if row["topic"] not in adapter.topics:
        return finished(row, "ignored", "topic_not_read")
    context = Context(row["source_id"], row["key"], row["default_region"])
    try:
        reading = adapter.read(row["topic"], row["headers"], unpack(row["body"], row["size"]), context)
    except Malformed as error:
        return finished(row, "failed", error.code, error=error.detail)
    except Exception as error:  # noqa: BLE001 - a body that breaks the reader must not stop the others
        log.warning("delivery_broke_reader", error=type(error).__name__, where=where(error))
        return finished(row, "failed", "not_readable", error=f"{type(error).__name__} at {where(error)}")
    if reading.order or reading.person:
        return reading
    return finished(row, "parked" if reading.waits else "ignored", reading.outcome, external_id=reading.external_id)


def order_result(one: Claimed, result: AppliedOrder) -> Row:
    """Return the row that notes what became of a delivery about an order."""
    if result.outcome == "parked":
        return finished(one.row, "parked", "order_unknown", external_id=one.reading.external_id)
    return finished(
        one.row,
        "processed",
        f"order_{result.outcome}",
        external_id=one.reading.external_id,
        order_id=result.order_id,
        person_id=result.buyer_id,
    )


def finished(
    row: asyncpg.Record,
    status: str,
    outcome: str | None,
    *,
    error: str | None = None,
    external_id: str | None = None,
    order_id: UUID | None = None,
    person_id: UUID | None = None,
) -> Row:
    """Return the row that notes what became of a delivery."""
    return {
        "place": row["place"],
        "status": status,
        "outcome": outcome,
        "error": error,
        "external_id": external_id,
        "order_id": order_id,
        "person_id": person_id,
    }
