"""Scoring policies as they stand in answers."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from services.kit.web import ListQuery, Output, Page
from services.scoring.policies.rules import Policy

StatusName = Literal["draft", "active", "retired"]
SortName = Literal["version", "-version", "created_at", "-created_at"]


class PolicyRead(Output):
    """One version of the scoring rules of a workspace."""

    id: UUID
    version: int = Field(description="The number that scores name as their policy.")
    status: StatusName | str = Field(description="draft, active or retired.")
    rules: Policy
    created_at: datetime
    activated_at: datetime | None


class PolicySummary(Output):
    """A version of the scoring rules in a list."""

    id: UUID
    version: int
    status: StatusName | str
    created_at: datetime
    activated_at: datetime | None


class PolicyQuery(ListQuery):
    """Filters and order of the list of policies."""

    status: list[StatusName] = Field(default_factory=list, max_length=3, description="Only these statuses.")
    sort: SortName = Field("-version", description="Order of the list.")


PolicyPage = Page[PolicySummary]
