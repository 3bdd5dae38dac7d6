from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from services.kit.money import MAX_MINOR, Money, amount_text, convert, decimal_of, exponent, to_minor


class Sum(BaseModel):
    """An answer that holds money."""

    net: Money


@pytest.mark.parametrize(("currency", "places"), [("TWD", 2), ("JPY", 0), ("KWD", 3), ("USD", 2)])
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, places: int) -> None:
    assert exponent(currency) == places


@pytest.mark.parametrize("currency", ["TWX", "XXX", "XAU"])
def test_what_is_no_spendable_currency_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match=currency):
        exponent(currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("1234.50", "TWD", 123450), ("1234.5", "TWD", 123450), ("-0.05", "USD", -5), ("7", "JPY", 7), ("0", "KWD", 0)],
)
def test_money_is_whole_minor_units_inside(amount: str, currency: str, minor: int) -> None:
    assert Money(amount=amount, currency=currency).minor == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1.234", "TWD"),
        ("0.5", "JPY"),
        ("1e3", "TWD"),
        ("NaN", "TWD"),
        ("", "TWD"),
        ("01", "TWD"),
        ("1", "twd"),
        ("1", "ZZZ"),
        ("999999999999999", "TWD"),
    ],
)
def test_money_that_does_not_fit_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=amount, currency=currency)


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["TWD", "JPY", "KWD"]))
def test_minor_units_survive_the_way_through_text(minor: int, currency: str) -> None:
    assert int(Decimal(amount_text(minor, currency)).scaleb(exponent(currency))) == minor


def test_a_conversion_rounds_half_even_to_the_reporting_currency() -> None:
    assert convert(9813, "USD", Decimal("30.50"), "TWD") == 299296  # 2992.965: the neighbour with the even last digit
    assert convert(10000, "JPY", Decimal("0.21"), "TWD") == 210000


def test_a_conversion_into_more_than_we_store_is_none() -> None:
    assert convert(MAX_MINOR, "USD", Decimal(1), "TWD") == MAX_MINOR
    assert convert(MAX_MINOR, "JPY", Decimal("999999999999.5"), "TWD") is None


def test_a_sum_of_our_own_may_be_larger_than_what_is_taken() -> None:
    total = Sum(net=Money.of_minor(3 * MAX_MINOR, "USD"))
    assert total.model_dump() == {"net": {"amount": "30000000000000.00", "currency": "USD"}}
    with pytest.raises(ValidationError, match="too large"):
        Sum.model_validate(total.model_dump())


def test_rounding_is_half_even() -> None:
    assert [to_minor(Decimal(text), "USD") for text in ("0.005", "0.015", "0.025")] == [0, 2, 2]


@pytest.mark.parametrize("text", ["NaN", "1e5", "", "--1", "1.", "Infinity"])
def test_only_plain_decimals_are_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="not a decimal"):
        decimal_of(text)
