"""What clients send and get about customers as one list of people and accounts."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.kit.money import Money
from services.kit.web.lists import CURSOR_LENGTH, ListQuery
from services.kit.web.schemas import AwareTime, Input, Output, Page, Ref, ShortText, Tag

SortName = Literal[
    "created_at",
    "-created_at",
    "display_name",
    "-display_name",
    "value_tier_points",
    "-value_tier_points",
    "net_revenue",
    "-net_revenue",
    "last_order_at",
    "-last_order_at",
    "last_contact_at",
    "-last_contact_at",
    "next_reminder_at",
    "-next_reminder_at",
]
SORT: SortName = "created_at"
TypeName = Literal["person", "account"]
StageName = Literal["lead", "prospect", "customer", "former"]
TierName = Literal["diamond", "gold", "silver", "bronze", "null"]
ClassName = Literal["steady", "one_time", "future", "lapsed", "null"]
ChurnName = Literal["none", "watch", "warn", "likely_lost", "null"]
SegmentName = Literal[
    "champions",
    "loyal",
    "potential_loyal",
    "new",
    "promising",
    "needs_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "hibernating",
    "lost",
    "null",
]
OpName = Literal[
    "eq",
    "ne",
    "in",
    "not_in",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "within",
    "older_than",
    "has_any",
    "has_all",
    "has_none",
    "is_null",
]
RepChoice = UUID | Literal["me", "null"]
EXAMPLE: dict[str, Any] = {
    "id": "019aa9e2-6f0a-7c3e-9d5e-0a1b2c3d4e5f",
    "type": "person",
    "display_name": "林小雨",
    "owner_rep_id": None,
    "owner_rep": None,
    "tags": ["tea"],
    "lifecycle_stage": "customer",
    "region": "TW",
    "scores": {"value_tier": {"value": "gold", "points": 70.0}, "churn_risk": {"value": "none", "points": 0.0}},
    "net_revenue": {"amount": "9120.00", "currency": "TWD"},
    "orders_count": 7,
    "last_order_at": "2026-11-01T04:00:00Z",
    "last_contact_at": "2026-11-10T02:00:00Z",
    "next_reminder_at": "2026-11-15T04:00:00Z",
    "open_reminders": 1,
    "open_cases": None,
    "created_at": "2025-12-10T04:00:00Z",
    "designated_rep_id": None,
    "designated_rep": None,
    "do_not_contact": False,
    "do_not_pursue": False,
    "locale": "zh-Hant-TW",
    "time_zone": "Asia/Taipei",
    "preferred_channel": "chat",
    "purchase_days": 7,
    "first_order_at": "2025-12-10T04:00:00Z",
    "overdue_ratio": 0.38,
}


def many(values: str) -> Any:  # noqa: ANN401 - a pydantic field
    """Return a filter that may be repeated."""
    return Field(default_factory=list, max_length=50, description=f"Only {values}; repeated = any of them.")


class CustomerQuery(ListQuery):
    """Filters of the list of customers."""

    sort: SortName = Field(SORT, description="Order of the list; customers without a value come last.")
    type: list[TypeName] = many("people or accounts")
    tag: list[Tag] = many("with this tag")
    owner_rep_id: list[RepChoice] = many("of this rep; `me` is yours, `null` is of none")
    lifecycle_stage: list[Literal[StageName, "null"]] = many("in this stage; `null` is in none")
    region: list[ShortText] = many("in this region")
    value_tier: list[TierName] = many("of this tier")
    customer_class: list[ClassName] = many("of this class")
    rfm: list[SegmentName] = many("of this RFM segment")
    churn_risk: list[ChurnName] = many("at this churn level")
    has_open_reminder: bool | None = Field(None, description="Only with, or only without, care that waits.")
    last_order_after: AwareTime | None = Field(None, description="Only if the last order was placed after this time.")
    last_order_before: AwareTime | None = Field(None, description="Only if the last order was placed before this time.")
    last_contact_after: AwareTime | None = Field(None, description="Only if the last contact was after this time.")
    last_contact_before: AwareTime | None = Field(None, description="Only if the last contact was before this time.")
    deleted: bool = Field(default=False, description="List deleted customers instead of present ones.")


class Amount(Money):
    """An amount to compare with."""


Scalar = bool | int | float | Annotated[str, Field(max_length=255)]
ConditionValue = Scalar | Amount | Annotated[list[Scalar | Amount], Field(max_length=200)]


class ConditionNode(Input):
    """A group, `{"all": [...]}`, `{"any": [...]}` or `{"none": [...]}`; or a test, `{"field", "op", "value"}`."""

    all: Annotated[list["ConditionNode"], Field(min_length=1, max_length=100)] | None = None
    any: Annotated[list["ConditionNode"], Field(min_length=1, max_length=100)] | None = None
    none: Annotated[list["ConditionNode"], Field(min_length=1, max_length=100)] | None = None
    field: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="Name of a field, such as `scores.value_tier`.", examples=["scores.value_tier"]
    )
    op: OpName | None = Field(None, description="How to compare; which ones fit depends on the field.")
    value: ConditionValue | None = Field(
        None, description="What to compare with: text, number, truth value, money, RFC 3339 time, days such as P30D."
    )

    @model_validator(mode="after")
    def is_one_thing(self) -> "ConditionNode":
        """Refuse a node that is several things or nothing."""
        kinds = [name for name in ("all", "any", "none", "field") if getattr(self, name) is not None]
        if len(kinds) != 1:
            message = "a node is exactly one of: all, any, none, or a field with op and value"
            raise ValueError(message)
        if kinds != ["field"] and {"op", "value"} & self.model_fields_set:
            message = "op and value belong to a field"
            raise ValueError(message)
        if kinds == ["field"] and (self.op is None or self.value is None):
            message = "a field needs op and value"
            raise ValueError(message)
        return self


class CustomerSearch(Input):
    """A query over customers by a tree of conditions."""

    rule: ConditionNode | None = Field(
        None,
        description="Which customers; all of them if left out.",
        examples=[{"all": [{"field": "scores.value_tier", "op": "in", "value": ["gold", "diamond"]}]}],
    )
    sort: SortName = SORT
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=CURSOR_LENGTH)
    count: Literal["exact", "estimated"] | None = None


class ScoreBrief(Output):
    """A score in short: its label and its points."""

    value: str | None
    points: float | None


class CustomerSummary(Output):
    """A customer in a list. What the key may not read is null or empty."""

    id: UUID
    type: TypeName | str
    display_name: str | None
    owner_rep_id: UUID | None
    owner_rep: Ref | None
    tags: list[str]
    lifecycle_stage: StageName | str | None
    region: str | None
    scores: dict[str, ScoreBrief] = Field(description="By kind: value_tier, customer_class, rfm, churn_risk, ...")
    net_revenue: Money | None = Field(description="Over the last 365 days, in the reporting currency.")
    orders_count: int | None
    last_order_at: AwareTime | None
    last_contact_at: AwareTime | None
    next_reminder_at: AwareTime | None
    open_reminders: int | None
    open_cases: int | None = Field(description="Null while it is not known.")
    created_at: AwareTime


class CustomerRead(CustomerSummary):
    """A customer as care and communication see him or her."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    designated_rep_id: UUID | None
    designated_rep: Ref | None
    do_not_contact: bool
    do_not_pursue: bool
    locale: str | None
    time_zone: str | None
    preferred_channel: str | None
    purchase_days: int | None
    first_order_at: AwareTime | None
    overdue_ratio: float | None = Field(description="Days of silence in units of the customer's own rhythm.")


class CustomerPage(Page[CustomerSummary]):
    """One page of customers."""
