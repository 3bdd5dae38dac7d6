"""Scores as they stand in requests and answers."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, StringConstraints

from services.kit.money import Money
from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, LocalDate, Output, Page, Ref
from services.kit.web.typed import as_written

KindName = Literal["value_tier", "customer_class", "rfm", "churn_risk"]
CauseName = Literal["fact", "time", "recompute", "sweep"]
Value = Annotated[str, StringConstraints(min_length=1, max_length=64)]
AsOf = Annotated[
    AwareDatetime | None,
    BeforeValidator(partial(as_written, "datetime")),
    Field(description="Facts with their own time up to then, under that time's policy and recorded cut-offs."),
]
MAX_CHOICES = 50


class PolicyMark(Output):
    """The policy that a score was computed by."""

    id: UUID | None
    version: int


class Confidence(Output):
    """What a score rests on."""

    n: int = Field(description="Counting orders or purchase days behind it.")
    customers: int | None = Field(description="Customers it was ranked among; null where nobody is ranked.")


class ReasonRead(Output):
    """One reason of a score; the points of all of them add up to the score's."""

    code: str
    text: str
    params: dict[str, Any] = Field(description="The values in the text, by name; money and dates are typed.")
    points: float
    evidence: dict[str, Any] = Field(description="The facts behind it, by name: ids, figures, money, dates.")


class StepRead(Output):
    """One way to the next label, enough on its own."""

    measure: str
    have: str = Field(description="Decimal text, in the reporting currency for money.")
    need: str
    by: LocalDate | None
    text: str


class WayRead(Output):
    """The next label up."""

    label: str
    steps: list[StepRead]


class Threat(Output):
    """What brings a worse label if nothing new happens."""

    measure: str
    at: LocalDate
    text: str


class ThreatRead(Output):
    """The next label down."""

    label: str
    threat: Threat


class NextRead(Output):
    """What would change a score."""

    model_config = ConfigDict(populate_by_name=True)

    label: str | None
    needs: str | None
    at_risk_of: str | None
    condition: str | None = Field(alias="if")
    up: WayRead | None
    down: ThreatRead | None


class ScoreRead(Output):
    """A score of a customer, with its reasons and what would change it."""

    customer_id: UUID
    customer: Ref
    kind: KindName | str
    value: str | None
    number: str | None = Field(description="A measured result as decimal text; null for kinds that are labels.")
    money: Money | None
    points: float | None = Field(description="At most two decimals; null = unknown.")
    as_of: AwareTime
    policy: PolicyMark
    confidence: Confidence
    missing: list[str] = Field(description="What would have to be known.")
    previous_value: str | None
    changed_at: AwareTime | None = Field(description="Since when the value is what it is.")
    scored_as: UUID | None = Field(description="The account that this person's orders are credited to.")
    detail: dict[str, Any] = Field(description="More about the score, by name; rfm has r, f and m.")
    reasons: list[ReasonRead] = Field(description="By the size of their points; these add up to the score's.")
    next: NextRead | None = Field(description="Null where nothing is known that would change it.")


class CustomerScoresRead(Output):
    """All scores of a customer."""

    customer_id: UUID
    customer: Ref
    as_of: AwareTime
    scores: dict[str, ScoreRead] = Field(description="Scores by kind.")


class ScoreChangeRead(Output):
    """What was published about a score at one time."""

    id: UUID
    customer_id: UUID
    customer: Ref
    kind: KindName | str
    value: str | None
    previous_value: str | None
    points: float | None
    previous_points: float | None
    as_of: AwareTime
    policy: PolicyMark
    cause: CauseName | str = Field(description="fact, time, recompute or sweep.")
    missing: list[str]
    reasons: list[ReasonRead]
    detail: dict[str, Any] = Field(description="More about the score, by name.")


class ScorePage(Page[ScoreRead]):
    """Scores, one page."""


class ScoreChangePage(Page[ScoreChangeRead]):
    """Changes of scores, one page."""


class ScoreQuery(ListQuery):
    """Filters and order of the list of scores; `ids` are ids of customers."""

    kind: KindName = Field("value_tier", description="The kind of score to list.")
    value: list[Value] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Has one of these values; `null` = has none."
    )
    customer_id: list[UUID] = Field(default_factory=list, max_length=200, description="Of these customers.")
    customer_type: Literal["person", "account"] | None = Field(None, description="Of persons or of accounts only.")
    changed_after: AwareDatetime | None = Field(None, description="Whose value changed later than this.")
    changed_before: AwareDatetime | None = Field(None, description="Whose value changed earlier than this.")
    as_of: AsOf = None
    sort: Literal["points", "-points", "changed_at", "-changed_at"] = Field("-points", description="Order of the list.")


class ScoreChangeQuery(ListQuery):
    """Filters and order of the history of a customer's scores."""

    kind: list[KindName] = Field(default_factory=list, max_length=10, description="Only these kinds.")
    as_of_after: AwareDatetime | None = Field(None, description="Published for a later time than this.")
    as_of_before: AwareDatetime | None = Field(None, description="Published for an earlier time than this.")
    sort: Literal["as_of", "-as_of"] = Field("-as_of", description="Order of the list.")


class RecomputeCommand(Input):
    """What to score anew: nothing given means everything, now."""

    kinds: list[KindName] = Field(default_factory=list, max_length=10, description="Only these kinds; all by default.")
    as_of: AwareDatetime | None = Field(
        None, description="Score everybody as of this time, beside the present scores, which do not move."
    )
