"""What clients send and get about sources and deliveries."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from services.contacts.sources.rules import BUILT_IN, DeliveryStatus, HealthStatus, Platform
from services.contacts.vocabulary import EffectsName
from services.kit.texts import Text
from services.kit.web.schemas import AwareTime, Input, Output, Page, Ref, ShortText, Slug, SourceRef

MAX_OVERLAP_DAYS = 30


def check_overlap(overlap: timedelta) -> timedelta:
    """Return the overlap of two secrets if it is not negative and at most a month."""
    if not timedelta(0) <= overlap <= timedelta(days=MAX_OVERLAP_DAYS):
        message = f"an overlap is between PT0S and P{MAX_OVERLAP_DAYS}D"
        raise ValueError(message)
    return overlap


def check_key(key: str) -> str:
    """Return a key unless it is one that every workspace has from the start."""
    if key in BUILT_IN:
        message = "this key exists from the start"
        raise ValueError(message)
    return key


SourceKey = Annotated[
    Slug,
    AfterValidator(check_key),
    Field(description="Names the source in external ids; fixed. Made of the name where it is not given."),
]
Secret = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255),
    Field(description="What the shop signs its calls with. Kept encrypted and never shown again."),
]


class SourceCreate(Input):
    """A shop to connect, or a name for the ids of another system."""

    platform: Platform
    name: ShortText
    key: SourceKey | None = None
    secret: Secret | None = Field(None, json_schema_extra={"writeOnly": True})


class SourceUpdate(Input):
    """What can change about a source; its key and platform are fixed."""

    name: ShortText | None = None

    @field_validator("name")
    @classmethod
    def stays_named(cls, name: str | None) -> str | None:
        """Refuse null, which would take the name away."""
        if name is None:
            message = "a source has a name"
            raise ValueError(message)
        return name


class SecretCreate(Input):
    """A secret that replaces the ones before; without one we make one up."""

    secret: Secret | None = Field(None, json_schema_extra={"writeOnly": True})
    overlap: Annotated[
        timedelta,
        AfterValidator(check_overlap),
        Field(description="How long secrets before it are still accepted, at most P30D."),
    ] = timedelta(hours=24)


class ReplayCommand(Input):
    """Which deliveries to work out once more."""

    status: list[DeliveryStatus] = Field(default_factory=list, max_length=6, description="Only those; default: all.")
    received_after: AwareTime | None = None
    received_before: AwareTime | None = None
    effects: Annotated[EffectsName, Field(description="How far the facts reach this time.")] = "scores"


class SecretRead(Output):
    """A secret that is accepted, without the secret itself."""

    id: UUID
    last4: str
    created_at: AwareTime
    expires_at: AwareTime | None


class SecretCreated(SecretRead):
    """A new secret; what we made up is shown here and never again."""

    secret: str | None = Field(json_schema_extra={"x-shown-once": True})


class SourceHealth(Output):
    """How a source is doing."""

    status: Annotated[
        HealthStatus | str,
        Field(
            description="waiting: no call yet. ok: the latest call was taken. failing: it could not be applied."
            " blocked: its owner in the shop may not see what it is to send. rejecting: the latest call was not signed"
            " with a secret of ours. no_secret: none is known. no_calls: the platform does not call us."
        ),
    ]
    last_received_at: AwareTime | None
    last_rejected_at: AwareTime | None
    rejected: Annotated[int, Field(description="Calls whose signature did not fit, since the start.")]
    failed: Annotated[int, Field(description="Deliveries that could not be applied.")]
    parked: Annotated[int, Field(description="Deliveries that wait for something.")]


class SourceRead(Output):
    """A source."""

    id: UUID
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    key: str
    platform: Platform | str
    name: str
    status: str
    webhook_url: Annotated[str | None, Field(description="Where the shop calls; null where it does not call.")]
    health: SourceHealth
    secrets: list[SecretRead]


class SourceCreated(SourceRead):
    """A new source; a secret that we made up is shown here and never again."""

    secret: str | None = Field(json_schema_extra={"x-shown-once": True})


class SourcePage(Page[SourceRead]):
    """Sources, one page."""


class TopicRead(Output):
    """A kind of call that we read."""

    topic: Annotated[str, Field(description="As the platform names it.")]


class SetupRead(Output):
    """How to make a shop call us."""

    webhook_url: str | None
    topics: list[TopicRead]
    steps: list[Text]


class PlatformRead(Output):
    """A platform that can be connected."""

    platform: Platform | str
    name: str
    takes_calls: Annotated[bool, Field(description="Whether it calls us; else it is a name for external ids only.")]
    topics: list[TopicRead]


class PlatformPage(Page[PlatformRead]):
    """Platforms, all of them."""


class DeliverySummary(Output):
    """One call of a shop and what became of it."""

    id: UUID
    source_id: UUID
    source: SourceRef
    topic: str
    external_id: Annotated[
        str | None,
        Field(description="The shop's id of what the call is about.", json_schema_extra={"x-verbatim-id": True}),
    ]
    status: DeliveryStatus | str
    outcome: Annotated[str | None, Field(description="What that came to, for programs.")]
    error: str | None
    attempts: int
    received_at: AwareTime
    processed_at: AwareTime | None
    order_id: UUID | None
    order: Ref | None
    person_id: UUID | None
    person: Ref | None


class DeliveryRead(DeliverySummary):
    """One call of a shop with what it held."""

    headers: Annotated[
        dict[str, str], Field(description="Headers of the platform; empty without deliveries:read_body.")
    ]
    body: Annotated[str | None, Field(description="The body as text; null without the scope deliveries:read_body.")]


class DeliveryPage(Page[DeliverySummary]):
    """Deliveries, one page."""


class ReplayRead(Output):
    """How much was put in line again."""

    queued: Annotated[int, Field(description="Deliveries put in line.")]
    next_received_after: Annotated[
        AwareTime | None, Field(description="Ask again with this as `received_after`: more fit. Null: that was all.")
    ]
