"""What clients send and get about reminders."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.customers.schemas import CustomerSummary
from services.kit.texts import Text
from services.kit.web.batches import MAX_BATCH, Item
from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, LongText, Output, Page, Ref, ShortText

StatusName = Literal["open", "snoozed", "done", "skipped", "escalated", "expired", "merged"]
RuleName = Literal["first_order_thanks", "purchase_follow_up", "tier_rhythm", "silence", "manual"]
ChannelName = Literal["visit", "call", "email", "chat", "sms", "social", "event", "gift", "other"]
OutcomeName = Literal["reached", "no_answer", "left_message", "done", "declined", "other"]
FunctionName = Literal["care", "information", "transaction", "service", "intelligence"]
SkipReason = Literal[
    "not_needed", "already_contacted", "wrong_time", "customer_declined", "not_reachable", "duplicate", "other"
]
RepReference = Annotated[UUID | Literal["me"], Field(description="Id of a rep; `me` is the rep of the key.")]
FactValue = str | int | float | bool | None
EXAMPLE: dict[str, Any] = {
    "id": "019aa9e2-7b10-7f00-8a00-0a1b2c3d4e5f",
    "version": 1,
    "customer_id": "019aa9e2-6f0a-7c3e-9d5e-0a1b2c3d4e5f",
    "customer": {"id": "019aa9e2-6f0a-7c3e-9d5e-0a1b2c3d4e5f", "type": "person", "display_name": "林小雨"},
    "customer_summary": None,
    "rep_id": None,
    "rep": None,
    "rule": "first_order_thanks",
    "cause": "first_order_thanks:019aa9e2-6f0a-7c3e-9d5e-0a1b2c3d4e5f:2026-11-22T08:00:00+00:00",
    "function": "care",
    "channel": "call",
    "due_at": "2026-11-23T08:00:00Z",
    "contact_at": "2026-11-23T02:00:00Z",
    "reason": {
        "code": "first_order_thanks",
        "params": {"placed_on": {"date": "2026-11-22"}},
        "text": "First order, placed on Nov 22, 2026: say thank you.",
    },
    "also": [],
    "facts": {"placed_at": "2026-11-22T08:00:00+00:00", "order_id": "019aa9e2-7a00-7aaa-8bbb-0a1b2c3d4e5f"},
    "suggestion": {"code": "suggest_call", "params": {"channel": "call"}, "text": "Call them."},
    "priority": 42,
    "status": "open",
    "snoozed_until": None,
    "expires_at": "2026-12-07T08:00:00Z",
    "merged_into_id": None,
    "merged_into": None,
    "closed_at": None,
    "close_reason": None,
    "note": None,
    "completion": None,
    "created_at": "2026-11-22T08:00:01Z",
    "updated_at": "2026-11-22T08:00:01Z",
}


class Embedding(BaseModel):
    """What a read of reminders shall embed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include: list[Literal["customer_summary"]] = Field(
        default_factory=list, max_length=5, description="Embed more: `customer_summary` is the customer in short."
    )


class ReminderQuery(Embedding, ListQuery):
    """Filters of the list of reminders."""

    sort: Literal["due_at", "-due_at", "priority", "-priority", "created_at", "-created_at"] = Field(
        "due_at", description="Order of the list; `-priority` begins with those who need care most."
    )
    customer_id: list[UUID] = Field(default_factory=list, max_length=200, description="Only about these customers.")
    rep_id: list[RepReference | Literal["null"]] = Field(
        default_factory=list, max_length=200, description="Only of these reps; `null` = of none."
    )
    status: list[StatusName] = Field(default_factory=list, max_length=7, description="Only in these states.")
    rule: list[RuleName] = Field(default_factory=list, max_length=50, description="Only of these rules.")
    due_before: AwareTime | None = Field(None, description="Only due before this time.")
    due_after: AwareTime | None = Field(None, description="Only due after this time.")
    channel: list[ChannelName] = Field(default_factory=list, max_length=9, description="Only through these channels.")
    function: list[FunctionName] = Field(default_factory=list, max_length=5, description="Only with these functions.")
    updated_after: AwareTime | None = Field(None, description="Only changed after this time.")
    updated_before: AwareTime | None = Field(None, description="Only changed before this time.")


class ReminderCreate(Input):
    """A reminder that somebody sets by hand."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer_id": "019aa9e2-6f0a-7c3e-9d5e-0a1b2c3d4e5f",
                    "subject": "Ask how the new kettle does",
                    "due_at": "2026-12-01T17:00:00+08:00",
                }
            ]
        }
    )

    customer_id: UUID
    subject: ShortText = Field(description="What to do or to talk about; it becomes the text of `reason`.")
    due_at: AwareTime
    expires_at: AwareTime | None = Field(None, description="When it is too late; default: 30 days after it is due.")
    rep_id: RepReference | None = Field(None, description="Whose task it is; default: the customer's rep.")
    function: FunctionName = "care"
    channel: ChannelName = "call"


class RemindersBatchCommand(Input):
    """Reminders to set; each is judged on its own."""

    items: Annotated[list[Item[ReminderCreate]], Field(min_length=1, max_length=MAX_BATCH)]


class CompleteCommand(Input):
    """What came of a reminder; becomes an interaction with the customer."""

    outcome: OutcomeName
    summary: LongText | None = Field(None, description="What was said and learned.")
    channel: ChannelName | None = Field(None, description="How it was done; default: the channel of the reminder.")
    occurred_at: AwareTime | None = Field(None, description="When it was done; default: now.")


class SnoozeCommand(Input):
    """Until when a reminder shall rest."""

    until: AwareTime = Field(description="In the future, at most a year ahead.")


class SkipCommand(Input):
    """Why nothing is done."""

    reason_code: SkipReason
    note: LongText | None = None


class ReassignCommand(Input):
    """Who takes a reminder over."""

    rep_id: RepReference


class ReopenCommand(Input):
    """Take back what closed a reminder."""


class CompletionRead(Output):
    """What came of a reminder."""

    outcome: OutcomeName | str
    summary: str | None
    channel: ChannelName | str
    occurred_at: AwareTime
    interaction_id: UUID | None = Field(description="Null until the interaction is written, moments later.")
    interaction: Ref | None


class ReminderRead(Output):
    """A task for a rep: whom to care for, why, by when, how."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    version: int
    customer_id: UUID
    customer: Ref
    customer_summary: CustomerSummary | None = Field(
        description="With `include=customer_summary` only, and where the key may read the customer."
    )
    rep_id: UUID | None
    rep: Ref | None
    rule: RuleName | str = Field(description="The care rule that opened it.")
    cause: str = Field(description="What it is about; one cause has one reminder.")
    function: FunctionName | str
    channel: ChannelName | str = Field(description="Channel of the suggestion.")
    due_at: AwareTime
    contact_at: AwareTime = Field(
        description="A good moment: in the customer's hours and habits, never in quiet hours."
    )
    reason: Text
    also: list[Text] = Field(description="Reasons of other reminders that fell together with this one.")
    facts: dict[str, FactValue] = Field(
        description="What the reason rests on. Keys by rule: placed_at, days, order_id; value_tier, last_contact_at;"
        " churn_risk, last_order_at; subject. More may come."
    )
    suggestion: Text
    priority: int = Field(description="0-100, higher first.")
    status: StatusName | str
    snoozed_until: AwareTime | None
    expires_at: AwareTime
    merged_into_id: UUID | None
    merged_into: Ref | None
    closed_at: AwareTime | None
    close_reason: str | None = Field(
        description="Reason code of a skip; else too_late, order_withdrawn, contacted, bought_again, not_contactable."
    )
    note: str | None
    completion: CompletionRead | None
    created_at: AwareTime
    updated_at: AwareTime


class ReminderPage(Page[ReminderRead]):
    """One page of reminders."""
