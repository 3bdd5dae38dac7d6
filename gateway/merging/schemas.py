"""What clients get beside the items of a merged list."""

from pydantic import Field

from services.kit.web.schemas import Output


class UnavailableService(Output):
    """A service that could not be asked."""

    service: str
    problem: str = Field(description="Type of the problem, the last part of its address.")
