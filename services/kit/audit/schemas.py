"""What clients get about who changed what."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Output, Page, Ref

MAX_CHOICES = 50
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Values = Annotated[dict[str, Any] | None, Field(json_schema_extra={"x-documented-map": True})]

EXAMPLE: dict[str, Any] = {
    "id": "0199c0de-0000-7000-8000-0000000000a1",
    "occurred_at": "2026-11-22T04:00:00Z",
    "actor": {"id": "0199c0de-0000-7000-8000-000000000001", "kind": "key"},
    "rep_id": None,
    "rep": None,
    "key_id": "0199c0de-0000-7000-8000-000000000001",
    "key": {"id": "0199c0de-0000-7000-8000-000000000001", "type": "api_key", "display_name": "Web shop"},
    "service": None,
    "operation": "update_person",
    "request_id": "0199c0de-0000-7000-8000-0000000000b2",
    "object_type": "person",
    "object_id": "0199c0de-0000-7000-8000-0000000000c3",
    "object": {"id": "0199c0de-0000-7000-8000-0000000000c3", "type": "person", "display_name": "Wang Mei"},
    "before": {"lifecycle_stage": "lead"},
    "after": {"lifecycle_stage": "customer"},
    "position": 17,
    "redacted_at": None,
}


class AuditActor(Output):
    """Who did it."""

    id: UUID | None = Field(description="Null for the command line.")
    kind: str = Field(description="key, user, service or system.")


class AuditEntryRead(Output):
    """One change of one object, or one reading that is written down."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    occurred_at: AwareTime
    actor: AuditActor
    rep_id: UUID | None = Field(description="The rep whom the actor stands for.")
    rep: Ref | None
    key_id: UUID | None = Field(description="The API key that was used.")
    key: Ref | None
    service: str | None = Field(description="The service that acted on the actor's behalf; null for a direct call.")
    operation: str = Field(description="The operationId, or the name of a command.")
    request_id: str | None = Field(json_schema_extra={"x-verbatim-id": True})
    object_type: str
    object_id: UUID | None
    object: Ref | None
    before: Values = Field(
        description="Changed values by column as they were; null for what was created, and for a reading."
    )
    after: Values = Field(
        description="Changed values by column as they became; null for what was removed, and for a reading."
    )
    position: Annotated[int, Field(json_schema_extra={"x-count": True})] | None = Field(
        description="Place in the chain of its service; null during the first second."
    )
    redacted_at: AwareTime | None = Field(description="When the values were erased; the chain still holds.")


class AuditEntryPage(Page[AuditEntryRead]):
    """Audit entries, one page."""


class AuditQuery(ListQuery):
    """Filters of the audit; a repeated one means: any of these."""

    actor_id: list[UUID] = Field(default_factory=list, max_length=MAX_CHOICES, description="Only what these did.")
    object_type: list[Name] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Only objects of these types."
    )
    object_id: list[UUID] = Field(default_factory=list, max_length=MAX_CHOICES, description="Only these objects.")
    operation: list[Name] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Only what these operations did."
    )
    occurred_after: AwareTime | None = Field(None, description="Later than this.")
    occurred_before: AwareTime | None = Field(None, description="Earlier than this.")
    sort: Literal["occurred_at", "-occurred_at"] = Field("-occurred_at", description="Order of the list.")
