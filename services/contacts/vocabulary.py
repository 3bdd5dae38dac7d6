"""Words and small shapes that several features of contacts share: stages, channels, external ids, custom fields."""

from typing import Annotated, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.kit.problems import invalid_body
from services.kit.web.schemas import AwareTime, ExternalId, Input, Output, Ref, Slug, Tag

Stage = Literal["lead", "prospect", "customer", "former"]
Channel = Literal["visit", "call", "email", "chat", "sms", "social", "event", "gift", "other"]
CustomerKind = Literal["person", "account"]
EffectsName = Literal["none", "scores", "all"]
OnMatch = Literal["reject", "link"]

T = TypeVar("T")
MAX_TAGS = 100
MAX_CUSTOM = 100


def check_zone(name: str) -> str:
    """Return the name of an IANA time zone; ValueError if there is none of that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        message = "not an IANA time zone"
        raise ValueError(message) from error
    return name


TimeZone = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    AfterValidator(check_zone),
    Field(description="IANA time zone.", examples=["Asia/Taipei"]),
]
LocaleTag = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$", max_length=35),
    Field(description="BCP 47 language tag.", examples=["zh-Hant-TW"]),
]
RepReference = Annotated[UUID | Literal["me"], Field(description="Id of a rep; `me` is the rep of the key.")]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS)]

CustomKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
CustomText = Annotated[str, StringConstraints(max_length=1000)]
CustomNumber = Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]
CustomWhole = Annotated[int, Field(ge=-(10**15), le=10**15)]
CustomValue = bool | CustomWhole | CustomNumber | CustomText | None
CustomFields = Annotated[
    dict[CustomKey, CustomValue],
    Field(max_length=MAX_CUSTOM, description="Fields of your own: name to text, number, truth value or null."),
]


class ExternalIdentifier(Input):
    """How another system names the same thing: the key of a source, and its id there."""

    source: Annotated[Slug, Field(description="`key` of a source; `import` and `manual` exist from the start.")]
    id: Annotated[ExternalId, Field(json_schema_extra={"x-verbatim-id": True})]


class ExternalIdentifierRead(Output):
    """How another system names the same thing."""

    source: str
    id: Annotated[str, Field(json_schema_extra={"x-verbatim-id": True})]


class Designation(Input):
    """The customer asked to be looked after by this rep."""

    rep_id: RepReference
    asked_at: AwareTime


class DesignationRead(Output):
    """The rep whom the customer asked for, and when."""

    rep_id: UUID
    rep: Ref | None
    asked_at: AwareTime | None


class ActivityRead(Output):
    """How much has happened with a customer, and when last; null where the key may not read it."""

    orders_count: int | None = Field(description="Without tests, drafts, failures and cancellations.")
    last_order_at: AwareTime | None
    interactions_count: int | None
    last_interaction_at: AwareTime | None


class Embedding(BaseModel):
    """What a read of customers shall embed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include: list[Literal["activity"]] = Field(
        default_factory=list,
        max_length=5,
        description="Embed more: `activity` counts orders and interactions, and says when the last ones were.",
    )


class TagsCommand(Input):
    """Tags to add and to remove, in one step; a tag in both is removed."""

    add: Tags = Field(default_factory=list)
    remove: Tags = Field(default_factory=list)


def within(values: list[T], most: int) -> list[T]:
    """Return what a verb has made of an array; Invalid where it grew beyond what the array may hold."""
    if len(values) > most:
        raise invalid_body("#/add", f"There would be {len(values)}; at most {most} are kept.", "too_long")
    return values
