"""The view of one customer. What other services show stands here by the names that it has in the document."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, WithJsonSchema

from services.kit.money import Money
from services.kit.web.schemas import AwareTime, Output

Shown = dict[str, Any]


def foreign(*names: str) -> WithJsonSchema:
    """Return the schema that another service describes; the merged document turns it into a reference."""
    found: list[dict[str, Any]] = [{"x-kith-schema": name} for name in names]
    return WithJsonSchema(found[0] if len(found) == 1 else {"anyOf": found})


Customer = Annotated[Shown, foreign("PersonRead", "AccountRead")]
Order = Annotated[Shown, foreign("OrderSummary")]
Interaction = Annotated[Shown, foreign("InteractionSummary")]
Score = Annotated[Shown, foreign("ScoreRead")]
Reminder = Annotated[Shown, foreign("ReminderRead")]
Later = Annotated[Shown, WithJsonSchema({"type": "object", "description": "Not kept yet.", "x-documented-map": True})]
Number = Annotated[int, Field(json_schema_extra={"x-count": True})]


class OrderTotals(Output):
    """All orders of a customer but drafts, failures, cancellations and tests; sums by currency, most used first."""

    count: Number
    net: list[Money]
    refunded: list[Money]
    first_placed_at: AwareTime | None
    last_placed_at: AwareTime | None


class OrdersPart(Output):
    """The latest orders, and what all of them add up to."""

    items: list[Order]
    totals: OrderTotals


class InteractionsPart(Output):
    """The latest interactions."""

    items: list[Interaction]


class RemindersPart(Output):
    """The open reminders, the most urgent first."""

    items: list[Reminder]


class CasesPart(Output):
    """The open cases."""

    items: list[Later]


class MessagesPart(Output):
    """The latest messages."""

    items: list[Later]


class UnavailablePart(Output):
    """A part that is null because its service could not be asked, or because the key may not read it."""

    part: str
    service: str
    problem: str = Field(description="Type of the problem, the last part of its address.")


class Customer360Read(Output):
    """Everything about one customer. Every key is there; a part that is null is listed in `unavailable`."""

    model_config = ConfigDict(json_schema_extra={"x-composed": True})

    id: UUID
    customer: Customer | None
    orders: OrdersPart | None
    interactions: InteractionsPart | None
    cases: CasesPart | None
    scores: dict[str, Score] | None = Field(description="By kind.")
    reminders: RemindersPart | None
    messages: MessagesPart | None
    unavailable: list[UnavailablePart]
