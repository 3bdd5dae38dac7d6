"""How names, e-mail addresses, phone numbers and birthdays of people are written; pure functions."""

import re
import unicodedata
from datetime import date
from functools import lru_cache

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

SPECIAL_USE_DOMAIN_NAMES.clear()  # the library's own switch: address books hold intranet names (.local, .test) too

HIDDEN_WITHOUT_CONTACT = ("emails", "phones", "addresses", "handles")
"""Fields that only callers with `people:read_contact` see."""

MAX_EMAIL = 254
LEAP_YEAR = 2000
IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
BIRTHDAY = re.compile(r"(?:(?P<year>[0-9]{4})|-)-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
CLOCK_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")


def clean_text(value: str) -> str:
    """Return text in NFC without blanks around it."""
    return unicodedata.normalize("NFC", value).strip()


def display_name(given: str | None, family: str | None) -> str | None:
    """Return the name to show for a person, None where no name is known.

    Han, Kana and Hangul names are written family name first and without a blank (王小明); others given name first.
    """
    parts = [part for part in (given, family) if part]
    if not parts:
        return None
    if all(IDEOGRAPHS.search(part) for part in parts):
        return "".join(reversed(parts))
    return " ".join(parts)


@lru_cache(maxsize=2048)
def normalise_email(address: str) -> str:
    """Return the one spelling under which an address is stored and matched; ValueError if it is none.

    Lower case throughout: no mail system in use tells `Ann@` from `ann@`, but people write both. The name is not
    looked up, and reserved domains are fine, since an address book also holds addresses of intranets. Reading one takes
    longer than the rest of an order's row, so the latest are remembered.
    """
    text = clean_text(address)
    if len(text) > MAX_EMAIL:
        message = "an e-mail address has at most 254 characters"
        raise ValueError(message)
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        message = f"not an e-mail address: {error}"
        raise ValueError(message) from error
    if "." not in found.domain:
        message = "not an e-mail address: the part after @ needs a dot"
        raise ValueError(message)
    return found.normalized.lower()


@lru_cache(maxsize=2048)
def normalise_phone(number: str, region: str | None = None) -> str:
    """Return a phone number in E.164; ValueError if it is none.

    `region` (ISO 3166) is the country of numbers that are written without a country code. Possible numbers pass,
    not only those in use: numbering plans change faster than our tables.
    """
    try:
        parsed = phonenumbers.parse(clean_text(number), region)
    except phonenumbers.NumberParseException as error:
        message = "not a phone number with a country code" if region is None else "not a phone number"
        raise ValueError(message) from error
    if not phonenumbers.is_possible_number(parsed):
        message = "not a possible phone number"
        raise ValueError(message)
    parsed.extension = None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def check_birthday(text: str) -> str:
    """Return the birthday if it is a day that exists: `1990-05-17`, or `--05-17` without the year; else ValueError."""
    found = BIRTHDAY.fullmatch(text)
    if not found:
        message = "a birthday is YYYY-MM-DD, or --MM-DD where the year is not known"
        raise ValueError(message)
    year = int(found["year"]) if found["year"] else LEAP_YEAR
    try:
        date(year, int(found["month"]), int(found["day"]))
    except ValueError as error:
        message = "there is no such day"
        raise ValueError(message) from error
    return text


def check_clock_time(text: str) -> str:
    """Return a time of day such as `09:00`, at most `24:00`; ValueError for anything else."""
    if not CLOCK_TIME.fullmatch(text):
        message = "a time of day is HH:MM"
        raise ValueError(message)
    return text


def clean_tags(tags: list[str]) -> list[str]:
    """Return tags without blanks around them and without repetition, in the order given."""
    return list(dict.fromkeys(clean_text(tag) for tag in tags))


def change_tags(tags: list[str], add: list[str], remove: list[str]) -> list[str]:
    """Return tags after additions and removals; a tag in both is removed."""
    gone = set(clean_tags(remove))
    return [tag for tag in clean_tags([*tags, *add]) if tag not in gone]
