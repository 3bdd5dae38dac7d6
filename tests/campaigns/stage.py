"""A stage for campaigns: its database, its handlers, and a shop's customers who buy, talk and are scored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson

from services.campaigns.audience.profiles import Profiles
from services.campaigns.care.clock import CareClock
from services.campaigns.care.consumers import FromContacts, FromGateway, FromScoring
from services.campaigns.care.service import Care
from services.campaigns.care_rules.service import CareRules
from services.contracts.contacts import CustomerChanged, InteractionChanged, OrderChanged, RepChanged
from services.contracts.envelope import Effects, Event
from services.contracts.gateway import WorkspaceChanged
from services.contracts.scoring import CustomerScored, OrderMark, ScoreState
from services.kit.client import ServiceClient
from services.kit.clock import FixedClock
from services.kit.database import Database, Session
from services.kit.feeds import FeedEvent, Handler
from services.kit.identity import IdentitySigner
from services.kit.ids import new_id
from tests import keys


async def nothing_to_do(session: Session) -> None:
    """Stand in for the job that looks at everybody again."""


@dataclass
class ContactsOutside:
    """The internal endpoint of contacts, with the profiles it knows."""

    profiles: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer POST /internal/audience."""
        ids = orjson.loads(request.content)["ids"]
        self.asked.append(ids)
        return httpx.Response(
            200, json={"items": [self.profiles[UUID(one)] for one in ids if UUID(one) in self.profiles]}
        )


class Stage:
    """Campaigns without its neighbours: what they would tell is told by hand."""

    def __init__(self, database: Database, clock: FixedClock, workspace_id: UUID) -> None:
        self.database = database
        self.clock = clock
        self.workspace_id = workspace_id
        self.outside = ContactsOutside()
        signer = IdentitySigner("campaigns", keys.private_key("campaigns"))
        client = ServiceClient(
            "contacts", "http://contacts.test", signer, transport=httpx.MockTransport(self.outside.answer)
        )
        care_rules = CareRules(clock, nothing_to_do)
        self.care = Care(care_rules, clock)
        self.care_clock = CareClock(database, self.care, 60)
        self.contacts = FromContacts(self.care, Profiles(client), clock)
        self.scoring = FromScoring(self.care)
        self.gateway = FromGateway(care_rules)
        self.versions = 0

    @property
    def now(self) -> datetime:
        """The time on the stage's clock."""
        return self.clock.now()

    def next_version(self) -> int:
        """Return a version that is newer than all before."""
        self.versions += 1
        return self.versions

    def feed(self, events: Sequence[Event]) -> list[FeedEvent]:
        """Return events as a feed would hand them over."""
        return [
            FeedEvent(0, self.workspace_id, event.TYPE, event.subject, "", orjson.loads(event.model_dump_json()))
            for event in events
        ]

    async def tell(self, handler: Handler[Any], *events: Event) -> None:
        """Let a handler take a batch, as the follower does."""
        batch = self.feed(events)
        prepared = await handler.prepare(batch)
        async with self.database.worker() as session:
            await handler.apply(session, batch, prepared)

    async def settings(self, time_zone: str = "Asia/Taipei", locale: str = "en") -> None:
        """Let the gateway tell the workspace's settings."""
        await self.tell(
            self.gateway,
            WorkspaceChanged(
                version=self.next_version(),
                workspace_id=self.workspace_id,
                name="Shop",
                mode="live",
                time_zone=time_zone,
                locale=locale,
                reporting_currency="TWD",
                fiscal_year_start="01-01",
            ),
        )

    def customer_event(self, customer_id: UUID, **changes: object) -> CustomerChanged:
        """Return an event about a person, whose profile contacts can be asked for."""
        version = self.next_version()
        profile: dict[str, object] = {
            "display_name": "Lin",
            "time_zone": None,
            "preferred_channel": None,
            "contact_hours": [],
        }
        profile |= {name: changes.pop(name) for name in [*profile] if name in changes}
        self.outside.profiles[customer_id] = {"id": str(customer_id), "version": version, **profile}
        values = {"version": version, "customer_id": customer_id, "customer_type": "person", "created_at": self.now}
        return CustomerChanged.model_validate(values | changes)

    async def customer(self, customer_id: UUID | None = None, **changes: Any) -> UUID:  # noqa: ANN401 - fields of the event
        """Let contacts tell of a person; return the id."""
        customer_id = customer_id or new_id()
        await self.tell(self.contacts, self.customer_event(customer_id, **changes))
        return customer_id

    async def rep(self, *, active: bool = True, rep_id: UUID | None = None, locale: str | None = None) -> UUID:
        """Let contacts tell of a rep; return the id."""
        rep_id = rep_id or new_id()
        await self.tell(
            self.contacts, RepChanged(version=self.next_version(), rep_id=rep_id, active=active, locale=locale)
        )
        return rep_id

    def interaction_event(self, customer_id: UUID, **changes: object) -> InteractionChanged:
        """Return an event about a call that was answered, unless told otherwise."""
        values = {
            "version": self.next_version(),
            "interaction_id": new_id(),
            "customer_id": customer_id,
            "customer_type": "person",
            "function": "care",
            "channel": "call",
            "direction": "outbound",
            "outcome": "reached",
            "occurred_at": self.now,
        }
        return InteractionChanged.model_validate(values | changes)

    async def interaction(self, customer_id: UUID, **changes: object) -> InteractionChanged:
        """Let contacts tell of an interaction; return its event."""
        event = self.interaction_event(customer_id, **changes)
        await self.tell(self.contacts, event)
        return event

    async def order_called_off(self, customer_id: UUID, order_id: UUID, status: str = "cancelled") -> None:
        """Let contacts tell that an order no longer counts."""
        await self.tell(
            self.contacts,
            OrderChanged(
                version=self.next_version(),
                order_id=order_id,
                customer_id=customer_id,
                customer_type="person",
                status=status,
                placed_at=self.now,
                currency="TWD",
                total_minor=100,
            ),
        )

    def scored_event(
        self,
        customer_id: UUID,
        *,
        tier: str | None = "bronze",
        points: str | None = "1.0",
        churn: str | None = "none",
        last_order_at: datetime | None = None,
        first_order_at: datetime | None = None,
        order_id: UUID | None = None,
        order_effects: Effects = Effects.ALL,
        purchase_days: int = 1,
        orders_count: int = 1,
        effects: Effects = Effects.ALL,
        net_revenue_minor: int = 100,
        overdue_ratio: float | None = 0.5,
        changed_at: datetime | None = None,
    ) -> CustomerScored:
        """Return an event about a customer's scores."""
        at = changed_at or self.now
        mark = (
            OrderMark(order_id=order_id or new_id(), placed_at=last_order_at, effects=order_effects)
            if last_order_at
            else None
        )
        return CustomerScored(
            version=self.next_version(),
            customer_id=customer_id,
            customer_type="person",
            as_of=self.now,
            currency="TWD",
            net_revenue_minor=net_revenue_minor,
            orders_count=orders_count,
            purchase_days=purchase_days,
            first_order_at=first_order_at or last_order_at,
            last_order=mark,
            overdue_ratio=overdue_ratio,
            scores={
                "value_tier": ScoreState(value=tier, points=points, changed_at=at),
                "customer_class": ScoreState(value="one_time", points="20", changed_at=at),
                "rfm": ScoreState(value="new", points="7", changed_at=at),
                "churn_risk": ScoreState(value=churn, points="0", changed_at=at),
            },
            effects=effects,
        )

    async def scored(self, customer_id: UUID, **scores: Any) -> CustomerScored:  # noqa: ANN401 - as scored_event
        """Let scoring tell of a customer; return the event."""
        event = self.scored_event(customer_id, **scores)
        await self.tell(self.scoring, event)
        return event

    async def buys(self, customer_id: UUID, **scores: Any) -> UUID:  # noqa: ANN401 - as scored_event
        """Let a customer place an order now; return its id."""
        order_id = new_id()
        await self.scored(customer_id, **({"last_order_at": self.now, "order_id": order_id} | scores))
        return order_id

    async def later(self, by: timedelta) -> None:
        """Let time pass, and the clock of care look."""
        self.clock.advance(by)
        await self.care_clock.round()

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the workspace's rows of a table."""
        async with self.database.worker() as session:
            found = await session.fetch(f"SELECT * FROM {table} WHERE workspace_id = $1", self.workspace_id)
        return [dict(row) for row in found]

    async def reminders(self, rule: str | None = None, status: str | None = None) -> list[dict[str, Any]]:
        """Return the workspace's reminders, the earliest due first."""
        rows = [
            row
            for row in await self.rows("reminders")
            if rule in {None, row["rule"]} and status in {None, row["status"]}
        ]
        return sorted(rows, key=lambda row: row["due_at"])

    async def member(self, customer_id: UUID) -> dict[str, Any]:
        """Return a customer's row of the audience."""
        return next(row for row in await self.rows("audience") if row["customer_id"] == customer_id)

    async def published(self) -> list[dict[str, Any]]:
        """Return the data of the events published so far, in order."""
        return [row["data"] for row in sorted(await self.rows("outbox"), key=lambda row: row["seq"])]
