"""What clients get about jobs of all services."""

from pydantic import Field

from gateway.merging.schemas import UnavailableService
from services.kit.jobs.schemas import JobRead
from services.kit.web.schemas import Page


class AllJobsPage(Page[JobRead]):
    """A page of the jobs of all services."""

    unavailable: list[UnavailableService] = Field(description="Services whose jobs are missing here.")
