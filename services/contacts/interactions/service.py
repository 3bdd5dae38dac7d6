"""What can be done with interactions: record, change, delete, read."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel

from services.contacts.callers import may_see, rep_of
from services.contacts.customers.service import Customers, Known
from services.contacts.interactions.repository import InteractionsRepository, Row
from services.contacts.interactions.schemas import InteractionCreate, InteractionUpdate
from services.contacts.written import Written
from services.contracts.contacts import InteractionChanged
from services.contracts.envelope import Effects
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds.outbox import publish
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.problems import NotFound, Problem, invalid_body
from services.kit.versions import check_version

if TYPE_CHECKING:
    from datetime import datetime

NEVER_EMPTY = ("function", "channel", "direction", "occurred_at")
CARRIED = (
    "customer_id",
    "customer_type",
    "rep_id",
    "function",
    "channel",
    "direction",
    "occurred_at",
    "outcome",
    "sentiment",
)


class Interactions:
    """The verbs on interactions."""

    def __init__(self, rows: InteractionsRepository, customers: Customers, clock: Clock) -> None:
        self.rows = rows
        self._customers = customers
        self._clock = clock

    async def record(self, session: Session, caller: Identity, body: InteractionCreate) -> Written:
        """Record an interaction."""
        [found] = await self.record_many(session, caller, [body])
        if isinstance(found, Problem):
            raise found
        return found

    async def record_many(
        self, session: Session, caller: Identity, bodies: Sequence[InteractionCreate], *, effects: str = "all"
    ) -> list[Written | Problem]:
        """Record interactions in one statement; each that cannot be recorded has a problem in its place."""
        customers = await self._customers.find(session, caller, {body.customer_id for body in bodies})
        wanted = [chosen_rep(caller, body) for body in bodies]
        reps = await self.rows.known_reps(session, [rep for rep in wanted if isinstance(rep, UUID)])
        found: dict[int, Written | Problem] = {}
        given: dict[UUID, int] = {}
        rows: list[dict[str, Any]] = []
        for place, (body, rep) in enumerate(zip(bodies, wanted, strict=True)):
            fault = fault_in(rep, reps, customers.get(body.customer_id))
            if fault:
                found[place] = fault
                continue
            row = self._row(body, customers[body.customer_id], rep, effects)
            given[row["id"]] = place
            rows.append(row)
        made = await self.rows.insert(session, rows) if rows else []
        await publish(session, [event_of(row) for row in sorted(made, key=lambda row: given[row["id"]])])
        found |= {given[row["id"]]: Written(row, created=True) for row in made}
        return [found[place] for place in range(len(bodies))]

    async def read(self, session: Session, caller: Identity, interaction_id: UUID) -> Row:
        """Return an interaction."""
        return self._there(caller, await self.rows.read(session, interaction_id))

    async def change(
        self,
        session: Session,
        caller: Identity,
        interaction_id: UUID,
        body: InteractionUpdate,
        wanted: frozenset[int] | None,
    ) -> Written:
        """Apply a merge patch."""
        row = self._there(caller, await self.rows.read(session, interaction_id, lock=True))
        check_version(row["version"], wanted)
        changes = {name: value for name, value in columns_of(body, caller).items() if row[name] != value}
        for name in NEVER_EMPTY:
            if name in changes and changes[name] is None:
                raise invalid_body(f"#/{name}", "An interaction always has one.", "required")
        if changes.get("rep_id") and not await self.rows.known_reps(session, [changes["rep_id"]]):
            raise invalid_body("#/rep_id", "There is no such rep.", "unknown_rep")
        return Written(await self._write(session, row, changes)) if changes else Written(row, unchanged=True)

    async def delete(
        self, session: Session, caller: Identity, interaction_id: UUID, wanted: frozenset[int] | None
    ) -> None:
        """Delete an interaction softly."""
        row = self._there(caller, await self.rows.read(session, interaction_id, lock=True))
        check_version(row["version"], wanted)
        await self._write(session, row, {"deleted_at": self._clock.now()})

    async def _write(self, session: Session, row: Row, changes: Mapping[str, Any]) -> Row:
        after = await self.rows.update(session, row["id"], changes, self._clock.now())
        await publish(session, [event_of(after)])
        return after

    def _there(self, caller: Identity, row: Row | None) -> Row:
        if row is None or row["deleted_at"] or not may_see(caller, row):
            raise NotFound
        return row

    def _row(self, body: InteractionCreate, customer: Known, rep_id: "UUID | Problem | None", effects: str) -> Row:
        now = self._clock.now()
        return {
            **columns_of(body, None),
            "id": new_id(),
            "customer_id": customer.id,
            "customer_type": customer.type,
            "rep_id": rep_id,
            "direction": body.direction,
            "occurred_at": body.occurred_at or now,
            "participants": plain(body.participants),
            "effects": effects,
            "created_at": now,
            "updated_at": now,
        }


def chosen_rep(caller: Identity, body: InteractionCreate) -> "UUID | Problem | None":
    """Return who acted: the rep named, else the caller's own; the problem where `me` is nobody."""
    if "rep_id" not in body.model_fields_set:
        return caller.rep_id
    try:
        return rep_of(caller, body.rep_id)
    except Problem as problem:
        return problem


def fault_in(rep: "UUID | Problem | None", reps: set[UUID], customer: Known | None) -> Problem | None:
    """Return what stands against an interaction, None if nothing does."""
    if customer is None:
        return invalid_body("#/customer_id", "There is no such person or account.", "unknown_customer")
    if isinstance(rep, Problem):
        return rep
    if rep is not None and rep not in reps:
        return invalid_body("#/rep_id", "There is no such rep.", "unknown_rep")
    return None


def columns_of(body: InteractionUpdate, caller: Identity | None) -> dict[str, Any]:
    """Return the columns for the fields that were sent."""
    sent = body.changes()
    sent.pop("customer_id", None)
    if "cost" in sent:
        cost = sent.pop("cost")
        sent |= {"cost_minor": cost.minor, "cost_currency": cost.currency} if cost else NO_COST
    if "participants" in sent:
        sent["participants"] = plain(sent["participants"])
    if caller is not None and "rep_id" in sent:
        sent["rep_id"] = rep_of(caller, sent["rep_id"])
    return sent


NO_COST: Mapping[str, None] = {"cost_minor": None, "cost_currency": None}


def plain(entries: Sequence[BaseModel] | None) -> list[dict[str, Any]]:
    """Return participants as the column holds them."""
    return [entry.model_dump(mode="json") for entry in entries or ()]


def event_of(row: Row) -> InteractionChanged:
    """Return what the other services are told about an interaction."""
    deleted: datetime | None = row["deleted_at"]
    return InteractionChanged(
        interaction_id=row["id"],
        version=row["version"],
        deleted=deleted is not None,
        effects=Effects(row["effects"]),
        **{name: row[name] for name in CARRIED},
    )
