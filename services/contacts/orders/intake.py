"""The one way into `orders`: facts of webhooks, requests, batches and imports become orders, customers and events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from services.contacts.identities.errors import OthersWereFaster
from services.contacts.identities.service import Identities
from services.contacts.orders.facts import OrderFact, PersonFact
from services.contacts.orders.intake_rows import IntakeRows
from services.contacts.orders.rules import OrderState, columns_of, core_key, merge, order_event, state_of
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds.outbox import publish
from services.kit.ids import new_id

Outcome = Literal["created", "updated", "unchanged", "stale", "parked"]
"""unchanged: known already. stale: something newer is known. parked: a loose fact about an order that is not known."""

Name = tuple[str, str]
"""Source key and external id: how the outside names an order."""

MAX_RACES = 8


@dataclass(frozen=True, slots=True)
class AppliedOrder:
    """What became of one fact."""

    outcome: Outcome
    order_id: UUID | None
    version: int
    """Row version of the order after all facts of the call; 0 without an order."""
    buyer_id: UUID | None
    """Whom the fact names as the buyer; a stale fact may name another one than the order has."""
    account_id: UUID | None

    @property
    def line(self) -> tuple[int, UUID | None, int]:
        """The status, id and version of the order, as a batch tells them."""
        return 201 if self.outcome == "created" else 200, self.order_id, self.version


@dataclass(slots=True)
class Told:
    """All facts of one call about one order, and what they make of it."""

    facts: list[tuple[int, OrderFact]]
    order_id: UUID | None = None
    version: int = 0
    state: OrderState = OrderState()  # noqa: RUF009 - frozen, so one empty state can stand for all


class OrderIntake:
    """Applies facts, whole batches at a time."""

    def __init__(self, rows: IntakeRows, identities: Identities, clock: Clock) -> None:
        self.rows = rows
        self._identities = identities
        self._clock = clock

    async def apply(self, session: Session, workspace_id: UUID, facts: Sequence[OrderFact]) -> list[AppliedOrder]:
        """Write what facts say and return what became of each, in their order.

        Call it once for all facts of a transaction, before other rows are locked: it locks people, then orders.
        """
        applied, _ = await self.apply_with_people(session, workspace_id, facts, ())
        return applied

    async def apply_with_people(
        self, session: Session, workspace_id: UUID, facts: Sequence[OrderFact], people: Sequence[PersonFact]
    ) -> tuple[list[AppliedOrder], list[UUID | None]]:
        """Do the same with facts about people beside; returns whom those were about too."""
        known, found = await self._resolve(session, workspace_id, facts, people)
        return await self._write_all(session, workspace_id, known), found

    async def _write_all(self, session: Session, workspace_id: UUID, known: Sequence[OrderFact]) -> list[AppliedOrder]:
        """Write orders until nobody else has created one of them at the same moment."""
        outcomes: list[Outcome] = ["parked"] * len(known)
        told: dict[Name, Told] = {}
        for place, fact in enumerate(known):
            told.setdefault((fact.source, fact.external_id), Told([])).facts.append((place, fact))
        waiting = dict(told)
        for _ in range(MAX_RACES):
            waiting = await self._write(session, workspace_id, waiting, outcomes)
            if not waiting:
                return [
                    applied(fact, outcome, told[fact.source, fact.external_id])
                    for fact, outcome in zip(known, outcomes, strict=True)
                ]
        raise OthersWereFaster

    async def _resolve(
        self, session: Session, workspace_id: UUID, facts: Sequence[OrderFact], people: Sequence[PersonFact]
    ) -> tuple[list[OrderFact], list[UUID | None]]:
        """Return the facts with the ids of their buyers and accounts, and whom the other facts are about."""
        accounts = [replace(one.account, effects=one.effects) for one in facts if one.account and not one.account_id]
        buyers = [replace(one.buyer, effects=one.effects) for one in facts if one.buyer and not one.buyer_id]
        accounts_found = iter(await self._identities.resolve_accounts(session, workspace_id, accounts))
        found = await self._identities.resolve_people(session, workspace_id, [*buyers, *people])
        buyers_found = iter(found)
        known = [
            replace(
                one,
                account_id=one.account_id or (next(accounts_found) if one.account else None),
                buyer_id=one.buyer_id or (next(buyers_found) if one.buyer else None),
            )
            for one in facts
        ]
        return known, found[len(buyers) :]

    async def _write(
        self, session: Session, workspace_id: UUID, told: Mapping[Name, Told], outcomes: list[Outcome]
    ) -> dict[Name, Told]:
        """Merge facts into orders and write them; returns those that somebody else created at the same moment."""
        stored = {(row["source"], row["external_id"]): row for row in await self.rows.lock(session, workspace_id, told)}
        created: dict[UUID, Name] = {}
        changed: list[UUID] = []
        for name, one in told.items():
            row = stored.get(name)
            one.order_id, one.version = (row["id"], row["version"]) if row else (new_id(), 0)
            before = state_of(dict(row)) if row else OrderState()
            one.state = fold(before, one.facts, outcomes, known=row is not None)
            if one.state.core is None:
                one.order_id = None
            elif one.state != before:
                one.version += 1
                if row:
                    changed.append(one.order_id)
                else:
                    created[one.order_id] = name
        by_id = {one.order_id: one for one in told.values() if one.order_id}
        now = self._clock.now()
        fresh = [row_of(by_id[row_id], name) for row_id, name in created.items()]
        other = [row_of(by_id[row_id], None) for row_id in changed]
        made = await self.rows.create(session, workspace_id, fresh, now)
        await self.rows.change(session, workspace_id, other, now)
        events = [order_event(row) for row in (*(row for row in fresh if row["id"] in made), *other)]
        await publish(session, events, workspace_id=workspace_id)
        return {created[row_id]: told[created[row_id]] for row_id in created if row_id not in made}


def fold(
    state: OrderState, facts: Sequence[tuple[int, OrderFact]], outcomes: list[Outcome], *, known: bool
) -> OrderState:
    """Merge facts into a state and note what became of each."""
    for place, fact in facts:
        after = merge(state, fact, fact.buyer_id, fact.account_id)
        if after != state:
            outcomes[place] = "updated" if known else "created"
        elif fact.core and state.core and core_key(fact.core) < core_key(state.core):
            outcomes[place] = "stale"
        else:
            outcomes[place] = "unchanged"
        state = after
    if state.core is None:
        for place, _ in facts:
            outcomes[place] = "parked"
    return state


def applied(fact: OrderFact, outcome: Outcome, told: Told) -> AppliedOrder:
    """Return what became of a fact."""
    return AppliedOrder(outcome, told.order_id, told.version, fact.buyer_id, fact.account_id)


def row_of(told: Told, name: Name | None) -> dict[str, Any]:
    """Return the row to write; with its name where it is new."""
    row = {"id": told.order_id, "version": told.version, **columns_of(told.state)}
    return row if name is None else {**row, "source": name[0], "external_id": name[1]}
