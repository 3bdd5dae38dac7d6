"""What the feeds of contacts and the gateway mean for scores: facts are taken over, then customers evaluated."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar
from uuid import UUID

from services.contracts.contacts import (
    CustomerChanged,
    ExchangeRateChanged,
    InteractionChanged,
    OrderChanged,
    RepChanged,
)
from services.contracts.envelope import Effects, Event
from services.contracts.gateway import WorkspaceChanged
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds import FeedEvent, Handler
from services.scoring.cutoffs.service import Setting
from services.scoring.evaluation.asking import ask_about_rep, ask_to_revalue
from services.scoring.evaluation.service import EvaluationService, Occasion
from services.scoring.facts import service as facts
from services.scoring.facts.service import NOT_TOLD
from services.scoring.intake import rules
from services.scoring.intake.rules import Key
from services.scoring.ledger import service as ledger
from services.scoring.policies import service as policies
from services.scoring.workspaces import service as workspaces
from services.scoring.workspaces.service import Workspace

E = TypeVar("E", bound=Event)
Change = tuple[UUID, E]
"""A workspace and the last event of one of its entities."""


class FromGateway(Handler[None]):
    """Follows the settings of workspaces."""

    types: ClassVar[frozenset[str]] = frozenset({WorkspaceChanged.TYPE})
    streams: ClassVar[tuple[str, ...]] = ("workspaces",)

    def __init__(self, service: EvaluationService, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Take over settings; a new zone or currency values all orders anew."""
        del prepared
        now = self._clock.now()
        told = await workspaces.apply(session, [event for _, event in last_of(WorkspaceChanged, events)], now)
        await policies.seed(session, [one.workspace_id for one in told if one.first], now)
        for one in told:
            if one.revalued:
                await ask_to_revalue(session, one.workspace_id)

    async def begin_rebuild(self, session: Session) -> None:
        """Forget the versions."""
        await workspaces.forget_versions(session)


@dataclass
class Touched:
    """The customers that a batch of events is about, and how far its facts may reach."""

    effects: defaultdict[Key, list[Effects]] = field(default_factory=lambda: defaultdict(list))
    buyers: set[Key] = field(default_factory=set)
    """Those who bought or ordered; the others are evaluated only if they ever were."""

    def add(self, key: Key, effects: Effects) -> None:
        """Note a fact about a customer."""
        self.effects[key].append(effects)

    def of(self, workspace_id: UUID) -> dict[UUID, Effects]:
        """Return the customers of one workspace, each with the furthest-reaching of his or her facts."""
        return {
            customer: rules.strongest(found)
            for (owner, customer), found in self.effects.items()
            if owner == workspace_id
        }


class FromContacts(Handler[None]):
    """Follows customers, orders, contacts, exchange rates and reps."""

    types: ClassVar[frozenset[str]] = frozenset(
        {CustomerChanged.TYPE, OrderChanged.TYPE, InteractionChanged.TYPE, ExchangeRateChanged.TYPE, RepChanged.TYPE}
    )
    streams: ClassVar[tuple[str, ...]] = ("reps", "exchange_rates", "customers", "interactions", "orders")

    def __init__(self, service: EvaluationService) -> None:
        self._service = service

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Take everything over, then evaluate the customers that it is about."""
        del prepared
        owners = {event.workspace_id for event in events}
        await workspaces.meet(session, owners)
        known = await workspaces.known(session, owners)
        customers = last_of(CustomerChanged, events)
        orders = last_of(OrderChanged, events)
        interactions = last_of(InteractionChanged, events)
        touched = await self._touched(session, customers, orders, interactions, events)
        await facts.meet_customers(session, rules.named_in(orders))
        await facts.lock_all(session, list(touched.effects))
        await self._take_reps_and_rates(session, events)
        if customers:
            await facts.put_customers(session, [rules.customer_row(*change) for change in customers])
        if interactions:
            await facts.put_interactions(session, [rules.interaction_row(*change) for change in interactions])
        settings = {owner: await self._service.setting_now(session, workspace) for owner, workspace in known.items()}
        await self._take_orders(session, orders, rules.last_living_status(events), settings)
        await self._evaluate(session, touched, known, settings)

    async def _touched(
        self,
        session: Session,
        customers: Sequence[Change[CustomerChanged]],
        orders: Sequence[Change[OrderChanged]],
        interactions: Sequence[Change[InteractionChanged]],
        events: Sequence[FeedEvent],
    ) -> Touched:
        """Return whom the batch is about: those named now, and those who held the same facts before."""
        touched = Touched()
        reach = rules.reach_of(events)
        for owner, customer in customers:
            touched.add((owner, customer.customer_id), reach[owner, customer.customer_id])
        for owner, order in orders:
            for customer_id in (order.customer_id, order.buyer_id):
                if customer_id is not None:
                    touched.add((owner, customer_id), reach[owner, order.order_id])
            if order.customer_id:
                touched.buyers.add((owner, order.customer_id))
        for owner, interaction in interactions:
            touched.add((owner, interaction.customer_id), reach[owner, interaction.interaction_id])
        told = [(owner, order.order_id) for owner, order in orders]
        met = [(owner, interaction.interaction_id) for owner, interaction in interactions]
        for key in await facts.holders(session, told, met) if told or met else ():
            touched.add(key, Effects.NONE)
        people = [(owner, interaction.customer_id) for owner, interaction in interactions]
        for key in await facts.accounts_of(session, people) if people else ():
            touched.add(key, Effects.SCORES)
        return touched

    async def _take_reps_and_rates(self, session: Session, events: Sequence[FeedEvent]) -> None:
        """Take reps and rates over; a job looks at everybody whom they concern."""
        reps = last_of(RepChanged, events)
        rates = last_of(ExchangeRateChanged, events)
        if reps:
            for row in await facts.put_reps(session, [rules.rep_row(*change) for change in reps]):
                await ask_about_rep(session, row["workspace_id"], row["rep_id"])
        if rates:
            moved = await facts.put_rates(session, [rules.rate_row(*change) for change in rates])
            for owner, currency in sorted({(row["workspace_id"], row["currency"]) for row in moved}):
                await ask_to_revalue(session, owner, currency)

    async def _take_orders(
        self,
        session: Session,
        orders: Sequence[Change[OrderChanged]],
        seen: Mapping[Key, str],
        settings: Mapping[UUID, Setting],
    ) -> None:
        """Take orders over, each valued in its workspace's currency and days.

        Where the settings of a workspace are still on their way, everything is valued anew when they come.
        """
        if not orders:
            return
        await facts.put_orders(
            session,
            [
                (
                    rules.order_row(owner, order, seen.get((owner, order.order_id))),
                    settings[owner].valuer if owner in settings else NOT_TOLD,
                )
                for owner, order in orders
            ],
        )

    async def _evaluate(
        self,
        session: Session,
        touched: Touched,
        known: Mapping[UUID, Workspace],
        settings: Mapping[UUID, Setting],
    ) -> None:
        """Evaluate whoever ordered, and of the others those who were evaluated before."""
        evaluated = await ledger.have_standing(session, list(touched.effects))
        for owner in sorted(known):
            effects = touched.of(owner)
            wanted = [one for one in effects if (owner, one) in touched.buyers or (owner, one) in evaluated]
            if wanted:
                occasion = Occasion("fact", own_effects=effects)
                await self._service.evaluate(session, known[owner], wanted, occasion, settings[owner])

    async def begin_rebuild(self, session: Session) -> None:
        """Forget the versions, so that what the snapshot does not show can be told from the rest."""
        await facts.forget_versions(session)

    async def end_rebuild(self, session: Session) -> None:
        """Remove what the snapshot did not show, and look at everybody again."""
        await facts.drop_unseen(session)
        await ledger.doubt_outcomes(session)
        for owner in await workspaces.every(session):
            await ask_to_revalue(session, owner)


def last_of(kind: type[E], events: Iterable[FeedEvent]) -> list[Change[E]]:
    """Return the last event of each entity, with its workspace, in the order in which rows are locked everywhere."""
    last = {(event.workspace_id, event.subject): event for event in events if event.type == kind.TYPE}
    return [(key[0], kind.model_validate(last[key].data)) for key in sorted(last)]
