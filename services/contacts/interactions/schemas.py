"""What clients send and get about interactions."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.contacts.conditions import MAX_CHOICES, RepChoice
from services.contacts.vocabulary import Channel, RepReference
from services.kit.money import Money
from services.kit.web.batches import MAX_BATCH, Item
from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, LongText, Output, Page, Ref, ShortText

Function = Literal["care", "information", "transaction", "service", "intelligence"]
Direction = Literal["inbound", "outbound"]
Side = Literal["ours", "theirs"]
Outcome = Literal["reached", "no_answer", "left_message", "done", "declined", "other"]
Sentiment = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False, description="From -1, angry, to 1, delighted.")]

EXAMPLE: dict[str, Any] = {
    "customer_id": "019aa9e2-6f0a-7c3e-9d5e-0a1b2c3d4e5f",
    "function": "care",
    "channel": "call",
    "direction": "outbound",
    "occurred_at": "2026-11-20T10:15:00+08:00",
    "purpose": "Ask how the new kettle does",
    "summary": "Happy with it; wants to hear of the spring teas.",
    "outcome": "reached",
    "sentiment": 0.6,
}


class Participant(Input):
    """Somebody who took part."""

    side: Side
    name: ShortText | None = None
    person_id: UUID | None = None
    rep_id: UUID | None = None


class InteractionUpdate(Input):
    """A merge patch: fields that are sent replace, null empties, fields left out stay."""

    function: Function | None = None
    channel: Channel | None = None
    direction: Direction | None = None
    occurred_at: AwareTime | None = None
    purpose: ShortText | None = None
    summary: LongText | None = None
    outcome: Outcome | None = None
    sentiment: Sentiment | None = None
    rep_id: RepReference | None = None
    participants: Annotated[list[Participant], Field(max_length=50)] | None = None
    cost: Money | None = None
    findings: LongText | None = None
    next_step: ShortText | None = None
    next_step_due_at: AwareTime | None = None


class InteractionCreate(InteractionUpdate):
    """Something that happened between us and a customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    customer_id: UUID = Field(description="A person or an account.")
    function: Function
    channel: Channel
    direction: Direction = "outbound"
    occurred_at: AwareTime | None = Field(None, description="Now, if left out.")
    rep_id: RepReference | None = Field(None, description="The rep of the key, if left out.")


class ParticipantRead(Output):
    """Somebody who took part."""

    side: Side | str
    name: str | None
    person_id: UUID | None
    person: Ref | None
    rep_id: UUID | None
    rep: Ref | None


class InteractionSummary(Output):
    """An interaction in a list."""

    id: UUID
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    deleted_at: AwareTime | None
    customer_id: UUID
    customer: Ref
    rep_id: UUID | None
    rep: Ref | None
    function: Function | str
    channel: Channel | str
    direction: Direction | str
    occurred_at: AwareTime
    purpose: str | None
    summary: str | None
    outcome: Outcome | str | None
    sentiment: float | None


class InteractionRead(InteractionSummary):
    """Something that happened between us and a customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    participants: list[ParticipantRead]
    cost: Money | None
    findings: str | None
    next_step: str | None
    next_step_due_at: AwareTime | None


class InteractionPage(Page[InteractionSummary]):
    """Interactions, one page."""


class InteractionsBatchCommand(Input):
    """Interactions to record; each is judged on its own."""

    items: Annotated[list[Item[InteractionCreate]], Field(min_length=1, max_length=MAX_BATCH)]


class InteractionQuery(ListQuery):
    """Filters of the list of interactions; a repeated one means: any of these."""

    customer_id: list[UUID] = Field(default_factory=list, max_length=MAX_CHOICES, description="With this customer.")
    rep_id: list[RepChoice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="By this rep; `null` = by nobody in particular."
    )
    function: list[Function] = Field(default_factory=list, max_length=5, description="With this function.")
    channel: list[Channel] = Field(default_factory=list, max_length=9, description="Through this channel.")
    direction: Direction | None = Field(None, description="Only from us, or only to us.")
    outcome: list[Literal[Outcome, "null"]] = Field(
        default_factory=list, max_length=7, description="With this outcome; `null` = with none."
    )
    occurred_after: AwareDatetime | None = Field(None, description="Happened later than this.")
    occurred_before: AwareDatetime | None = Field(None, description="Happened earlier than this.")
    updated_after: AwareDatetime | None = Field(None, description="Changed later than this.")
    updated_before: AwareDatetime | None = Field(None, description="Changed earlier than this.")
    deleted: bool = Field(default=False, description="List what was deleted instead.")
    sort: Literal["occurred_at", "-occurred_at", "created_at", "-created_at", "updated_at", "-updated_at"] = Field(
        "-occurred_at", description="Order of the list."
    )
