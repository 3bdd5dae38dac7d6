"""Reading values from a platform's JSON: ids as text, exact decimals, aware times, texts that can be stored."""

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from services.contacts.sources.adapters.base import Malformed
from services.kit.clock import YEARS
from services.kit.money import MAX_MINOR, exponent, to_minor

Json = dict[str, Any]

MAX_TEXT = 255
MAX_ROWS = 1000
MAX_DIGITS = 40
MAX_MAGNITUDE = 18
ZERO = Decimal(0)


def load(body: bytes) -> Json:
    """Return the object that a body holds."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed("not_json", "The body is not JSON.") from error
    if not isinstance(value, dict):
        raise Malformed("not_an_object", "The body is JSON, but not an object.")
    return value


def part(value: Any) -> Json:  # noqa: ANN401 - any JSON value
    """Return an object inside a body; an empty one where it is null or something else."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Json]:  # noqa: ANN401 - any JSON value
    """Return the objects of an array inside a body; none where it is null or something else."""
    return [row for row in value[:MAX_ROWS] if isinstance(row, dict)] if isinstance(value, list) else []


def text(value: Any, limit: int = MAX_TEXT) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a text in NFC without control characters and blanks around it, cut to a length; None if empty."""
    if type(value) is not str:
        return str(value) if type(value) is int else None
    if not value.isprintable():
        value = "".join(map(storable, value))
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    return value.strip()[:limit].strip() or None


def storable(letter: str) -> str:
    """Return a letter, or a blank for control characters and halves of a surrogate pair."""
    return " " if unicodedata.category(letter) in {"Cc", "Cs"} else letter


def identifier(value: Any, name: str) -> str:  # noqa: ANN401 - any JSON value
    """Return an id as text; numbers beyond 64 bits would have lost digits, so they are refused."""
    found = text(value)
    if found is None:
        raise Malformed("no_id", f"{name} is not an id.")
    return found


def optional_id(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return an id as text, None for null, 0 and the empty text."""
    found = text(value)
    return None if found == "0" else found


def decimal(value: Any, name: str) -> Decimal:  # noqa: ANN401 - any JSON value
    """Return an exact decimal from text or number; a float means the decimal that it was written as."""
    kind = type(value)
    written = value if kind is str else repr(value) if kind in {int, float} else None
    if written is None or len(written) > MAX_DIGITS:
        raise Malformed("no_decimal", f"{name} is not a decimal number.")
    try:
        found = Decimal(written)
    except InvalidOperation as error:
        raise Malformed("no_decimal", f"{name} is not a decimal number.") from error
    if not found.is_finite() or abs(found.adjusted()) > MAX_MAGNITUDE:
        raise Malformed("no_decimal", f"{name} is not a decimal number of a usual size.")
    return found


def minor(value: Any, currency: str, name: str) -> int:  # noqa: ANN401 - any JSON value
    """Return an amount in minor units, rounded half-even where the shop calculates finer than its currency."""
    amount = to_minor(value if isinstance(value, Decimal) else decimal(value, name), currency)
    if abs(amount) > MAX_MINOR:
        raise Malformed("too_much", f"{name} is too large.")
    return amount


def optional_minor(value: Any, currency: str, name: str) -> int | None:  # noqa: ANN401 - any JSON value
    """Return an amount in minor units, None for null and the empty text."""
    return None if value is None or value == "" else minor(value, currency, name)


def currency_of(value: Any, name: str) -> str:  # noqa: ANN401 - any JSON value
    """Return an ISO 4217 currency."""
    found = str(value).strip().upper()
    try:
        exponent(found)
    except ValueError as error:
        raise Malformed("no_currency", f"{name} is not an ISO 4217 currency.") from error
    return found


def instant(value: Any, name: str, *, naive_is_utc: bool = False) -> datetime:  # noqa: ANN401 - any JSON value
    """Return a time in UTC; one without an offset is refused unless its field is known to be UTC."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Malformed("no_time", f"{name} is not a time.") from error
    if found.tzinfo is None:
        if not naive_is_utc:
            raise Malformed("no_offset", f"{name} is a time without an offset.")
        found = found.replace(tzinfo=UTC)
    if found.year not in YEARS:
        raise Malformed("no_time", f"{name} is not a time that a fact may have.")
    return found.astimezone(UTC)


def optional_instant(value: Any, name: str, *, naive_is_utc: bool = False) -> datetime | None:  # noqa: ANN401 - any JSON value
    """Return a time in UTC, None for null and the empty text."""
    return None if value is None or value == "" else instant(value, name, naive_is_utc=naive_is_utc)


def words(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - any JSON value
    """Return the entries of a text with commas, each once, in their order."""
    pieces = value.split(",")[:100] if isinstance(value, str) else ()
    return tuple(dict.fromkeys(found for piece in pieces if (found := text(piece, 64))))
