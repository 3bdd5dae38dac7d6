"""What clients get about jobs of all services."""

from pydantic import Field

from services.kit.jobs.schemas import JobRead
from services.kit.web.schemas import Output, Page


class UnavailableService(Output):
    """A service that could not be asked."""

    service: str
    problem: str = Field(description="Type of the problem, the last part of its address.")


class AllJobsPage(Page[JobRead]):
    """A page of the jobs of all services."""

    unavailable: list[UnavailableService] = Field(description="Services whose jobs are missing here.")
