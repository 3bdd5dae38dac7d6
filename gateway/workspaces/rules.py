"""What the settings of a workspace may be."""

import re
from datetime import date
from functools import cache
from zoneinfo import available_timezones

from services.kit.destinations import Destination, Refused

FISCAL_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
SOME_COMMON_YEAR = 2001


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def known_time_zone(name: str) -> str:
    """Return the IANA name; ValueError where there is no such zone."""
    if name not in _zones():
        message = f"{name!r} is no IANA time zone"
        raise ValueError(message)
    return name


def check_fiscal_year_start(text: str) -> str:
    """Return `MM-DD`; ValueError for a day that does not come every year."""
    if not FISCAL_YEAR.fullmatch(text):
        message = "write MM-DD"
        raise ValueError(message)
    date(SOME_COMMON_YEAR, int(text[:2]), int(text[3:]))
    return text


def known_url(text: str) -> str:
    """Return an http or https address; ValueError for what is none, or could be read in two ways."""
    try:
        Destination.parse(text)
    except Refused as refusal:
        message = "write an https address"
        raise ValueError(message) from refusal
    return text
