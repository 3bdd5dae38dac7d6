"""Texts that Kith makes: code and parameters are stored, words are chosen when somebody reads them."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from pydantic import BaseModel, ConfigDict, Field

SHIPPED = ("en", "zh-Hant", "zh-Hans", "ja")
DEFAULT = "en"

ALIASES = {
    "zh": "zh-Hans",
    "zh-cn": "zh-Hans",
    "zh-sg": "zh-Hans",
    "zh-tw": "zh-Hant",
    "zh-hk": "zh-Hant",
    "zh-mo": "zh-Hant",
    "zh-hans": "zh-Hans",
    "zh-hant": "zh-Hant",
}


class Text(BaseModel):
    """A text made by Kith: what it says, as a code with parameters, and its words in the reader's language."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    code: str = Field(description="What the text says, for programs.")
    params: dict[str, Any] = Field(description="The values in the text; a documented map per code.")
    text: str = Field(description="The words in the best of Accept-Language, caller, workspace, en.")


class Catalogue:
    """The texts of one service: `texts/<locale>.json` inside its package, code -> template.

    A template is a format string: `{amount}`, `{date}`. Typed parameters are written the reader's way:
    `{"amount": "9120.00", "currency": "TWD"}` as money, `{"date": "2026-11-22"}` as a date, numbers as numbers.
    """

    def __init__(self, package: str) -> None:
        self._templates = {locale: read_templates(package, locale) for locale in SHIPPED}

    def render(self, code: str, params: Mapping[str, Any], locale: str = DEFAULT) -> str:
        """Return the words for a code; falls back to English, then to the code itself."""
        template = self._templates.get(locale, {}).get(code) or self._templates[DEFAULT].get(code)
        if template is None:
            return code
        written = {name: write_value(value, locale) for name, value in params.items()}
        return template.format_map(Gaps(written))

    def text(self, code: str, params: Mapping[str, Any], locale: str = DEFAULT) -> Text:
        """Return the whole text object."""
        return Text(code=code, params=dict(params), text=self.render(code, params, locale))

    @property
    def codes(self) -> frozenset[str]:
        """Every code that has English words."""
        return frozenset(self._templates[DEFAULT])

    def missing(self, locale: str) -> frozenset[str]:
        """Return the codes that a locale has no words for."""
        return self.codes - frozenset(self._templates[locale])


class Gaps(dict[str, str]):
    """Parameters of a template; one that is missing shows as a dash instead of an error in front of a reader."""

    def __missing__(self, key: str) -> str:
        """Return the dash."""
        return "–"


def read_templates(package: str, locale: str) -> dict[str, str]:
    """Return the templates of a package for a locale; none where it ships no such file."""
    file = resources.files(package).joinpath("texts", f"{locale}.json")
    if not file.is_file():
        return {}
    templates: dict[str, str] = orjson.loads(file.read_bytes())
    return templates


@lru_cache(maxsize=64)
def babel_locale(locale: str) -> Locale:
    """Return Babel's idea of one of our locales."""
    return Locale.parse(locale, sep="-")


def write_value(value: object, locale: str) -> str:
    """Return a parameter in words: money, dates, times and numbers the locale's way, all else as text."""
    where = babel_locale(locale)
    if isinstance(value, dict):
        return write_typed(value, where)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_decimal(value, locale=where)
    return "–" if value is None else str(value)


def write_typed(value: Mapping[str, object], where: Locale) -> str:
    """Return a parameter that says what it is: money, a date, a time in a zone; anything else as text."""
    match value:
        case {"amount": str(amount), "currency": str(currency)}:
            return format_currency(amount, currency, locale=where)
        case {"date": str(day)}:
            return write_day(day, where)
        case {"time": str(instant), **rest}:
            return write_time(instant, str(rest.get("zone", "UTC")), where)
    return str(value)


def write_day(day: str, where: Locale) -> str:
    """Return an ISO date in the locale's medium form."""
    return format_date(date.fromisoformat(day), format="medium", locale=where)


def write_time(instant: str, zone: str, where: Locale) -> str:
    """Return an RFC 3339 instant in a zone, in the locale's short form."""
    return format_datetime(datetime.fromisoformat(instant), format="short", tzinfo=ZoneInfo(zone), locale=where)


@lru_cache(maxsize=1024)
def best_locale(accept_language: str | None, *preferences: str | None) -> str:
    """Return the shipped locale that fits best: Accept-Language first, then the preferences, then English."""
    wanted = [*ranked_languages(accept_language or ""), *(tag for tag in preferences if tag)]
    for tag in wanted:
        found = shipped_locale(tag)
        if found:
            return found
    return DEFAULT


def speaks(accept_language: str | None) -> bool:
    """Tell whether a language that is asked for is shipped."""
    return any(shipped_locale(tag) for tag in ranked_languages(accept_language or ""))


def shipped_locale(tag: str) -> str | None:
    """Return the shipped locale for one language tag, or None."""
    low = tag.strip().lower()
    for end in (low, "-".join(low.split("-")[:2]), low.split("-", maxsplit=1)[0]):
        if end in ALIASES:
            return ALIASES[end]
    return negotiate_locale([low], [name.lower() for name in SHIPPED], sep="-")


def ranked_languages(header: str) -> list[str]:
    """Return the tags of an Accept-Language header, best first; those with q=0 are left out."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, quality = part.strip().partition(";")
        weight = quality_of(quality)
        if tag and tag != "*" and weight > 0:
            ranked.append((-weight, place, tag))
    return [tag for _, _, tag in sorted(ranked)]


def quality_of(parameter: str) -> float:
    """Return the q of a language range; 1 where none is given, 0 where it is no number."""
    if "q=" not in parameter:
        return 1.0
    try:
        return float(parameter.partition("q=")[2])
    except ValueError:
        return 0.0
