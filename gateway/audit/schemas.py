"""What clients get about who changed what in all services."""

from pydantic import Field

from gateway.merging.schemas import UnavailableService
from services.kit.audit.schemas import AuditEntryRead
from services.kit.web.schemas import Page


class AuditPage(Page[AuditEntryRead]):
    """A page of the audit of all services."""

    unavailable: list[UnavailableService] = Field(description="Services whose entries are missing here.")
