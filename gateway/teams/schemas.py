"""What clients send and get about teams."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, Output, Page, Ref, ShortText

MAX_REPS = 100
EXAMPLE: dict[str, Any] = {"name": "North", "rep_ids": ["0199c0de-0000-7000-8000-000000000007"]}
RepIds = Annotated[list[UUID], Field(max_length=MAX_REPS, description="Reps who see one another's customers.")]


class TeamCreate(Input):
    """A new team."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: ShortText
    rep_ids: RepIds = Field(default_factory=list)


class TeamUpdate(Input):
    """A merge patch: fields that are sent replace."""

    name: ShortText | None = None
    rep_ids: RepIds | None = None


class TeamRepsCommand(Input):
    """Reps to add and to remove, in one step; one in both is removed."""

    add: RepIds = Field(default_factory=list)
    remove: RepIds = Field(default_factory=list)


class TeamRead(Output):
    """Reps who see one another's customers."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    type: str
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    name: str
    display_name: str
    rep_ids: list[UUID]
    reps: list[Ref]


class TeamPage(Page[TeamRead]):
    """Teams, one page."""


class TeamQuery(ListQuery):
    """Filters of the list of teams."""

    rep_id: list[UUID | Literal["me"]] = Field(
        default_factory=list, max_length=50, description="With one of these reps; `me` is the rep of the key."
    )
    sort: Literal["name", "-name", "created_at", "-created_at"] = Field("name", description="Order of the list.")
