"""What clients send and get about people."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from services.contacts.people import rules
from services.contacts.vocabulary import (
    ActivityRead,
    Channel,
    CustomFields,
    CustomValue,
    Designation,
    DesignationRead,
    ExternalIdentifier,
    ExternalIdentifierRead,
    LocaleTag,
    RepReference,
    Stage,
    Tags,
    TimeZone,
)
from services.kit.web.batches import MAX_BATCH, Item
from services.kit.web.schemas import AwareTime, CountryCode, Input, Output, Page, Ref, ShortText

MAX_POINTS = 20
MAX_EXTERNAL_IDS = 20
NAMES = ("given_name", "family_name", "display_name")
WAYS_TO_RECOGNISE = (*NAMES, "emails", "phones", "handles", "external_ids")

EmailAddress = Annotated[
    str,
    StringConstraints(max_length=rules.MAX_EMAIL),
    AfterValidator(rules.normalise_email),
    Field(description="Stored in lower case.", examples=["ming@example.com"]),
]
PhoneNumber = Annotated[
    str,
    StringConstraints(min_length=2, max_length=40),
    Field(
        description="Any usual spelling; without a country code the workspace's region decides. Answers have E.164.",
        examples=["+886912345678"],
    ),
]
Birthday = Annotated[
    str,
    StringConstraints(max_length=10),
    AfterValidator(rules.check_birthday),
    Field(description="`1990-05-17`, or `--05-17` where the year is not known.", examples=["1990-05-17"]),
]
ClockTime = Annotated[
    str, StringConstraints(max_length=5), AfterValidator(rules.check_clock_time), Field(examples=["09:00"])
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class EmailEntry(Input):
    """An e-mail address of a person; staff vouch for what they enter, so it counts as verified."""

    address: EmailAddress
    primary: bool = False


class PhoneEntry(Input):
    """A telephone number of a person."""

    number: PhoneNumber
    primary: bool = False


class AddressEntry(Input):
    """A postal address; every line is optional, since countries differ."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$", max_length=40)] = Field(
        "home", description="What it is for: home, billing, shipping, ..."
    )
    name: ShortText | None = None
    company: ShortText | None = None
    lines: Annotated[list[ShortText], Field(max_length=5)] = Field(default_factory=list)
    city: ShortText | None = None
    region: ShortText | None = None
    postal_code: ShortText | None = None
    country: CountryCode | None = None


class HandleEntry(Input):
    """A name on a social or chat network."""

    network: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", max_length=40)]
    handle: ShortText


class ContactHours(Input):
    """When the person likes to be contacted, in his or her own time zone."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    from_: Annotated[ClockTime, Field(alias="from")]
    to: ClockTime

    @model_validator(mode="after")
    def ends_after_it_begins(self) -> Self:
        """Refuse an empty or turned-round span."""
        if self.from_ >= self.to:
            message = "`to` must be later than `from`"
            raise ValueError(message)
        return self


Emails = Annotated[list[EmailEntry], Field(max_length=MAX_POINTS)]
Phones = Annotated[list[PhoneEntry], Field(max_length=MAX_POINTS)]
Addresses = Annotated[list[AddressEntry], Field(max_length=MAX_POINTS)]
Handles = Annotated[list[HandleEntry], Field(max_length=MAX_POINTS)]
Hours = Annotated[list[ContactHours], Field(max_length=14)]
ExternalIds = Annotated[list[ExternalIdentifier], Field(max_length=MAX_EXTERNAL_IDS)]

EXAMPLE: dict[str, Any] = {
    "given_name": "小明",
    "family_name": "王",
    "emails": [{"address": "ming@example.com", "primary": True}],
    "phones": [{"number": "+886912345678"}],
    "birthday": "--05-17",
    "locale": "zh-Hant-TW",
    "time_zone": "Asia/Taipei",
    "tags": ["tea"],
    "external_ids": [{"source": "import", "id": "207119551"}],
}


class PersonUpdate(Input):
    """A merge patch: fields that are sent replace, null empties, fields left out stay."""

    given_name: ShortText | None = None
    family_name: ShortText | None = None
    display_name: ShortText | None = None
    phonetic_name: ShortText | None = None
    emails: Emails | None = None
    phones: Phones | None = None
    addresses: Addresses | None = None
    handles: Handles | None = None
    birthday: Birthday | None = None
    locale: LocaleTag | None = None
    time_zone: TimeZone | None = None
    region: ShortText | None = None
    preferred_channel: Channel | None = None
    contact_hours: Hours | None = None
    tags: Tags | None = None
    custom: CustomFields | None = None
    owner_rep_id: RepReference | None = None
    designation: Designation | None = None
    lifecycle_stage: Stage | None = None
    do_not_contact: bool | None = None
    do_not_pursue: bool | None = None
    internal: bool | None = Field(None, description="Our own staff or test data: never scored.")


class PersonUpsert(PersonUpdate):
    """What another system knows about a person; only fields that are sent change."""

    external_ids: ExternalIds | None = Field(None, description="Further ids; they are added to those known.")


class PersonCreate(PersonUpsert):
    """A new person: everything is optional, but there must be a way to recognise him or her."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    @model_validator(mode="after")
    def can_be_recognised(self) -> Self:
        """Refuse a person without name, address, number, handle or external id."""
        if not any(getattr(self, name) for name in WAYS_TO_RECOGNISE):
            message = "give at least one of: a name, emails, phones, handles, external_ids"
            raise ValueError(message)
        return self


class EmailsCommand(Input):
    """Addresses to add and to remove, in one step."""

    add: Emails = Field(default_factory=list)
    remove: Annotated[list[EmailAddress], Field(max_length=MAX_POINTS)] = Field(default_factory=list)


class PhonesCommand(Input):
    """Numbers to add and to remove, in one step."""

    add: Phones = Field(default_factory=list)
    remove: Annotated[list[PhoneNumber], Field(max_length=MAX_POINTS)] = Field(default_factory=list)


class AddressesCommand(Input):
    """Postal addresses to add and to remove, in one step."""

    add: Addresses = Field(default_factory=list)
    remove: Addresses = Field(default_factory=list)


class HandlesCommand(Input):
    """Handles to add and to remove, in one step."""

    add: Handles = Field(default_factory=list)
    remove: Handles = Field(default_factory=list)


class LookupCommand(Input):
    """What is known of a person; give one of e-mail address, telephone number, external id."""

    email: EmailAddress | None = None
    phone: PhoneNumber | None = None
    external_id: ExternalIdentifier | None = None

    @model_validator(mode="after")
    def asks_for_something(self) -> Self:
        """Refuse an empty question."""
        if not (self.email or self.phone or self.external_id):
            message = "give one of email, phone, external_id"
            raise ValueError(message)
        return self


class EmailRead(Output):
    """An e-mail address; verified = set by staff or seen in a signed delivery."""

    address: str
    primary: bool
    verified: bool


class PhoneRead(Output):
    """A telephone number in E.164."""

    number: str
    primary: bool


class AddressRead(Output):
    """A postal address."""

    kind: str
    name: str | None
    company: str | None
    lines: list[str]
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None


class HandleRead(Output):
    """A name on a social or chat network."""

    network: str
    handle: str


class ContactHoursRead(Output):
    """When the person likes to be contacted."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    days: list[Weekday | str]
    from_: Annotated[str, Field(alias="from")]
    to: str


class PersonSummary(Output):
    """A person in a list."""

    id: UUID
    type: str
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    deleted_at: AwareTime | None
    display_name: str | None
    given_name: str | None
    family_name: str | None
    phonetic_name: str | None
    emails: list[EmailRead]
    phones: list[PhoneRead]
    region: str | None
    tags: list[str]
    owner_rep_id: UUID | None
    owner_rep: Ref | None
    lifecycle_stage: Stage | str | None
    do_not_contact: bool
    external_ids: list[ExternalIdentifierRead]
    activity: ActivityRead | None = Field(description="With `include=activity` only.")


class PersonRead(PersonSummary):
    """Everything we know about a person."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    addresses: list[AddressRead]
    handles: list[HandleRead]
    birthday: str | None
    locale: str | None
    time_zone: str | None
    preferred_channel: Channel | str | None
    contact_hours: list[ContactHoursRead]
    custom: dict[str, CustomValue]
    designation: DesignationRead | None
    do_not_pursue: bool
    internal: bool


class PersonPage(Page[PersonSummary]):
    """People, one page."""


class PeopleBatchCommand(Input):
    """People to create; each is judged on its own."""

    items: Annotated[list[Item[PersonCreate]], Field(min_length=1, max_length=MAX_BATCH)]
