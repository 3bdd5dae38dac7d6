"""What requests can do with orders: create, upsert, take in many, refund, cancel, read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.callers import may_see
from services.contacts.identities.service import Identities
from services.contacts.orders.drafts import Context, account_of, buyer_of, core_of, hashed, newest, refunds_of
from services.contacts.orders.errors import OrderExists
from services.contacts.orders.facts import EffectsName, OrderCore, OrderFact, RefundFact
from services.contacts.orders.intake import AppliedOrder, OrderIntake
from services.contacts.orders.references import Meant, References
from services.contacts.orders.repository import OrdersRepository
from services.contacts.orders.rules import OrderState, state_of
from services.contacts.orders.schemas import CancelCommand, OrderCreate, OrderRefund, OrderUpsert
from services.contacts.vocabulary import ExternalIdentifier
from services.contacts.written import Written
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.problems import Invalid, NotFound, Problem, invalid_body
from services.kit.versions import check_version

if TYPE_CHECKING:
    import asyncpg

Versions = frozenset[int] | None
MADE_UP = "api:"
"""Begins the external ids of orders that came without one."""


class Orders:
    """The verbs on orders; every one of them ends in the intake."""

    def __init__(
        self,
        rows: OrdersRepository,
        references: References,
        intake: OrderIntake,
        identities: Identities,
        clock: Clock,
    ) -> None:
        self.rows = rows
        self._references = references
        self._intake = intake
        self._identities = identities
        self._clock = clock

    async def create(self, session: Session, caller: Identity, body: OrderCreate, effects: EffectsName) -> Written:
        """Create an order; OrderExists where it is known."""
        [(fact, fault)] = await self._facts(session, caller, [body], effects)
        if fault:
            raise fault
        known = await self.rows.known(session, [(fact.source, fact.external_id)])
        if known:
            raise await self._known(session, caller, next(iter(known.values())))
        [applied] = await self._intake.apply(session, session.tenant, [fact])
        if applied.outcome != "created":
            raise await self._known(session, caller, applied.order_id)
        return Written(await self._written(session, caller, applied.order_id), created=True)

    async def take_in_many(
        self, session: Session, caller: Identity, bodies: Sequence[OrderCreate], *, effects: EffectsName
    ) -> list[AppliedOrder | Problem]:
        """Take in whole orders; of one that is known the newer state wins."""
        drafted = await self._facts(session, caller, bodies, effects)
        facts = [fact for fact, fault in drafted if not fault]
        taken: Sequence[AppliedOrder | Problem] = (
            await self._intake.apply(session, session.tenant, facts)
            if caller.sees_all
            else [await self._take_in_seen(session, caller, fact) for fact in facts]
        )
        applied = iter(taken)
        return [fault or next(applied) for _, fault in drafted]

    async def _take_in_seen(self, session: Session, caller: Identity, fact: OrderFact) -> AppliedOrder | Problem:
        """Take in one order unless it turns out to be about somebody whom the caller may not see."""
        try:
            for order_id in (await self.rows.known(session, [(fact.source, fact.external_id)])).values():
                await self._shown(session, caller, order_id)
            async with session.savepoint():
                [applied] = await self._intake.apply(session, session.tenant, [fact])
                await self._written(session, caller, applied.order_id)
                return applied
        except (NotFound, Invalid) as problem:
            return problem

    async def upsert(
        self,
        session: Session,
        caller: Identity,
        key: ExternalIdentifier,
        body: OrderUpsert,
        wanted: Versions,
        effects: EffectsName,
    ) -> Written:
        """Create the order that another system names so, or change the fields that were sent unless newer is known."""
        meant = await self._references.of(session, caller, [body], [key.source])
        if not meant.has_source(key.source):
            raise NotFound(f"There is no source with the key {key.source}.")
        if fault := meant.fault_in(body, key.source):
            raise fault
        await self.rows.take_turn(session, key.source, key.id)
        row = await self.rows.stored(session, key.source, key.id)
        before = state_of(dict(row)) if row else OrderState()
        if row:
            await self._shown(session, caller, row["id"])
            check_version(row["version"], wanted)
        buyer_id, account_id = await self._parties(session, body, meant, key.source, before)
        core = self._core(body, meant, key.source, before.core)
        if core == before.core and (buyer_id, account_id) != (before.buyer_id, before.account_id):
            core = hashed(replace(core, updated_at=newest(core, self._clock.now())))
        fact = OrderFact(
            key.source,
            key.id,
            source_id=meant.sources.get(key.source),
            core=core,
            refunds=refunds_of(body, core, self._clock.now()),
            buyer_id=buyer_id,
            account_id=account_id,
            effects=effects,
        )
        return await self._write(session, caller, fact)

    async def refund(
        self,
        session: Session,
        caller: Identity,
        order_id: UUID,
        body: OrderRefund,
        wanted: Versions,
        effects: EffectsName,
    ) -> Written:
        """Add a refund; one with a known id changes nothing."""
        order = await self._turn(session, caller, order_id, wanted)
        if body.amount.currency != order.core.currency:
            raise invalid_body("#/amount/currency", f"The order is in {order.core.currency}.", "other_currency")
        if body.amount.minor <= 0:
            raise invalid_body("#/amount/amount", "A refund is more than nothing.", "too_small")
        now = self._clock.now()
        processed_at = body.processed_at or now
        refund = RefundFact(
            body.id or str(new_id()),
            processed_at,
            body.amount.minor,
            body.reason,
            seen_at=max(now, processed_at, order.core.updated_at),
        )
        fact = OrderFact(order.source, order.external_id, refunds=(refund,), effects=effects)
        return await self._write(session, caller, fact)

    async def cancel(
        self,
        session: Session,
        caller: Identity,
        order_id: UUID,
        body: CancelCommand,
        wanted: Versions,
        effects: EffectsName,
    ) -> Written:
        """Cancel an order; one that is cancelled stays as it is."""
        order = await self._turn(session, caller, order_id, wanted)
        if order.cancelled:
            return Written(await self._shown(session, caller, order_id), unchanged=True)
        now = self._clock.now()
        core = hashed(replace(order.core, status="cancelled", updated_at=newest(order.core, now)))
        fact = OrderFact(
            order.source,
            order.external_id,
            core=core,
            cancelled_at=body.cancelled_at or now,
            buyer_id=order.state.buyer_id,
            account_id=order.state.account_id,
            effects=effects,
        )
        return await self._write(session, caller, fact)

    async def read(self, session: Session, caller: Identity, order_id: UUID) -> "asyncpg.Record":
        """Return an order."""
        return await self._shown(session, caller, order_id)

    async def _facts(
        self, session: Session, caller: Identity, bodies: Sequence[OrderCreate], effects: EffectsName
    ) -> list[tuple[OrderFact, Problem | None]]:
        """Return a fact for each body, or what stands against it."""
        meant = await self._references.of(session, caller, bodies, [body.source for body in bodies])
        drafted: list[tuple[OrderFact, Problem | None]] = []
        for body in bodies:
            fact = OrderFact(body.source, body.external_id or f"{MADE_UP}{new_id()}", effects=effects)
            try:
                if fault := meant.fault_in(body, body.source):
                    raise fault
                drafted.append((self._whole(fact, body, meant), None))
            except Problem as problem:
                drafted.append((fact, problem))
        return drafted

    def _whole(self, fact: OrderFact, body: OrderCreate, meant: Meant) -> OrderFact:
        core = self._core(body, meant, body.source, None)
        buyer_id, account_id = meant.parties(body)
        return replace(
            fact,
            source_id=meant.sources.get(body.source),
            core=core,
            refunds=refunds_of(body, core, self._clock.now()),
            cancelled_at=core.updated_at if core.status == "cancelled" else None,
            buyer=buyer_of(body.customer, body.source, core.updated_at, meant.region, meant.owner)
            if body.customer
            else None,
            buyer_id=buyer_id,
            account=account_of(body.account, core.updated_at, meant.owner) if body.account else None,
            account_id=account_id,
        )

    def _core(self, body: OrderUpsert, meant: Meant, source: str, before: OrderCore | None) -> OrderCore:
        context = Context(source, self._clock.now(), meant.rep(body), meant.region, before)
        return core_of(body, context)

    async def _parties(
        self, session: Session, body: OrderUpsert, meant: Meant, source: str, before: OrderState
    ) -> tuple[UUID | None, UUID | None]:
        """Return buyer and account after an upsert: those sent, else those that were there."""
        at = body.updated_at or self._clock.now()
        buyer_id, account_id = meant.parties(body)
        sent = body.model_fields_set
        if body.customer:
            told = buyer_of(body.customer, source, at, meant.region, meant.owner)
            [buyer_id] = await self._identities.resolve_people(session, session.tenant, [told])
        elif not {"customer", "customer_id"} & sent:
            buyer_id = before.buyer_id
        if body.account:
            told_account = account_of(body.account, at, meant.owner)
            [account_id] = await self._identities.resolve_accounts(session, session.tenant, [told_account])
        elif account_id is None and not {"account", "account_id"} & sent:
            account_id = before.account_id
        return buyer_id, account_id

    async def _turn(self, session: Session, caller: Identity, order_id: UUID, wanted: Versions) -> "Stored":
        """Return an order as it is once nobody else changes parts of it."""
        shown = await self._shown(session, caller, order_id)
        await self.rows.take_turn(session, shown["source_key"], shown["external_id"])
        row = await self.rows.stored_by_id(session, order_id)
        if row is None:
            raise NotFound
        check_version(row["version"], wanted)
        state = state_of(dict(row))
        if state.core is None:
            raise NotFound
        return Stored(row["source"], row["external_id"], state, state.core, row["cancelled_at"] is not None)

    async def _write(self, session: Session, caller: Identity, fact: OrderFact) -> Written:
        [applied] = await self._intake.apply(session, session.tenant, [fact])
        row = await self._written(session, caller, applied.order_id)
        return Written(row, created=applied.outcome == "created", unchanged=applied.outcome in {"unchanged", "stale"})

    async def _known(self, session: Session, caller: Identity, order_id: UUID | None) -> OrderExists:
        """Return the problem for an order that is known; which it is learns only who may see it."""
        row = await self.rows.read(session, order_id) if order_id else None
        if row is None or not may_see(caller, dict(row)):
            return OrderExists(existing_id=None, matched_on=None)
        return OrderExists(existing_id=str(order_id), matched_on="external_id")

    async def _written(self, session: Session, caller: Identity, order_id: UUID | None) -> "asyncpg.Record":
        """Return an order after a write; Invalid, which undoes it, where its writer could not see it."""
        row = await self._found(session, order_id)
        if not may_see(caller, dict(row)):
            raise not_yours(row)
        return row

    async def _shown(self, session: Session, caller: Identity, order_id: UUID | None) -> "asyncpg.Record":
        row = await self._found(session, order_id)
        if not may_see(caller, dict(row)):
            raise NotFound
        return row

    async def _found(self, session: Session, order_id: UUID | None) -> "asyncpg.Record":
        row = await self.rows.read(session, order_id) if order_id else None
        if row is None:
            raise NotFound
        return row


def not_yours(order: "asyncpg.Record") -> Invalid:
    """Return what stands against an order of somebody whom its writer may not see, or of nobody."""
    if order["customer_id"] is None:
        return invalid_body("#/customer", "You see the orders of your own customers only: say whose it is.", "required")
    field = "account" if order["account_id"] else "customer"
    return invalid_body(f"#/{field}", "This is no customer of yours.", f"unknown_{field}")


@dataclass(frozen=True, slots=True)
class Stored:
    """An order as it is stored."""

    source: str
    external_id: str
    state: OrderState
    core: OrderCore
    cancelled: bool
