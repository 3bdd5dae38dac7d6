"""What clients send and get about reps."""

from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from services.contacts.people.schemas import EmailAddress
from services.contacts.vocabulary import LocaleTag, TimeZone
from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, Output, Page, ShortText

EXAMPLE: dict[str, Any] = {
    "display_name": "林雅婷",
    "email": "yating@example.com",
    "locale": "zh-Hant",
    "time_zone": "Asia/Taipei",
    "active": True,
}


class RepCreate(Input):
    """A new member of staff."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    display_name: ShortText
    email: EmailAddress | None = None
    locale: LocaleTag | None = None
    time_zone: TimeZone | None = None
    active: bool = Field(default=True, description="False for those who have left; their history stays.")


class RepUpdate(Input):
    """A merge patch: fields that are sent replace, null empties, fields left out stay."""

    display_name: ShortText | None = None
    email: EmailAddress | None = None
    locale: LocaleTag | None = None
    time_zone: TimeZone | None = None
    active: bool | None = None


class RepRead(Output):
    """A member of staff who looks after customers."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    type: str
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    display_name: str
    email: str | None
    locale: str | None
    time_zone: str | None
    active: bool


class RepPage(Page[RepRead]):
    """Reps, one page."""


class RepQuery(ListQuery):
    """Filters of the list of reps."""

    active: bool | None = Field(None, description="Only those who are here, or only those who have left.")
    email: list[EmailAddress] = Field(default_factory=list, max_length=50, description="Has this e-mail address.")
    created_after: AwareTime | None = Field(None, description="Created later than this.")
    created_before: AwareTime | None = Field(None, description="Created earlier than this.")
    updated_after: AwareTime | None = Field(None, description="Changed later than this.")
    updated_before: AwareTime | None = Field(None, description="Changed earlier than this.")
    sort: Literal["display_name", "-display_name", "created_at", "-created_at"] = Field(
        "display_name", description="Order of the list."
    )
