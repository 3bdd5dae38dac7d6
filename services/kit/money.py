"""Money: decimal text outside, whole minor units inside, ISO 4217 currencies; never a float."""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Annotated, Self

import iso4217
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, model_validator

MAX_MINOR = 10**15
"""Largest amount in minor units: a bigint sum of ten thousand of them still fits."""

AMOUNT_PATTERN = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$"


@cache
def exponent(currency: str) -> int:
    """Return the number of decimals of an ISO 4217 currency; ValueError if there is no such currency."""
    try:
        found = iso4217.Currency(currency).exponent
    except ValueError as error:
        message = f"{currency!r} is not an ISO 4217 currency"
        raise ValueError(message) from error
    if found is None:
        message = f"{currency} is not money one can pay with"
        raise ValueError(message)
    return found


def known_currency(currency: str) -> str:
    """Return the code if it is a currency in use; ValueError otherwise."""
    exponent(currency)
    return currency


CurrencyCode = Annotated[
    str,
    Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code.", examples=["TWD"]),
    AfterValidator(known_currency),
]


class Money(BaseModel):
    """An amount of money: decimal text with at most the currency's decimals, and its ISO 4217 currency."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"amount": "1234.50", "currency": "TWD"}]},
    )

    amount: Annotated[str, Field(pattern=AMOUNT_PATTERN, max_length=21, description="Decimal text.")]
    currency: CurrencyCode

    @model_validator(mode="wrap")
    @classmethod
    def fits_currency(cls, value: object, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Refuse more decimals than the currency has, and amounts beyond what we store; our own sums may be larger."""
        money = read(value)
        if money is value:
            return money
        places = len(money.amount.partition(".")[2])
        if places > exponent(money.currency):
            message = f"{money.currency} has {exponent(money.currency)} decimals, {places} were given"
            raise ValueError(message)
        if abs(money.minor) > MAX_MINOR:
            message = "the amount is too large"
            raise ValueError(message)
        return money

    @property
    def minor(self) -> int:
        """The amount in the currency's smallest unit."""
        return int(Decimal(self.amount).scaleb(exponent(self.currency)))

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> "Money":
        """Return money from whole minor units, as it stands in answers; skips validation, the source is our own."""
        return cls.model_construct(amount=amount_text(minor, currency), currency=currency)


def amount_text(minor: int, currency: str) -> str:
    """Return minor units as decimal text with exactly the currency's decimals: 123450 TWD -> "1234.50"."""
    places = exponent(currency)
    if places == 0:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, fraction = divmod(abs(minor), 10**places)
    return f"{sign}{whole}.{fraction:0{places}d}"


def to_minor(amount: Decimal, currency: str) -> int:
    """Return a decimal amount in minor units, rounded half-even to the currency's decimals."""
    return int(amount.scaleb(exponent(currency)).to_integral_value(rounding=ROUND_HALF_EVEN))


def convert(minor: int, currency: str, rate: Decimal, into: str) -> int | None:
    """Return minor units of `currency` in minor units of `into`, half-even; `rate` is one unit in units of `into`.

    98.13 USD at 30.50 gives 2992.96 TWD (2992.965 rounds to the even neighbour). None for more than we store: a rate
    that makes so much of an order is none.
    """
    found = to_minor(Decimal(minor).scaleb(-exponent(currency)) * rate, into)
    return found if abs(found) <= MAX_MINOR else None


def decimal_of(text: str) -> Decimal:
    """Return decimal text as a Decimal; ValueError for anything else, also for NaN and exponents."""
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
        message = f"{text!r} is not a decimal number"
        raise ValueError(message)
    return Decimal(text)
