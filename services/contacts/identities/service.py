"""Finding out whom facts are about: known people are found and updated, new ones made, equal ones joined."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.contacts.customer_events import customer_event
from services.contacts.identities.changes import Changes, Rows, account_changes, changes_of
from services.contacts.identities.closure import Held, Plan, plan
from services.contacts.identities.errors import OthersWereFaster
from services.contacts.identities.facts import AccountFact, PersonFact
from services.contacts.identities.repository import IdentityRepository
from services.contacts.identities.rules import Key, keys_of
from services.contracts.contacts import CustomerChanged
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds.outbox import publish
from services.kit.ids import new_id

MAX_RACES = 8
"""How often others may be faster before we give up; each time somebody else got further."""
UNSET: Mapping[str, Any] = {
    "deleted_at": None,
    "merged_into": None,
    "owner_rep_id": None,
    "designated_rep_id": None,
    "designated_at": None,
    "lifecycle_stage": None,
    "do_not_contact": False,
    "do_not_pursue": False,
    "internal": False,
}
"""What the event of somebody new says beside the facts."""


class Mover(Protocol):
    """Whoever keeps rows of people: told when people were found to be the same."""

    async def move(self, session: Session, workspace_id: UUID, joins: Mapping[UUID, UUID]) -> None:
        """Give what belonged to a key of `joins` to its value, and tell the other services."""
        ...


class Identities:
    """Resolves facts to people and accounts, whole batches at a time."""

    def __init__(self, rows: IdentityRepository, clock: Clock, movers: Sequence[Mover] = ()) -> None:
        self.rows = rows
        self._clock = clock
        self._movers = movers

    async def resolve_people(
        self, session: Session, workspace_id: UUID, facts: Sequence[PersonFact]
    ) -> list[UUID | None]:
        """Return whom each fact is about, None for nobody in particular; writes what the facts say about them.

        Call it once for all facts of a transaction: locks are taken in one order per call.
        """
        keys = [keys_of(fact) for fact in facts]
        phones = {key.value for one in keys for key in one.all if key.kind == "phone"}
        await self.rows.lock_phones(session, workspace_id, phones)
        for _ in range(MAX_RACES):
            held = await self.rows.held(session, workspace_id, "person", {key for one in keys for key in one.all})
            found = plan(held, keys, new_id)
            rows = await self.rows.lock_people(session, workspace_id, {one.owner for one in held})
            if len(rows) < len({one.owner for one in held}) or any(
                row["merged_into"] or row["deleted_at"] for row in rows
            ):
                continue  # joined or deleted since we looked for the keys
            if await self.rows.add(session, workspace_id, "person", found.gained):
                await self._write(session, workspace_id, facts, found, {row["id"]: dict(row) for row in rows})
                return list(found.owners)
            await self.rows.forget(session, workspace_id, found.created)
        raise OthersWereFaster

    async def resolve_accounts(self, session: Session, workspace_id: UUID, facts: Sequence[AccountFact]) -> list[UUID]:
        """Return which account each fact is about; unknown ones are created."""
        keys = [Key("external", fact.external_id.source, fact.external_id.id) for fact in facts]
        for _ in range(MAX_RACES):
            held = await self.rows.held(session, workspace_id, "account", set(keys))
            owners = {one.key: one.owner for one in held}
            fresh = {key: new_id() for key in dict.fromkeys(keys) if key not in owners}
            gained = [Held(key, owner, joins=True) for key, owner in fresh.items()]
            if await self.rows.add(session, workspace_id, "account", gained):
                found = [(owners | fresh)[key] for key in keys]
                await self._write_accounts(session, workspace_id, facts, found, set(fresh.values()))
                return found
            await self.rows.forget(session, workspace_id, fresh.values())
        raise OthersWereFaster

    async def _write(
        self, session: Session, workspace_id: UUID, facts: Sequence[PersonFact], found: Plan, rows: Rows
    ) -> None:
        """Write people as they are after the facts, join those who are one, and tell the other services."""
        now = self._clock.now()
        changes = changes_of(found, facts, rows)
        await self.rows.create_people(session, workspace_id, changes.created, now)
        await self.rows.change_people(session, workspace_id, changes.changed, now)
        await self.rows.redate_people(session, workspace_id, changes.redated)
        if found.joins:
            await self.rows.absorb(session, workspace_id, changes.staff)
            await self.rows.move(session, workspace_id, found.joins)
            await self.rows.retire(session, workspace_id, found.joins, now)
        await self.rows.make_joining(session, workspace_id, found.joining)
        events = [*told(changes, rows, now), *retired(found.joins, rows)]
        await publish(session, events, workspace_id=workspace_id)
        for mover in self._movers if found.joins else ():
            await mover.move(session, workspace_id, found.joins)

    async def _write_accounts(
        self,
        session: Session,
        workspace_id: UUID,
        facts: Sequence[AccountFact],
        owners: Sequence[UUID],
        fresh: set[UUID],
    ) -> None:
        """Write accounts as they are after the facts, and tell the other services."""
        now = self._clock.now()
        known = await self.rows.lock_accounts(session, workspace_id, set(owners) - fresh)
        created, renamed = account_changes(owners, facts, {row["id"]: dict(row) for row in known})
        rows = [
            *await self.rows.create_accounts(session, workspace_id, created, now),
            *await self.rows.rename_accounts(session, workspace_id, renamed, now),
        ]
        effects = {owner: fact.effects for owner, fact in zip(owners, facts, strict=True)}
        events = [customer_event(dict(row), "account", effects=effects[row["id"]]) for row in rows]
        await publish(session, events, workspace_id=workspace_id)


def told(changes: Changes, rows: Rows, now: datetime) -> list[CustomerChanged]:
    """Return the events of people who are new or changed."""
    staff = {row["id"]: row for row in changes.staff}
    new = [
        customer_event(
            {**UNSET, **row, "created_at": now}, "person", effects=changes.effects.get(row["id"], "all"), version=1
        )
        for row in changes.created
    ]
    changed = [
        customer_event(
            {**rows[row["id"]], **row, **staff.get(row["id"], {})},
            "person",
            effects=changes.effects.get(row["id"], "all"),
            version=rows[row["id"]]["version"] + 1,
        )
        for row in changes.changed
    ]
    return [*new, *changed]


def retired(joins: Mapping[UUID, UUID], rows: Rows) -> list[CustomerChanged]:
    """Return the events of people who were joined into others."""
    return [
        customer_event({**rows[loser], "merged_into": stays}, "person", version=rows[loser]["version"] + 1)
        for loser, stays in sorted(joins.items())
    ]
