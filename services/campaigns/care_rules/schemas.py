"""What clients send and get about care rules; a rule's parameters as they are stored."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field

from services.campaigns.care_rules.rules import RULES, Code, Rule
from services.kit.texts import Text
from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, Output, Page

LONGEST = timedelta(days=730)
Tier = Literal["diamond", "gold", "silver", "bronze"]
ChurnLevel = Literal["watch", "warn", "likely_lost"]
RuleCode = Literal["first_order_thanks", "purchase_follow_up", "tier_rhythm", "silence"]

EXAMPLE: dict[str, Any] = {
    "id": "019aa9e2-6f0a-7c3e-9d5e-0a1b2c3d4e5f",
    "version": 1,
    "code": "tier_rhythm",
    "title": {"code": "care_rule.tier_rhythm", "params": {}, "text": "Keep contact at the rhythm of the tier"},
    "function": "care",
    "enabled": True,
    "parameters": {
        "due_after": None,
        "expires_after": "P90D",
        "max_age": "P3D",
        "intervals": {"diamond": "P14D", "gold": "P30D", "silver": "P90D", "bronze": None},
        "levels": [],
        "min_purchase_days": None,
    },
    "created_at": "2026-11-22T08:00:00Z",
    "updated_at": "2026-11-22T08:00:00Z",
}


def only_text(value: object) -> object:
    """Refuse numbers, which pydantic would take for seconds."""
    if not isinstance(value, str):
        message = "a duration is ISO 8601 text such as P14D"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns only ValueError into a 422
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(only_text),
    Field(ge=timedelta(0), le=LONGEST, description="ISO 8601 duration, at most two years.", examples=["P14D"]),
]
Interval = Annotated[
    timedelta,
    BeforeValidator(only_text),
    Field(ge=timedelta(days=1), le=LONGEST, description="ISO 8601 duration, one day to two years.", examples=["P30D"]),
]


class CareParametersUpdate(Input):
    """Parameters to change; null takes a parameter back to its default."""

    due_after: Duration | None = Field(None, description="From the fact to the reminder's due time.")
    expires_after: Duration | None = Field(None, description="From the due time until the reminder expires.")
    max_age: Duration | None = Field(None, description="The rule never fires for a fact older than this.")
    intervals: dict[Tier, Interval | None] | None = Field(
        None, description="tier_rhythm: longest time without a contact by tier; null = no rhythm for the tier."
    )
    levels: Annotated[list[ChurnLevel], Field(min_length=1, max_length=3)] | None = Field(
        None, description="silence: churn levels that open a reminder."
    )
    min_purchase_days: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="silence: customers with fewer purchase days are left in peace."
    )


class CareRuleUpdate(Input):
    """A merge patch of a care rule."""

    enabled: bool | None = Field(None, description="Whether the rule opens reminders.")
    parameters: CareParametersUpdate | None = Field(None, description="Only those sent change.")


class CareParameters(Output):
    """The parameters in force; null or empty where the rule has no such parameter."""

    due_after: timedelta | None = Field(description="From the fact to the reminder's due time.")
    expires_after: timedelta | None = Field(description="From the due time until the reminder expires.")
    max_age: timedelta | None = Field(description="The rule never fires for a fact older than this.")
    intervals: dict[str, timedelta | None] = Field(description="Longest time without a contact by tier.")
    levels: list[str] = Field(description="Churn levels that open a reminder.")
    min_purchase_days: int | None = Field(description="Customers with fewer purchase days are left in peace.")


class CareRuleRead(Output):
    """A care rule of the workspace."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    version: int
    code: RuleCode | str = Field(description="Which rule it is; stands in the `rule` of its reminders.")
    title: Text
    function: str = Field(description="Which of the five functions of contact it serves.")
    enabled: bool
    parameters: CareParameters
    created_at: AwareTime
    updated_at: AwareTime


class CareRulePage(Page[CareRuleRead]):
    """One page of care rules."""


class CareRuleQuery(ListQuery):
    """Filters and order of the list of care rules."""

    code: list[RuleCode] = Field(default_factory=list, max_length=10, description="Only these rules.")
    enabled: bool | None = Field(None, description="Only rules that are switched on, or only those that are off.")
    sort: Literal["code", "-code"] = Field("code", description="Order of the list.")


def rule_of(code: Code, stored: dict[str, object]) -> Rule:
    """Return a rule with the parameters that a workspace has set and the defaults of all others."""
    given = CareParametersUpdate.model_validate(stored).changes()
    if "intervals" in given:
        merged = {**RULES[Code.TIER_RHYTHM]().intervals, **given["intervals"]}  # type: ignore[union-attr]  # the rhythm has them
        given["intervals"] = {tier: interval for tier, interval in merged.items() if interval}
    if "levels" in given:
        given["levels"] = tuple(given["levels"])
    return RULES[code](**given)


def parameters_of(rule: Rule) -> CareParameters:
    """Return a rule's parameters as clients see them."""
    intervals = getattr(rule, "intervals", None)
    return CareParameters(
        due_after=getattr(rule, "due_after", None),
        expires_after=rule.expires_after,
        max_age=rule.max_age,
        intervals={} if intervals is None else {tier: intervals.get(tier) for tier in Tier.__args__},  # type: ignore[attr-defined]  # typing.get_args hides the type
        levels=list(getattr(rule, "levels", ())),
        min_purchase_days=getattr(rule, "min_purchase_days", None),
    )
