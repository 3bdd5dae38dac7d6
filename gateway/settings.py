"""Settings of the gateway."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from services.kit.settings import ServiceSettings

DOCUMENT = Path(__file__).parent.parent / "docs" / "api" / "openapi.json"
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+$")]


class GatewaySettings(ServiceSettings):
    """What the gateway needs to know beyond what every process does."""

    service: str = "gateway"
    openapi_file: Path = Field(DOCUMENT, description="The committed document; it says what is routed where.")
    cors_origins: list[Origin] = Field(
        default_factory=list, description='Origins of web pages that may call (JSON list): "https://app.example".'
    )
    trusted_hops: int = Field(
        0, ge=0, le=8, description="Number of own proxies in front that set X-Forwarded-For; 0 = believe none."
    )
    rate_limit_quota: int = Field(600_000, ge=1, description="Requests that one key may make in a window.")
    failed_auth_quota: int = Field(
        600, ge=1, description="Requests with keys that do not count that one address may make in such a window."
    )
    rate_limit_seconds: int = Field(60, ge=1, le=86_400, description="Length of the window in seconds.")
    key_cache_seconds: float = Field(
        5.0, ge=0, le=60, description="How long a key is remembered; a revocation is told to all replicas at once."
    )
    journal_retention_days: int = Field(30, ge=1, le=3650, description="Days that events stay readable at /v1/events.")
    max_webhook_bytes: int = Field(2_097_152, ge=1024, description="Largest webhook delivery in bytes.")
    max_upload_bytes: int = Field(1_073_741_824, ge=1024, description="Largest uploaded file in bytes.")
    connect_seconds: float = Field(2.0, gt=0, le=30, description="Time to connect to a service.")
    answer_seconds: float = Field(
        30.0, gt=0, le=600, description="Time until a service begins to answer, and between two pieces of its answer."
    )
    part_seconds: float = Field(
        2.0, gt=0, le=30, description="Time for each part of a composed answer; a late part is null."
    )
    peer_connections: int = Field(256, ge=1, le=10_000, description="Connections kept to each service at most.")

    first_workspace_name: str = Field(
        "My company", min_length=1, max_length=255, description="Name of the workspace that the first start creates."
    )
    first_workspace_time_zone: str = Field("UTC", description="Its time zone, an IANA name.")
    first_workspace_locale: str = Field("en", description="Its language: en, zh-Hant, zh-Hans or ja.")
    first_workspace_currency: str = Field("USD", description="Its reporting currency, ISO 4217.")
