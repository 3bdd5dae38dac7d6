"""What clients send and get about exchange rates."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from services.kit.money import CurrencyCode, decimal_of
from services.kit.web.lists import ListQuery
from services.kit.web.schemas import AwareTime, Input, LocalDate, Output, Page

EXAMPLE: dict[str, Any] = {"currency": "USD", "valid_from": "2026-06-01", "rate": "30.50"}


def check_rate(text: str) -> str:
    """Return the rate if it is a positive decimal number; ValueError otherwise."""
    if decimal_of(text) <= 0:
        message = "a rate is greater than 0"
        raise ValueError(message)
    return text


Rate = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$", max_length=25),
    AfterValidator(check_rate),
    Field(description="One unit of the currency in units of the reporting currency, as decimal text."),
]


class ExchangeRateCreate(Input):
    """From a day on, what one unit of a currency is worth; the same day and currency again replaces the rate."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    currency: CurrencyCode
    valid_from: LocalDate = Field(description="First local day on which the rate holds, until a later one.")
    rate: Rate


class ExchangeRateRead(Output):
    """What one unit of a currency is worth from a day on."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    version: int
    created_at: AwareTime
    updated_at: AwareTime
    currency: str
    valid_from: LocalDate
    rate: str


class ExchangeRatePage(Page[ExchangeRateRead]):
    """Exchange rates, one page."""


class ExchangeRateQuery(ListQuery):
    """Filters of the list of exchange rates."""

    currency: list[CurrencyCode] = Field(default_factory=list, max_length=50, description="Only these currencies.")
    valid_from_after: LocalDate | None = Field(None, description="Valid from a later day than this.")
    valid_from_before: LocalDate | None = Field(None, description="Valid from an earlier day than this.")
    updated_after: AwareTime | None = Field(None, description="Changed later than this.")
    updated_before: AwareTime | None = Field(None, description="Changed earlier than this.")
    sort: Literal["valid_from", "-valid_from"] = Field("-valid_from", description="Order of the list.")
