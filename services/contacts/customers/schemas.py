"""What other services ask about customers, and get; none of it is public."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.contacts.vocabulary import CustomerKind
from services.kit.web.schemas import AwareTime, Input, Output, Ref, SourceRef

MAX_ASKED = 2000


class AskedIds(Input):
    """Ids of one workspace."""

    ids: Annotated[list[UUID], Field(max_length=MAX_ASKED)]


class NamesRead(Output):
    """References with their names; ids that name nothing are left out."""

    items: list[SourceRef | Ref]


class ProfileRead(Output):
    """What the care of a customer needs to know."""

    id: UUID
    type: CustomerKind
    version: int
    created_at: AwareTime
    deleted: bool
    merged_into: UUID | None
    display_name: str | None
    owner_rep_id: UUID | None
    tags: list[str]
    lifecycle_stage: str | None
    region: str | None
    do_not_contact: bool
    do_not_pursue: bool
    internal: bool
    time_zone: str | None
    locale: str | None
    preferred_channel: str | None
    contact_hours: list[dict[str, object]]


class AudienceRead(Output):
    """Profiles of customers; ids of nobody are left out."""

    items: list[ProfileRead]


class CustomerRead(Output):
    """A customer as the composed views show it: the person or account in full, by its kind."""

    id: UUID
    type: CustomerKind
    customer: dict[str, object]
