"""What clients send and get about accounts."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints, model_validator

from services.contacts.conditions import MAX_CHOICES, Choice, RepChoice
from services.contacts.vocabulary import (
    ActivityRead,
    CustomFields,
    CustomKey,
    CustomNumber,
    CustomText,
    CustomValue,
    CustomWhole,
    Designation,
    DesignationRead,
    Embedding,
    ExternalIdentifier,
    ExternalIdentifierRead,
    RepReference,
    Stage,
    Tags,
)
from services.kit.money import Money
from services.kit.web.batches import MAX_BATCH, Item
from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, Output, Page, Ref, ShortText

Domain = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s@/:.]{1,63}(\.[^\s@/:.]{1,63})+$", max_length=253),
    AfterValidator(str.lower),
    Field(description="Domain name in any script; for reading only, it joins nobody.", examples=["tea.example"]),
]
Relation = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
ProfileValue = bool | CustomWhole | CustomNumber | CustomText | Annotated[list[CustomText], Field(max_length=50)] | None
Profile = Annotated[
    dict[CustomKey, ProfileValue],
    Field(
        max_length=100,
        description="What we know of the organisation: name to text, list of texts, number, truth value or null.",
    ),
]

EXAMPLE: dict[str, Any] = {
    "name": "Sun Moon Tea Co.",
    "domain": "sunmoontea.example",
    "industry": "beverages",
    "region": "central",
    "relations": ["oem"],
    "profile": {"credit_terms": "net 30", "competitors": ["Alishan Leaf"]},
    "potential": {
        "total_market": {"amount": "1200000.00", "currency": "TWD"},
        "not_serviceable": {"amount": "200000.00", "currency": "TWD"},
    },
    "external_ids": [{"source": "import", "id": "A-13"}],
}


class Potential(Input):
    """What the customer could buy of anybody, and the part of it that we cannot serve."""

    total_market: Money | None = None
    not_serviceable: Money | None = None

    @model_validator(mode="after")
    def speaks_one_currency(self) -> Self:
        """Refuse two currencies."""
        if self.total_market and self.not_serviceable and self.total_market.currency != self.not_serviceable.currency:
            message = "both amounts are in one currency"
            raise ValueError(message)
        return self


class AccountUpdate(Input):
    """A merge patch: fields that are sent replace, null empties, fields left out stay."""

    name: ShortText | None = None
    domain: Domain | None = None
    industry: ShortText | None = None
    region: ShortText | None = None
    relations: Annotated[list[Relation], Field(max_length=20)] | None = None
    profile: Profile | None = None
    potential: Potential | None = None
    tags: Tags | None = None
    custom: CustomFields | None = None
    owner_rep_id: RepReference | None = None
    designation: Designation | None = None
    lifecycle_stage: Stage | None = None
    do_not_contact: bool | None = None
    do_not_pursue: bool | None = None
    internal: bool | None = Field(None, description="Our own organisation or test data: never scored.")


class AccountUpsert(AccountUpdate):
    """What another system knows about an account; only fields that are sent change."""

    external_ids: Annotated[list[ExternalIdentifier], Field(max_length=20)] | None = Field(
        None, description="Further ids; they are added to those known."
    )


class AccountCreate(AccountUpsert):
    """A new account."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: ShortText


class PotentialRead(Output):
    """What the customer could buy of anybody, and the part of it that we cannot serve."""

    total_market: Money | None
    not_serviceable: Money | None


class AccountSummary(Output):
    """An account in a list."""

    id: UUID
    type: str
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    deleted_at: AwareTime | None
    name: str
    display_name: str
    domain: str | None
    industry: str | None
    region: str | None
    relations: list[str]
    tags: list[str]
    owner_rep_id: UUID | None
    owner_rep: Ref | None
    lifecycle_stage: Stage | str | None
    do_not_contact: bool
    external_ids: list[ExternalIdentifierRead]
    activity: ActivityRead | None = Field(description="With `include=activity` only.")


class AccountRead(AccountSummary):
    """Everything we know about an account."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    profile: dict[str, ProfileValue]
    potential: PotentialRead
    custom: dict[str, CustomValue]
    designation: DesignationRead | None
    do_not_pursue: bool
    internal: bool


class AccountPage(Page[AccountSummary]):
    """Accounts, one page."""


class AccountsBatchCommand(Input):
    """Accounts to create; each is judged on its own."""

    items: Annotated[list[Item[AccountCreate]], Field(min_length=1, max_length=MAX_BATCH)]


class AccountLookupCommand(Input):
    """The id by which another system knows an account."""

    external_id: ExternalIdentifier


class AccountQuery(Embedding, ListQuery):
    """Filters of the list of accounts; a repeated one means: any of these."""

    domain: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Has this domain; `null` = has none that we know."
    )
    industry: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Is in this industry; `null` = in none that we know."
    )
    region: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Is in this region; `null` = in none that we know."
    )
    tag: list[Choice] = Field(default_factory=list, max_length=MAX_CHOICES, description="Has this tag.")
    owner_rep_id: list[RepChoice] = Field(
        default_factory=list,
        max_length=MAX_CHOICES,
        description="Is looked after by this rep; `null` = by nobody, `me` = by the rep of the key.",
    )
    source: list[Choice] = Field(default_factory=list, max_length=MAX_CHOICES, description="Has an id in this source.")
    external_id: list[Choice] = Field(
        default_factory=list,
        max_length=MAX_CHOICES,
        description="Has this id in `source`, or in any where none is given.",
    )
    lifecycle_stage: list[Literal[Stage, "null"]] = Field(
        default_factory=list, max_length=5, description="Is at this stage; `null` = at none."
    )
    created_after: AwareDatetime | None = Field(None, description="Created later than this.")
    created_before: AwareDatetime | None = Field(None, description="Created earlier than this.")
    updated_after: AwareDatetime | None = Field(None, description="Changed later than this.")
    updated_before: AwareDatetime | None = Field(None, description="Changed earlier than this.")
    deleted: bool = Field(default=False, description="List what was deleted instead.")
    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = Field(
        "-created_at", description="Order of the list."
    )
