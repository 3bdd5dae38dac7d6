"""What clients get about jobs."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Output, Page

Number = Annotated[int, Field(json_schema_extra={"x-count": True})]
Status = Literal["queued", "running", "paused", "cancelling", "cancelled", "succeeded", "failed"]


class JobProblem(Output):
    """Why a job failed: a problem as an answer would state it."""

    type: str
    title: str
    status: int
    detail: str


class JobRead(Output):
    """A piece of long work and how far it is."""

    id: UUID
    type: str
    version: int
    kind: str
    title: str | None
    status: str = Field(description="queued, running, paused, cancelling, cancelled, succeeded or failed.")
    progress: float = Field(description="From 0 to 1.")
    total: Number | None
    done: Number
    failed: Number
    skipped: Number
    result: dict[str, Any] | None = Field(description="What came out; its members depend on the kind.")
    result_url: str | None
    errors_url: str | None
    problem: JobProblem | None
    created_at: AwareTime
    updated_at: AwareTime
    started_at: AwareTime | None
    finished_at: AwareTime | None


class JobPage(Page[JobRead]):
    """Jobs, one page."""


class JobQuery(ListQuery):
    """Filters of the list of jobs."""

    kind: list[Annotated[str, StringConstraints(min_length=1, max_length=64)]] = Field(
        default_factory=list, max_length=20, description="Only jobs of these kinds."
    )
    status: list[Status] = Field(default_factory=list, max_length=7, description="Only jobs in these states.")
    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")
