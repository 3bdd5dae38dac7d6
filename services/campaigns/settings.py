"""Settings of campaigns."""

from pydantic import Field

from services.kit.settings import ServiceSettings


class CampaignsSettings(ServiceSettings):
    """What campaigns needs to know beyond what every process needs."""

    service: str = Field("campaigns", description="Name of the process.")
    care_seconds: float = Field(
        60.0, gt=0, le=3600, description="How often the clock looks for care that is due, snoozes that end, and expiry."
    )
