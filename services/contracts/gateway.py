"""Events of the gateway: the settings of a workspace."""

from typing import ClassVar
from uuid import UUID

from services.contracts.envelope import Event


class WorkspaceChanged(Event):
    """A workspace was created or its settings changed."""

    TYPE: ClassVar[str] = "workspace.changed"
    SUBJECT: ClassVar[str] = "workspace_id"

    workspace_id: UUID
    name: str
    mode: str
    """live or test."""
    time_zone: str
    """IANA name; every local date of the workspace is taken here (scoring 11.1)."""
    locale: str
    reporting_currency: str
    fiscal_year_start: str
    """MM-DD."""
    default_region: str | None = None
    """ISO 3166 country for telephone numbers written without a country code."""
