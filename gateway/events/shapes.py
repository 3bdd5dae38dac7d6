"""What of the services' events callers get to see: types and data, ids and numbers only, nothing personal.

A type is never renamed and a field never removed; readers ignore types and fields that they do not know.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.contracts.campaigns import ReminderChanged
from services.contracts.contacts import (
    CustomerChanged,
    ExchangeRateChanged,
    InteractionChanged,
    OrderChanged,
    RepChanged,
)
from services.contracts.envelope import Event
from services.contracts.gateway import WorkspaceChanged
from services.contracts.registry import EVENTS
from services.contracts.scoring import CustomerScored, ScoreState
from services.kit.money import Money
from services.kit.web.schemas import AwareTime, Output

Whole = Annotated[int, Field(json_schema_extra={"x-count": True})]


class CustomerEvent(Output):
    """A person or an account was created, updated, deleted, joined into another (`merged_into`) or erased."""

    owner_rep_id: UUID | None
    lifecycle_stage: str | None
    do_not_contact: bool
    merged_into: UUID | None


class OrderEvent(Output):
    """An order was created or updated."""

    customer_id: UUID | None
    buyer_id: UUID | None
    account_id: UUID | None
    source_id: UUID | None
    status: str
    placed_at: AwareTime
    cancelled_at: AwareTime | None
    total: Money
    refunded: Money
    test: bool


class InteractionEvent(Output):
    """Something that happened between us and a customer was recorded, changed or deleted."""

    customer_id: UUID
    rep_id: UUID | None
    function: str
    channel: str
    direction: str
    occurred_at: AwareTime
    outcome: str | None


class RepEvent(Output):
    """A member of staff was created or updated."""

    active: bool


class ExchangeRateEvent(Output):
    """An exchange rate was set or deleted; one unit of `currency` is worth `rate` of the reporting currency."""

    currency: str
    valid_from: date
    rate: str


class ScoreValueEvent(Output):
    """One score of a customer, and the label it had before the last change."""

    value: str | None
    points: str | None
    previous_value: str | None


class CustomerScoredEvent(Output):
    """A customer was evaluated and something about the result changed."""

    as_of: AwareTime
    net_revenue: Money
    orders_count: Whole
    scores: dict[str, ScoreValueEvent] = Field(description="By kind.")


class ReminderEvent(Output):
    """A care reminder was opened or changed: snoozed, reassigned, done, skipped, escalated, merged or expired."""

    customer_id: UUID
    rep_id: UUID | None
    rule: str
    status: str
    due_at: AwareTime


class WorkspaceEvent(Output):
    """The settings of the workspace changed."""

    mode: str
    time_zone: str
    locale: str
    reporting_currency: str


class InterruptedEvent(Output):
    """Events of a service may be missing before this one, after a restore: read its lists once more."""

    service: str


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as it goes into the journal."""

    type: str
    object_type: str | None
    object_id: UUID | None
    customer_id: UUID | None
    version: int
    data: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One public type: the scope without which it does not exist for a caller, and the shape of its data."""

    scope: str | None
    data: type[Output]


CHANGES = ("created", "updated", "deleted")
CUSTOMER_VERBS = (*CHANGES, "merged", "erased")
INTERRUPTED = "events.interrupted"
KINDS: dict[str, Kind] = {
    **{f"person.{verb}": Kind("people:read", CustomerEvent) for verb in CUSTOMER_VERBS},
    **{f"account.{verb}": Kind("accounts:read", CustomerEvent) for verb in CUSTOMER_VERBS},
    **{f"order.{verb}": Kind("orders:read", OrderEvent) for verb in CHANGES},
    **{
        f"interaction.{verb}": Kind("interactions:read", InteractionEvent) for verb in ("created", "updated", "deleted")
    },
    **{f"rep.{verb}": Kind("reps:read", RepEvent) for verb in ("created", "updated")},
    **{
        f"exchange_rate.{verb}": Kind("workspace:read", ExchangeRateEvent) for verb in ("created", "updated", "deleted")
    },
    "customer.scored": Kind("scores:read", CustomerScoredEvent),
    **{f"reminder.{verb}": Kind("reminders:read", ReminderEvent) for verb in ("created", "updated")},
    **{f"workspace.{verb}": Kind("workspace:read", WorkspaceEvent) for verb in ("created", "updated")},
    INTERRUPTED: Kind(None, InterruptedEvent),
}


def publish(kind: str, data: Mapping[str, Any]) -> Happening:
    """Return what callers get of an event on a feed; KeyError for one that is nobody's business outside."""
    event = EVENTS[kind].model_validate(data)
    return PUBLISHED[kind](event)


def verb_of(event: Event, *, deleted: bool = False) -> str:
    """Return what happened to an entity: its first version is its creation."""
    if deleted:
        return "deleted"
    return "created" if event.version == 1 else "updated"


def shown(kind: type[Output], event: Event, **more: object) -> str:
    """Return the data of a public event: the fields that the event has by the same name, and `more`.

    Not looked at again: an event has been when it was read, and here are as many as everything that happens anywhere.
    """
    values = {name: getattr(event, name) for name in kind.model_fields if name not in more}
    return kind.model_construct(None, **values, **more).model_dump_json()


def customer(event: CustomerChanged) -> Happening:
    """Return the event of a person or an account."""
    verb = "erased" if event.erased else "merged" if event.merged_into else verb_of(event, deleted=event.deleted)
    data = shown(CustomerEvent, event)
    kind = event.customer_type
    return Happening(f"{kind}.{verb}", kind, event.subject, event.subject, event.version, data)


def order(event: OrderChanged) -> Happening:
    """Return the event of an order."""
    refunded = sum(refund.amount_minor for refund in event.refunds)
    total = Money.of_minor(event.total_minor, event.currency)
    verb = verb_of(event, deleted=event.status == "deleted")
    data = shown(OrderEvent, event, total=total, refunded=Money.of_minor(refunded, event.currency))
    return Happening(f"order.{verb}", "order", event.subject, event.customer_id, event.version, data)


def interaction(event: InteractionChanged) -> Happening:
    """Return the event of an interaction."""
    verb = verb_of(event, deleted=event.deleted)
    data = shown(InteractionEvent, event)
    return Happening(f"interaction.{verb}", "interaction", event.subject, event.customer_id, event.version, data)


def rep(event: RepChanged) -> Happening:
    """Return the event of a rep."""
    return Happening(f"rep.{verb_of(event)}", "rep", event.subject, None, event.version, shown(RepEvent, event))


def exchange_rate(event: ExchangeRateChanged) -> Happening:
    """Return the event of an exchange rate."""
    verb = verb_of(event, deleted=event.deleted)
    data = shown(ExchangeRateEvent, event)
    return Happening(f"exchange_rate.{verb}", "exchange_rate", event.subject, None, event.version, data)


def scored(event: CustomerScored) -> Happening:
    """Return the event of a customer's scores."""
    data = shown(
        CustomerScoredEvent,
        event,
        net_revenue=Money.of_minor(event.net_revenue_minor, event.currency),
        scores={kind: score(state) for kind, state in event.scores.items()},
    )
    kind = event.customer_type
    return Happening(event.TYPE, kind, event.subject, event.subject, event.version, data)


def score(state: ScoreState) -> ScoreValueEvent:
    """Return one score."""
    return ScoreValueEvent.model_construct(value=state.value, points=state.points, previous_value=state.previous_value)


def reminder(event: ReminderChanged) -> Happening:
    """Return the event of a reminder."""
    data = shown(ReminderEvent, event)
    return Happening(f"reminder.{verb_of(event)}", "reminder", event.subject, event.customer_id, event.version, data)


def workspace(event: WorkspaceChanged) -> Happening:
    """Return the event of a workspace's settings."""
    data = shown(WorkspaceEvent, event)
    return Happening(f"workspace.{verb_of(event)}", "workspace", event.subject, None, event.version, data)


def interrupted(service: str) -> Happening:
    """Return the event that says that events may be missing."""
    return Happening(INTERRUPTED, None, None, None, 1, InterruptedEvent(service=service).model_dump_json())


PUBLISHED: dict[str, Callable[[Any], Happening]] = {
    CustomerChanged.TYPE: customer,
    OrderChanged.TYPE: order,
    InteractionChanged.TYPE: interaction,
    RepChanged.TYPE: rep,
    ExchangeRateChanged.TYPE: exchange_rate,
    CustomerScored.TYPE: scored,
    ReminderChanged.TYPE: reminder,
    WorkspaceChanged.TYPE: workspace,
}
