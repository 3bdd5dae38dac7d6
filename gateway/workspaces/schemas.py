"""What clients send and get about their workspace."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from gateway.workspaces import rules
from services.kit.money import CurrencyCode
from services.kit.web.schemas import AwareTime, CountryCode, Input, Output, ShortText

VERBATIM: dict[str, Any] = {"x-verbatim-enum": True}
ProviderUrl = Annotated[
    str,
    StringConstraints(max_length=500),
    AfterValidator(rules.known_url),
    Field(description="https, unless it lies in a network that the operator allows."),
]
TimeZone = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    AfterValidator(rules.known_time_zone),
    Field(description="IANA name; local dates are taken here.", examples=["Asia/Taipei"]),
]
Locale = Annotated[
    Literal["en", "zh-Hant", "zh-Hans", "ja"],
    Field(description="Language of texts for readers who state none.", json_schema_extra=VERBATIM),
]
FiscalYearStart = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{2}-[0-9]{2}$", max_length=5),
    AfterValidator(rules.check_fiscal_year_start),
    Field(description="First day of the business year, MM-DD.", examples=["04-01"]),
]
Algorithm = Annotated[Literal["RS256", "ES256", "EdDSA"], Field(json_schema_extra=VERBATIM)]
ClaimName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class ClaimNames(Input):
    """Which claims of a token say what."""

    scopes: ClaimName = Field("scope", description="Claim with the scopes, as text with blanks or a list.")
    rep: ClaimName = Field("kith_rep_id", description="Claim with the id of the rep whom the user is.")
    visibility: ClaimName = Field("kith_visibility", description="Claim with own, team or all.")


class IdentityProvider(Input):
    """The OpenID Connect provider whose access tokens count in this workspace."""

    issuer: ProviderUrl
    audience: ShortText
    jwks_url: ProviderUrl | None = Field(
        None, description="Where its keys are, or its description; null = `/.well-known/openid-configuration`."
    )
    algorithm: Algorithm = Field("RS256", description="The only one that is accepted.", json_schema_extra=VERBATIM)
    claims: ClaimNames = Field(default_factory=ClaimNames)


class WorkspaceUpdate(Input):
    """Settings to change; what is not sent stays."""

    name: ShortText = Field(default_factory=str)
    time_zone: TimeZone = Field(default_factory=str)
    locale: Locale = "en"
    reporting_currency: CurrencyCode = Field(default_factory=str, description="Currency of scores and analytics.")
    fiscal_year_start: FiscalYearStart = Field(default_factory=str)
    default_region: CountryCode | None = Field(
        None, description="ISO 3166 country of telephone numbers without a country code."
    )
    identity: IdentityProvider | None = Field(None, description="Whose tokens count here; null = only API keys.")


class ClaimNamesRead(Output):
    """Which claims of a token say what."""

    scopes: str
    rep: str
    visibility: str


class IdentityProviderRead(Output):
    """The OpenID Connect provider whose access tokens count in this workspace."""

    issuer: str
    audience: str
    jwks_url: str
    algorithm: str
    claims: ClaimNamesRead


EXAMPLE: dict[str, Any] = {
    "id": "0199c0de-0000-7000-8000-000000000002",
    "version": 3,
    "created_at": "2026-11-22T04:00:00Z",
    "updated_at": "2026-11-22T05:00:00Z",
    "name": "Lucky Shop",
    "mode": "live",
    "time_zone": "Asia/Taipei",
    "locale": "zh-Hant",
    "reporting_currency": "TWD",
    "fiscal_year_start": "01-01",
    "default_region": "TW",
    "identity": None,
}


class WorkspaceRead(Output):
    """The caller's workspace and its settings."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    name: str
    mode: str = Field(description="live or test.")
    time_zone: str
    locale: str
    reporting_currency: str
    fiscal_year_start: str
    default_region: str | None
    identity: IdentityProviderRead | None
