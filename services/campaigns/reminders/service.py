"""What people do with reminders: read, complete, snooze, skip, reassign, reopen."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.campaigns import callers
from services.campaigns.audience import service as audience
from services.campaigns.pressure.rules import Habits, contact_moment, read_windows, zone_of
from services.campaigns.reminders import repository
from services.campaigns.reminders.errors import ReminderNotInThatState
from services.campaigns.reminders.repository import (
    active_of,
    close,
    due,
    fold,
    insert,
    known_causes,
    move,
    of_orders,
    refresh,
    sweep,
)
from services.campaigns.reminders.rules import (
    LONGEST_SNOOZE,
    MANUAL,
    PLANNED,
    Action,
    Status,
    priority,
    refusal,
    result,
)
from services.campaigns.reminders.schemas import CompleteCommand, ReminderCreate, ReminderQuery, SkipCommand
from services.campaigns.reps import service as reps
from services.campaigns.waiting import until
from services.contracts.campaigns import ReminderChanged
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds.outbox import publish_all
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.problems import NotFound, Problem, invalid_body
from services.kit.versions import check_version
from services.kit.web.lists import Binding, Rows, Where
from services.kit.web.visibility import only_visible

if TYPE_CHECKING:
    import asyncpg

__all__ = [
    "Reminders",
    "active_of",
    "close",
    "due",
    "event_of",
    "fold",
    "insert",
    "known_causes",
    "move",
    "of_orders",
    "refresh",
    "sweep",
    "tell",
]

RecordInteraction = Callable[[Session, UUID, int], Awaitable[None]]
"""Sees to it that contacts gets the interaction of a completion, if and when the transaction commits."""

CLOCK_SKEW = timedelta(minutes=5)
FURTHEST = timedelta(days=731)
STANDS_FOR = timedelta(days=30)
"""How long after its due time a reminder that was set by hand still waits."""


class Reminders:
    """The verbs on reminders."""

    def __init__(self, clock: Clock, record_interaction: RecordInteraction) -> None:
        self._clock = clock
        self._record_interaction = record_interaction

    async def page(self, session: Session, caller: Identity, query: ReminderQuery, bound: Binding) -> Rows:
        """Return a page of the reminders that the caller may see."""
        where = only_visible(conditions(session, caller, query), caller, "r.rep_id", "a.owner_rep_id")
        return await repository.page(session, where, query, bound, query.sort)

    async def read(self, session: Session, caller: Identity | None, reminder_id: UUID) -> "asyncpg.Record":
        """Return a reminder; NotFound where there is none that the caller may see (anybody if None)."""
        return visible(await repository.find(session, reminder_id), caller)

    async def set_by_hand(
        self, session: Session, caller: Identity, bodies: Sequence[ReminderCreate]
    ) -> "list[asyncpg.Record | Problem]":
        """Add reminders that people set; each that cannot be set has a problem in its place."""
        now = self._clock.now()
        known = await self._customers(session, caller, {body.customer_id for body in bodies})
        staff = {caller.rep_id if body.rep_id == "me" else body.rep_id for body in bodies}
        working = await reps.at_work(session, [rep for rep in staff if isinstance(rep, UUID)])
        found: dict[int, asyncpg.Record | Problem] = {}
        rows: dict[UUID, tuple[int, dict[str, Any]]] = {}
        for place, body in enumerate(bodies):
            try:
                rep_id = rep_at_work(caller, body, working)
                row = drafted(session.tenant, body, known.get(body.customer_id), rep_id, now)
                rows[row["id"]] = place, row
            except Problem as problem:
                found[place] = problem
        if rows:
            keys = {(session.tenant, row["customer_id"]) for _, row in rows.values()}
            await audience.lock(session, keys)
            made = await repository.set_by_hand(session, [row for _, row in rows.values()])
            await audience.count_reminders(session, keys)
            await tell(session, made)
            found |= {rows[row["id"]][0]: row for row in made}
        return [found[place] for place in range(len(bodies))]

    async def _customers(self, session: Session, caller: Identity, ids: "set[UUID]") -> "Mapping[UUID, asyncpg.Record]":
        """Return the customers whom the caller may see; those who were created a moment ago are waited for."""
        rows = await until(lambda: repository.customers(session, ids), lambda rows: len(rows) == len(ids))
        return {row["customer_id"]: row for row in rows if caller.sees(row["owner_rep_id"])}

    async def complete(
        self,
        session: Session,
        caller: Identity,
        reminder_id: UUID,
        body: CompleteCommand,
        wanted: frozenset[int] | None,
    ) -> "asyncpg.Record":
        """Note what came of it; the interaction is written in contacts by a job that belongs to this transaction."""
        now = self._clock.now()
        occurred_at = body.occurred_at or now
        if occurred_at > now + CLOCK_SKEW:
            raise invalid_body("#/occurred_at", "What has not happened yet cannot be completed.", "in_the_future")
        row = await self._take(session, caller, reminder_id, Action.COMPLETE, wanted)
        completion = row["completion"] + 1
        changes = {
            "rep_id": caller.rep_id or row["rep_id"],
            "completion": completion,
            "outcome": body.outcome,
            "summary": body.summary,
            "contacted_through": body.channel or row["channel"],
            "contacted_at": occurred_at,
            "interaction_id": None,
            "close_reason": None,
            "note": None,
        }
        await self._put(session, row, Action.COMPLETE, changes | self._closed(caller))
        await self._record_interaction(session, reminder_id, completion)
        return await self.read(session, caller, reminder_id)

    async def snooze(
        self, session: Session, caller: Identity, reminder_id: UUID, until: datetime, wanted: frozenset[int] | None
    ) -> "asyncpg.Record":
        """Let it rest until a time in the future."""
        now = self._clock.now()
        if not now < until <= now + LONGEST_SNOOZE:
            raise invalid_body("#/until", "A time in the future, at most a year ahead.", "out_of_range")
        row = await self._take(session, caller, reminder_id, Action.SNOOZE, wanted)
        await self._put(session, row, Action.SNOOZE, {"snoozed_until": until})
        return await self.read(session, caller, reminder_id)

    async def skip(
        self, session: Session, caller: Identity, reminder_id: UUID, body: SkipCommand, wanted: frozenset[int] | None
    ) -> "asyncpg.Record":
        """Close it without doing anything, with the reason."""
        row = await self._take(session, caller, reminder_id, Action.SKIP, wanted)
        changes = {"close_reason": body.reason_code, "note": body.note}
        await self._put(session, row, Action.SKIP, changes | self._closed(caller))
        return await self.read(session, caller, reminder_id)

    async def reassign(
        self, session: Session, caller: Identity, reminder_id: UUID, rep: UUID | str, wanted: frozenset[int] | None
    ) -> "asyncpg.Record":
        """Give it to another rep, with whom it stays whoever owns the customer."""
        rep_id = callers.rep_in_body(caller, rep, "#/rep_id")
        if not await reps.at_work(session, [rep_id]):
            raise invalid_body("#/rep_id", "There is no such rep at work.", "unknown_rep")
        row = await self._take(session, caller, reminder_id, Action.REASSIGN, wanted)
        await self._put(session, row, Action.REASSIGN, {"rep_id": rep_id, "rep_pinned": True})
        return visible(await repository.find(session, reminder_id), None)

    async def reopen(
        self, session: Session, caller: Identity, reminder_id: UUID, wanted: frozenset[int] | None
    ) -> "asyncpg.Record":
        """Take back a completion or a skip of the last 24 hours; an interaction already written stays."""
        row = await self._take(session, caller, reminder_id, Action.REOPEN, wanted)
        blank = dict.fromkeys(("closed_at", "closed_by", "close_reason", "note", "snoozed_until"))
        await self._put(session, row, Action.REOPEN, blank)
        return await self.read(session, caller, reminder_id)

    def _closed(self, caller: Identity) -> dict[str, object]:
        return {"closed_at": self._clock.now(), "closed_by": caller.actor_id, "snoozed_until": None}

    async def _take(
        self, session: Session, caller: Identity, reminder_id: UUID, action: Action, wanted: frozenset[int] | None
    ) -> "asyncpg.Record":
        """Lock a reminder for an action that its state allows."""
        row = visible(await repository.lock(session, reminder_id), caller)
        check_version(row["version"], wanted)
        reason = refusal(action, Status(row["status"]), row["closed_at"], self._clock.now())
        if reason:
            raise ReminderNotInThatState(reason, reminder_status=row["status"])
        return row

    async def _put(
        self, session: Session, row: "asyncpg.Record", action: Action, changes: Mapping[str, object]
    ) -> None:
        """Store what an action changes, keep the customer's count, tell others."""
        status = result(action, Status(row["status"]))
        changed = await repository.change(session, row["id"], {"status": status, **changes}, self._clock.now())
        await audience.count_reminders(session, {(session.tenant, row["customer_id"])})
        await tell(session, [changed] if changed else [])


def rep_at_work(caller: Identity, body: ReminderCreate, working: "set[UUID]") -> UUID | None:
    """Return the rep whom a new reminder names; a problem for one who is not at work."""
    rep_id = callers.rep_in_body(caller, body.rep_id, "#/rep_id") if body.rep_id else None
    if rep_id and rep_id not in working:
        raise invalid_body("#/rep_id", "There is no such rep at work.", "unknown_rep")
    return rep_id


def ends(body: ReminderCreate, now: datetime) -> datetime:
    """Return when a new reminder expires; a problem for times that make no sense together."""
    if not now - FURTHEST < body.due_at < now + FURTHEST:
        raise invalid_body("#/due_at", "At most two years from now.", "out_of_range")
    expires_at = body.expires_at or body.due_at + STANDS_FOR
    if not max(now, body.due_at) < expires_at < now + 2 * FURTHEST:
        pointer = "#/expires_at" if body.expires_at else "#/due_at"
        raise invalid_body(pointer, "It must end later than now, and later than it is due.", "out_of_range")
    return expires_at


def drafted(
    workspace_id: UUID, body: ReminderCreate, customer: "asyncpg.Record | None", rep_id: UUID | None, now: datetime
) -> dict[str, Any]:
    """Return the row of a reminder that somebody sets; a problem where it does not fit."""
    if customer is None:
        raise invalid_body("#/customer_id", "There is no such person or account.", "unknown_customer")
    expires_at = ends(body, now)
    zone = zone_of(customer["time_zone"], customer["workspace_zone"])
    habits = Habits(zone=zone, windows=read_windows(customer["contact_hours"]))
    row_id = new_id()
    return {
        "workspace_id": workspace_id,
        "id": row_id,
        "customer_id": body.customer_id,
        "rep_id": rep_id or customer["designated_rep_id"] or customer["owner_rep_id"],
        "rep_pinned": rep_id is not None,
        "rule": MANUAL,
        "cause": f"{MANUAL}:{row_id}",
        "fact_at": now,
        "function": body.function,
        "channel": body.channel,
        "form": PLANNED,
        "priority": priority(MANUAL, customer["value_tier"], customer["churn_risk"], customer["overdue_ratio"]),
        "status": Status.OPEN,
        "due_at": body.due_at,
        "contact_at": contact_moment(max(now, body.due_at), habits),
        "expires_at": expires_at,
        "facts": {"subject": body.subject},
        "created_at": now,
        "updated_at": now,
    }


async def tell(session: Session, rows: "Iterable[asyncpg.Record]") -> None:
    """Publish that reminders have changed."""
    await publish_all(session, [(row["workspace_id"], event_of(row)) for row in rows])


def event_of(row: "Mapping[str, Any] | asyncpg.Record") -> ReminderChanged:
    """Return the event of a changed reminder."""
    return ReminderChanged(
        version=row["version"],
        reminder_id=row["id"],
        customer_id=row["customer_id"],
        rep_id=row["rep_id"],
        rule=row["rule"],
        status=row["status"],
        due_at=row["due_at"],
    )


def conditions(session: Session, caller: Identity, query: ReminderQuery) -> Where:
    """Return the filters of a list as SQL."""
    where = Where().add("r.workspace_id = {}", session.tenant)
    if query.customer_id:
        where.add("r.customer_id = any({}::uuid[])", query.customer_id)
    if query.status:
        # Spelled out, so that the planner sees when a partial index fits; the names come from a closed list.
        where.add(f"r.status IN ({', '.join(repr(name) for name in sorted(set(query.status)))})")
    if query.rule:
        where.add("r.rule = any({}::text[])", query.rule)
    if query.due_before:
        where.add("r.due_at < {}", query.due_before)
    if query.due_after:
        where.add("r.due_at > {}", query.due_after)
    if query.channel:
        where.add("r.channel = any({}::text[])", query.channel)
    if query.function:
        where.add("r.function = any({}::text[])", query.function)
    if query.updated_after:
        where.add("r.updated_at > {}", query.updated_after)
    if query.updated_before:
        where.add("r.updated_at < {}", query.updated_before)
    return callers.any_rep(where, "r.rep_id", [callers.rep_in_query(caller, rep) for rep in query.rep_id])


def visible(row: "asyncpg.Record | None", caller: Identity | None) -> "asyncpg.Record":
    """Return the reminder if the caller may see it (anybody if None); NotFound otherwise."""
    if row is None or not (caller is None or caller.sees(row["rep_id"], row["owner_rep_id"])):
        raise NotFound
    return row
