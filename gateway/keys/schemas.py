"""What clients send and get about API keys."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from gateway.access.rules import SCOPES
from gateway.keys.rules import parse_networks
from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, Output, Page, Ref, ShortText

MAX_SCOPES = 100
MAX_PLACES = 50
MAX_OVERLAP = timedelta(days=30)
ORIGIN = r"^https?://[a-z0-9.\[\]:-]{1,250}$"
DURATION = re.compile(r"P(?!$)(?:\d{1,3}W|(?:\d{1,4}D)?(?:T(?=\d)(?:\d{1,5}H)?(?:\d{1,6}M)?(?:\d{1,7}S)?)?)")


def known_scope(scope: str) -> str:
    """Return the scope; ValueError where there is none of that name."""
    if scope not in SCOPES:
        message = f"there is no scope {scope!r}"
        raise ValueError(message)
    return scope


def known_network(network: str) -> str:
    """Return the CIDR range in its usual spelling; ValueError where it is none."""
    return str(parse_networks([network])[0])


def written_as_duration(value: object) -> object:
    """Refuse numbers: a duration is ISO 8601 text, in weeks, days, hours, minutes, seconds."""
    if not isinstance(value, str) or not DURATION.fullmatch(value):
        message = "write an ISO 8601 duration such as PT24H"
        raise ValueError(message)
    return value


def short_enough(value: timedelta) -> timedelta:
    """Refuse an overlap beyond thirty days."""
    if value > MAX_OVERLAP:
        message = "at most P30D"
        raise ValueError(message)
    return value


Scope = Annotated[
    str,
    AfterValidator(known_scope),
    WithJsonSchema({"type": "string", "enum": sorted(SCOPES), "x-verbatim-enum": True}),
]
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=MAX_SCOPES)]
Origin = Annotated[str, StringConstraints(pattern=ORIGIN, max_length=260)]
Network = Annotated[str, StringConstraints(max_length=50), AfterValidator(known_network)]
Origins = Annotated[list[Origin], Field(max_length=MAX_PLACES)]
Networks = Annotated[list[Network], Field(max_length=MAX_PLACES)]
Overlap = Annotated[
    timedelta,
    BeforeValidator(written_as_duration),
    AfterValidator(short_enough),
    WithJsonSchema({"type": "string", "format": "duration", "maxLength": 32}),
]
Visibility = Literal["own", "team", "all"]
RepReference = Annotated[UUID | Literal["me"], Field(description="Id of a rep; `me` is the rep of the calling key.")]
EXAMPLE: dict[str, Any] = {"name": "Web shop", "scopes": ["people:read", "orders:write"], "networks": ["192.0.2.0/24"]}


class ApiKeyUpdate(Input):
    """What can be changed about a key; its text cannot, see `/rotate`."""

    name: ShortText = Field(default_factory=str)
    scopes: Scopes = Field(default_factory=list, description="All scopes that the key shall have.")
    rep_id: RepReference | None = Field(None, description="The rep whom the key stands for.")
    visibility: Visibility = Field("all", description="Whose customers it sees: own and team need `rep_id`.")
    origins: Origins = Field(default_factory=list, description="Web origins it works from; empty = any, also none.")
    networks: Networks = Field(default_factory=list, description="Networks it works from, as CIDR; empty = any.")
    expires_at: AwareTime | None = Field(None, description="When it stops to count; null = never.")


class ApiKeyCreate(ApiKeyUpdate):
    """A new key. Nobody grants a scope or a visibility that he does not have himself."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: ShortText
    scopes: Scopes = Field(description="What the key may do.")


class RotateCommand(Input):
    """How long the old key goes on to count beside the new one."""

    overlap: Overlap = Field(timedelta(hours=24), description="ISO 8601 duration, at most P30D.", examples=["PT24H"])


class Actor(Output):
    """Who did it."""

    id: UUID | None = Field(description="Null for the command line.")
    kind: str = Field(description="key, user, service or system.")


READ_EXAMPLE: dict[str, Any] = {
    "id": "0199c0de-0000-7000-8000-000000000001",
    "version": 1,
    "created_at": "2026-11-22T04:00:00Z",
    "updated_at": "2026-11-22T04:00:00Z",
    "name": "Web shop",
    "hint": "kith_live_3Fq8ZkP0aB_...x9Q1",
    "status": "active",
    "scopes": ["people:read", "orders:write"],
    "rep_id": None,
    "rep": None,
    "visibility": "all",
    "origins": [],
    "networks": ["192.0.2.0/24"],
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
    "rotated_from_id": None,
    "rotated_from": None,
    "created_by": {"id": None, "kind": "system"},
}


class ApiKeySummary(Output):
    """A key in a list."""

    id: UUID
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    name: str
    hint: str = Field(description="Start and end of the text, to tell keys apart.")
    status: str = Field(description="active, expired or revoked.")
    scopes: list[str]
    rep_id: UUID | None
    rep: Ref | None
    visibility: str = Field(description="own, team or all.")
    expires_at: AwareTime | None
    revoked_at: AwareTime | None
    last_used_at: AwareTime | None = Field(description="Written every few seconds, not with each request.")


class ApiKeyRead(ApiKeySummary):
    """A key, without its text."""

    model_config = ConfigDict(json_schema_extra={"examples": [READ_EXAMPLE]})

    origins: list[str]
    networks: list[str]
    rotated_from_id: UUID | None
    rotated_from: Ref | None
    created_by: Actor


class ApiKeyPage(Page[ApiKeySummary]):
    """A page of keys."""


class ApiKeyIssuedRead(ApiKeyRead):
    """A key with its text, which is shown this once only."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [READ_EXAMPLE | {"key": "kith_live_3Fq8ZkP0aB_<43 characters>_<6 characters>"}],
        }
    )

    key: str = Field(description="Keep it; it cannot be shown again.", json_schema_extra={"x-shown-once": True})


class ApiKeyQuery(ListQuery):
    """Filters of the list of keys."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")
    status: list[Literal["active", "expired", "revoked"]] = Field(
        default_factory=list, max_length=3, description="Only keys in these states."
    )
    rep_id: list[RepReference | Literal["null"]] = Field(
        default_factory=list, max_length=200, description="Only keys of these reps; `null` = of none."
    )
