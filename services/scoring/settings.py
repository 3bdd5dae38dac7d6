"""Settings of scoring."""

from pydantic import Field

from services.kit.settings import ServiceSettings


class ScoringSettings(ServiceSettings):
    """What scoring needs to know beyond what every process needs."""

    service: str = Field("scoring", description="Name of the process.")
    clock_seconds: float = Field(
        1.0, gt=0, le=3600, description="How often the clock looks for midnights and for facts that come of age."
    )
    sweep_seconds: float = Field(
        3.0,
        gt=0,
        le=3600,
        description="Rest between two looks at everybody while a workspace has no recorded cut-offs yet.",
    )
    passing_seconds: float = Field(
        1.0, ge=0, le=3600, description="How long cut-offs that are not recorded are kept at least."
    )
