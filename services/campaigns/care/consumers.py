"""What the feeds of the gateway, contacts and scoring mean for care."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from services.campaigns.audience import service as audience
from services.campaigns.audience.profiles import Profile, Profiles
from services.campaigns.audience.service import Key
from services.campaigns.care.service import Care
from services.campaigns.care_rules.service import CareRules
from services.campaigns.interactions import service as interactions
from services.campaigns.reps import service as reps
from services.campaigns.workspaces import service as workspaces
from services.contracts.contacts import CustomerChanged, InteractionChanged, OrderChanged, RepChanged
from services.contracts.envelope import Effects, Event
from services.contracts.gateway import WorkspaceChanged
from services.contracts.scoring import CustomerScored
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds import FeedEvent, Handler

E = TypeVar("E", bound=Event)
Change = tuple[UUID, E]
"""A workspace and the last event of one of its entities."""

NOT_COUNTING = frozenset({"cancelled", "refunded", "failed", "deleted"})
"""An order in such a state is no reason to thank or to follow up."""

REACH = {Effects.NONE: 0, Effects.SCORES: 1, Effects.ALL: 2}


class FromGateway(Handler[None]):
    """Follows the settings of workspaces; a new one gets its care rules."""

    types: ClassVar[frozenset[str]] = frozenset({WorkspaceChanged.TYPE})
    streams: ClassVar[tuple[str, ...]] = ("workspaces",)

    def __init__(self, care_rules: CareRules) -> None:
        self._care_rules = care_rules

    async def prepare(self, events: Sequence[FeedEvent]) -> None:
        """Nothing to fetch."""

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Take over time zones, locales and currencies."""
        del prepared
        await workspaces.apply(session, [event for _, event in last_of(WorkspaceChanged, events)])
        await self._care_rules.in_force(session, {event.workspace_id for event in events})

    async def begin_rebuild(self, session: Session) -> None:
        """Forget the versions."""
        await workspaces.forget_versions(session)


class FromContacts(Handler[dict[Key, Profile]]):
    """Follows customers, reps and interactions; an order that is called off withdraws what rests on it."""

    types: ClassVar[frozenset[str]] = frozenset(
        {CustomerChanged.TYPE, RepChanged.TYPE, InteractionChanged.TYPE, OrderChanged.TYPE}
    )
    streams: ClassVar[tuple[str, ...]] = ("reps", "customers", "interactions")

    def __init__(self, care: Care, profiles: Profiles, clock: Clock) -> None:
        self._care = care
        self._profiles = profiles
        self._clock = clock

    async def prepare(self, events: Sequence[FeedEvent]) -> dict[Key, Profile]:
        """Ask for the names and wishes of customers who have changed."""
        changes = last_of(CustomerChanged, events)
        living = {(ws, one.customer_id) for ws, one in changes if not (one.deleted or one.erased or one.merged_into)}
        return await self._profiles.fetch(living) if living else {}

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: dict[Key, Profile]) -> None:
        """Take everything over, then look at all customers that it concerns."""
        now = self._clock.now()
        customers, happened = last_of(CustomerChanged, events), last_of(InteractionChanged, events)
        concerned = {(ws, one.customer_id): one.customer_type for ws, one in happened}
        concerned |= {(ws, one.customer_id): one.customer_type for ws, one in customers}
        concerned |= {(ws, one.merged_into): one.customer_type for ws, one in customers if one.merged_into}
        await workspaces.meet(session, {event.workspace_id for event in events})
        await audience.lock(session, concerned)
        await self._take_reps(session, last_of(RepChanged, events), now)
        await audience.take_customers(session, customers, prepared, now)
        await audience.meet(session, concerned)
        await self._care.follow_merges(
            session, [(ws, one.customer_id, one.merged_into) for ws, one in customers if one.merged_into]
        )
        moved = await self._take_interactions(session, happened, now)
        await self._care.withdraw_orders(session, called_off(events))
        told = [(ws, one.customer_id, one.effects) for ws, one in customers]
        told += [(ws, one.customer_id, one.effects) for ws, one in happened]
        await self._care.look(session, concerned.keys() | moved, reach_of(told))

    async def _take_reps(self, session: Session, changes: Sequence[Change[RepChanged]], now: datetime) -> None:
        """Take reps over; what waits with one who has left is given to another by the next look."""
        await reps.apply(session, changes)
        gone = [(ws, rep.rep_id) for ws, rep in changes if not rep.active]
        if gone:
            await audience.look_at_customers_of(session, gone, now)

    async def _take_interactions(
        self, session: Session, changes: Sequence[Change[InteractionChanged]], now: datetime
    ) -> set[Key]:
        """Take interactions over; return the customers whose contacts have changed."""
        if not changes:
            return set()
        keys = await interactions.apply(session, changes)
        await audience.lock(session, keys)
        limited = {(ws, one.customer_id): now for ws, one in changes if one.effects is not Effects.ALL}
        await audience.set_contacts(session, await interactions.last_contacts(session, keys, now), limited)
        return keys

    async def begin_rebuild(self, session: Session) -> None:
        """Forget the versions, so that what the snapshot does not show can be told from the rest."""
        await audience.forget_customers(session)
        await interactions.forget_versions(session)
        await reps.forget_versions(session)

    async def end_rebuild(self, session: Session) -> None:
        """Remove what the snapshot did not show."""
        now = self._clock.now()
        await audience.remove_forgotten_customers(session, now)
        gone = await interactions.remove_forgotten(session)
        await audience.set_contacts(session, await interactions.last_contacts(session, gone, now), {})
        await reps.remove_forgotten(session)


class FromScoring(Handler[None]):
    """Follows scores and the facts that purchase rules start from."""

    types: ClassVar[frozenset[str]] = frozenset({CustomerScored.TYPE})
    streams: ClassVar[tuple[str, ...]] = ("scores",)

    def __init__(self, care: Care) -> None:
        self._care = care

    async def prepare(self, events: Sequence[FeedEvent]) -> None:
        """Nothing to fetch."""

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Take scores over, then look at the customers."""
        del prepared
        changes = last_of(CustomerScored, events)
        keys = {(ws, one.customer_id) for ws, one in changes}
        await workspaces.meet(session, {ws for ws, _ in keys})
        await audience.lock(session, keys)
        fresh = await audience.take_scores(session, changes)
        every = [
            (event.workspace_id, event.subject, Effects(event.data.get("effects", Effects.ALL))) for event in events
        ]
        await self._care.look(session, fresh, reach_of(every))

    async def begin_rebuild(self, session: Session) -> None:
        """Forget the versions."""
        await audience.forget_scores(session)

    async def end_rebuild(self, session: Session) -> None:
        """Clear scores that the snapshot did not show."""
        await audience.clear_forgotten_scores(session)


def last_of(kind: type[E], events: Iterable[FeedEvent]) -> list[Change[E]]:
    """Return the last event of each entity, with its workspace, in the order in which rows are locked everywhere."""
    last = newest(kind, events)
    return [(key[0], kind.model_validate(last[key].data)) for key in sorted(last)]


def newest(kind: type[Event], events: Iterable[FeedEvent]) -> dict[Key, FeedEvent]:
    """Return the last event of each entity as it came."""
    return {(event.workspace_id, event.subject): event for event in events if event.type == kind.TYPE}


def called_off(events: Iterable[FeedEvent]) -> list[tuple[UUID, UUID, UUID]]:
    """Return orders that no longer count and whose they are, as workspace, customer, order."""
    # Few orders are called off, so few are read whole.
    gone = (event for event in newest(OrderChanged, events).values() if event.data["status"] in NOT_COUNTING)
    return [(ws, order.customer_id, order.order_id) for ws, order in last_of(OrderChanged, gone) if order.customer_id]


def reach_of(facts: Iterable[tuple[UUID, UUID, Effects]]) -> dict[Key, Any]:
    """Return how far the facts about each customer may reach: as far as the one that reaches farthest."""
    reach: dict[Key, Effects] = defaultdict(lambda: Effects.NONE)
    for workspace_id, customer_id, effects in facts:
        key = workspace_id, customer_id
        reach[key] = max(reach[key], effects, key=REACH.__getitem__)
    return reach
