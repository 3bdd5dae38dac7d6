"""What the tests of the journal share: services that tell of things, and a journal that follows them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gateway.events.consumers import IntoJournal
from services.contracts.campaigns import ReminderChanged
from services.contracts.contacts import CustomerChanged, OrderChanged, RefundFact, RepChanged
from services.contracts.envelope import Event
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.feeds import Follower, Sequencer, publish
from services.kit.feeds.source import OwnFeed
from services.kit.ids import new_id

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


@dataclass
class Stage:
    """Services whose feeds are read past HTTP, and the gateway's followers of them, moved by hand."""

    databases: dict[str, Database]
    clock: FixedClock
    followers: dict[str, Follower] = field(default_factory=dict)

    def follower(self, producer: str, *, batch: int = 1000) -> Follower:
        """Return a follower of a service; two of one name are two replicas."""
        source = OwnFeed(self.databases[producer])
        handler = IntoJournal(producer, self.clock)
        name = f"journal-from-{producer}"
        return Follower(name, source, handler, self.databases["gateway"], clock=self.clock, batch=batch, wait_seconds=0)

    async def tell(self, producer: str, workspace_id: UUID, *events: Event) -> None:
        """Publish events, each in its order."""
        database = self.databases[producer]
        async with database.worker() as session:
            await publish(session, events, workspace_id=workspace_id)
        await Sequencer(database, self.clock).number_all()

    async def follow(self) -> None:
        """Let the journal catch up with everybody."""
        for producer in self.databases:
            follower = self.followers.setdefault(producer, self.follower(producer))
            while await follower.step():
                pass


def person(person_id: UUID, version: int = 1, **more: Any) -> CustomerChanged:  # noqa: ANN401 - any field
    return CustomerChanged(customer_id=person_id, customer_type="person", created_at=AT, version=version, **more)


def order(customer_id: UUID, version: int = 1, **more: Any) -> OrderChanged:  # noqa: ANN401 - any field
    values: dict[str, Any] = {
        "order_id": new_id(),
        "customer_id": customer_id,
        "customer_type": "person",
        "status": "paid",
        "placed_at": AT,
        "currency": "TWD",
        "total_minor": 125000,
        "refunds": (RefundFact(refund_id="r1", processed_at=AT, amount_minor=2500),),
    }
    return OrderChanged(version=version, **(values | more))


def reminder(customer_id: UUID, version: int = 1) -> ReminderChanged:
    return ReminderChanged(
        reminder_id=new_id(),
        customer_id=customer_id,
        rep_id=None,
        rule="silence",
        status="open",
        due_at=AT,
        version=version,
    )


def rep(version: int = 1) -> RepChanged:
    return RepChanged(rep_id=new_id(), active=True, version=version)
