"""Reading JSON strictly: no duplicate keys, no NaN, bounded depth, NFC text without NUL or lone surrogates."""

import json
import math
import unicodedata
from typing import Any, NoReturn

from services.kit.problems import BadRequest, ErrorItem, Invalid

MAX_DEPTH = 32
MAX_SHOWN = 40


def read_json(raw: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of a JSON text.

    BadRequest where it is no JSON of ours (broken, duplicate keys, NaN, too deep), Invalid for text we cannot store.
    """
    try:
        text = raw.decode()
        value = json.loads(text, object_pairs_hook=unique_object, parse_constant=refuse_constant, parse_float=finite)
    except UnicodeDecodeError as error:
        raise unreadable("The body is not UTF-8.", "not_utf8") from error
    except RecursionError as error:
        raise unreadable(f"The body is nested deeper than {MAX_DEPTH} levels.", "too_deep") from error
    except ValueError as error:
        raise unreadable(f"The body is not JSON: {error}", "not_json") from error
    # Any part of a text in NFC is in NFC, and what cannot be stored comes escaped: most bodies need no second look.
    is_plain = "\\u" not in text and unicodedata.is_normalized("NFC", text)
    return value if is_plain and text.count("{") + text.count("[") <= MAX_DEPTH else clean(value, "#", 0)


def unreadable(message: str, code: str) -> BadRequest:
    """Return the problem for a body that cannot be read as a whole."""
    return BadRequest(message, errors=[ErrorItem("body", message, code, pointer="#")])


def unique_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; BadRequest if a key stands in it twice, since readers differ on which one counts."""
    built = dict(pairs)
    if len(built) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add() returns None on purpose
        raise unreadable(f"The key {twice!r} stands twice in one object.", "duplicate_key")
    return built


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise unreadable(f"{name} is not JSON.", "not_json")


def finite(text: str) -> float:
    """Return a number; refuses what is beyond all floats, which would be kept as infinite."""
    value = float(text)
    return value if math.isfinite(value) else refuse_constant(text[:MAX_SHOWN])


def clean(value: Any, pointer: str, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value with every text in NFC; refuses texts that cannot be stored and too deep nesting."""
    if isinstance(value, str):
        return clean_text(value, pointer)
    if isinstance(value, list | dict) and depth >= MAX_DEPTH:
        raise unreadable(f"The body is nested deeper than {MAX_DEPTH} levels.", "too_deep")
    if isinstance(value, list):
        return [clean(item, f"{pointer}/{place}", depth + 1) for place, item in enumerate(value)]
    if isinstance(value, dict):
        return {
            clean_text(key, pointer): clean(item, f"{pointer}/{escape(key)}", depth + 1) for key, item in value.items()
        }
    return value


def clean_text(text: str, pointer: str) -> str:
    """Return a text in NFC; Invalid where it holds NUL or half a surrogate pair."""
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        message = "The text holds a character that cannot be stored (NUL or half a surrogate pair)."
        raise Invalid(message, errors=[ErrorItem("body", message, "bad_character", pointer=pointer)])
    return unicodedata.normalize("NFC", text)


def escape(key: str) -> str:
    """Return a key as a segment of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
