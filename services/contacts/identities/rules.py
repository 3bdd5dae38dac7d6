"""Which identifiers make two facts the same person, and how facts about one person add up; pure functions."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import phonenumbers

from services.contacts.identities.facts import Address, PersonFact

KeyKind = Literal["external", "email", "phone"]

MAX_EMAIL = 254
E164 = re.compile(r"\+[1-9][0-9]{7,14}")
MAX_VALUE = 255
RELAYS = re.compile(
    r"(?:^|\.)(?:marketplace\.amazon|members\.ebay|reply\.ebay|relay\.walmart\.com|fwm?\.rakuten\.ne\.jp"
    r"|message\.alibaba\.com|trade\.aliexpress\.com|notifications\.etsy\.com|scbuyer\.shopee|mailer\.lazada)(?:\.|$)"
)
"""Marketplaces hand out an address per order or per shop; two buyers may share one, so none of them matches."""
UNFIT = re.compile(r"[\s\x00-\x1f]")


class Key(NamedTuple):
    """One identifier; `source` is empty except for external ids."""

    kind: KeyKind
    source: str
    value: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The identifiers in one fact."""

    joining: frozenset[Key]
    """Whoever holds one of them is the same person."""
    holding: frozenset[Key]
    """Phone numbers beside a better identifier: remembered, but several people may hold one."""

    @property
    def all(self) -> frozenset[Key]:
        """Every identifier of the fact."""
        return self.joining | self.holding


def keys_of(fact: PersonFact) -> Keys:
    """Return the identifiers of a fact; without any the person stays anonymous.

    External ids and e-mail addresses always join. A phone number joins where it comes without either.
    """
    externals = {Key("external", told.source, told.id) for told in fact.external_ids if 0 < len(told.id) <= MAX_VALUE}
    emails = {Key("email", "", address) for address in map(email_key, fact.emails) if address}
    phones = {
        Key("phone", "", number) for raw in fact.phones if (number := phone_key(raw, fact.default_region)) is not None
    }
    better = frozenset(externals | emails)
    return Keys(better, frozenset(phones)) if better else Keys(frozenset(phones), frozenset())


def clean_email(address: str) -> str | None:
    """Return the one spelling of an address: NFC, trimmed, lower case; None if it cannot be one."""
    text = unicodedata.normalize("NFC", address.strip().lower())
    local, _, domain = text.rpartition("@")
    if not local or not domain or len(text) > MAX_EMAIL or UNFIT.search(text):
        return None
    return f"{local}@{readable_domain(domain)}"


def readable_domain(domain: str) -> str:
    """Return a domain in its own script, as address books write it; unreadable Punycode stays as it is."""
    if "xn--" not in domain:
        return domain
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def email_key(address: str) -> str | None:
    """Return the spelling under which an address matches; None for none, and for relays of marketplaces."""
    text = clean_email(address)
    if text is None:
        return None
    return None if RELAYS.search(text.rpartition("@")[2]) else text


@lru_cache(maxsize=4096)
def clean_phone(number: str, region: str | None) -> str | None:
    """Return a number in E.164; None if it cannot be one. `region` is the country of numbers without a country code.

    Kept in a cache: reading a number takes longer than reading the rest of an order. One that is written in E.164
    is taken at its word.
    """
    if E164.fullmatch(number):
        return number
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    parsed.extension = None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def phone_key(number: str, region: str | None) -> str | None:
    """Return the number under which a phone matches; None for none, and for what people type to get past a form."""
    text = clean_phone(number, region)
    if text is None or len(set(text[-7:])) <= 2 or text.endswith(("1234567890", "123456789", "0123456")):  # noqa: PLR2004 - two digits repeated, 5555555
        return None
    return text


REGISTERS = (
    "given_name",
    "family_name",
    "display_name",
    "phonetic_name",
    "birthday",
    "locale",
    "time_zone",
    "region",
    "primary_email",
    "primary_phone",
)
"""Fields of which the newest statement counts."""

Stamp = tuple[str, str, str]
"""When a field was stated (UTC text), what it says, and which source said it: the greatest one counts."""


@dataclass(slots=True)
class PersonState:
    """The fields of a person that facts can change; `marks` says since when each holds and who said so."""

    values: dict[str, str | None]
    emails: list[dict[str, Any]]
    phones: list[dict[str, Any]]
    addresses: list[dict[str, Any]]
    tags: list[str]
    marks: dict[str, list[str]]


def empty_person() -> PersonState:
    """Return a person of whom nothing is known."""
    return PersonState(dict.fromkeys(REGISTERS), [], [], [], [], {})


def person_of(row: Mapping[str, Any]) -> PersonState:
    """Return the state that a row of `people` shows; nothing of the row is shared."""
    return PersonState(
        {name: row[name] for name in REGISTERS},
        [dict(entry) for entry in row["emails"]],
        [dict(entry) for entry in row["phones"]],
        [dict(entry) for entry in row["addresses"]],
        list(row["tags"]),
        {name: list(mark) for name, mark in row["provenance"].items()},
    )


def add_fact(state: PersonState, fact: PersonFact) -> None:
    """Add what a fact says to a person, in place; the sequence of facts does not matter, nor does repetition."""
    emails = [text for text in map(clean_email, fact.emails) if text]
    phones = [text for raw in fact.phones if (text := clean_phone(raw, fact.default_region))]
    said = {name: getattr(fact, name) for name in REGISTERS[:-2]}
    said["primary_email"], said["primary_phone"] = (*emails, None)[0], (*phones, None)[0]
    since = mark_time(fact.at)
    for name, value in said.items():
        if value is not None:
            state_field(state, name, value, since, fact.source)
    for address in fact.addresses:
        state_address(state, address_json(address), since, fact.source)
    state.emails = united(state.emails, [{"address": text, "verified": True} for text in emails], "address")
    state.phones = united(state.phones, [{"number": text} for text in phones], "number")
    state.tags = sorted({*state.tags, *fact.tags})


def add_person(state: PersonState, other: PersonState) -> None:
    """Add another person, found to be the same, to this one, in place."""
    for name, value in other.values.items():
        since, source = other.marks.get(name, ["", ""])
        if value is not None:
            state_field(state, name, value, since, source)
    for address in other.addresses:
        since, source = other.marks.get(address_mark(address), ["", ""])
        state_address(state, address, since, source)
    state.emails = united(state.emails, other.emails, "address")
    state.phones = united(state.phones, other.phones, "number")
    state.tags = sorted({*state.tags, *other.tags})


def state_field(state: PersonState, name: str, value: str, since: str, source: str) -> None:
    """State one field; the newest statement stays, of two at one instant the greater value.

    A field that staff emptied has a mark and no value: an older statement does not fill it again.
    """
    held = state.values[name] or ""
    if stamp(value, since, source) > stamp(held, *state.marks.get(name, ["", ""])):
        state.values[name] = value
        state.marks[name] = [since, source]


def state_address(state: PersonState, address: dict[str, Any], since: str, source: str) -> None:
    """State the address of one kind; the newest statement stays."""
    name = address_mark(address)
    held = next((entry for entry in state.addresses if address_mark(entry) == name), None)
    new = stamp(repr(sorted(address.items())), since, source)
    if held is None or new > stamp(repr(sorted(held.items())), *state.marks.get(name, ["", ""])):
        others = [entry for entry in state.addresses if address_mark(entry) != name]
        state.addresses = sorted([*others, address], key=address_mark)
        state.marks[name] = [since, source]


def stamp(value: str, since: str, source: str) -> Stamp:
    """Return what two statements of one field are compared by."""
    return since, value, source


def mark_time(time: datetime) -> str:
    """Return an instant as text whose alphabetical order is that of time."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def address_mark(address: Mapping[str, Any]) -> str:
    """Return the name under which the time of an address is kept."""
    return f"address:{address.get('kind') or ''}"


def address_json(address: Address) -> dict[str, Any]:
    """Return an address as the column holds it."""
    return {
        "kind": address.kind,
        "name": address.name,
        "company": address.company,
        "lines": list(address.lines),
        "city": address.city,
        "region": address.region,
        "postal_code": address.postal_code,
        "country": address.country,
    }


def united(held: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    """Unite entries by one of their members, sorted by it; a mark that one of them carries stays."""
    found: dict[str, dict[str, Any]] = {}
    for entry in (*held, *told):
        known = found.setdefault(str(entry[name]), {})
        for part, value in entry.items():
            known[part] = bool(known.get(part)) or value if isinstance(value, bool) else known.get(part) or value
    return [found[value] for value in sorted(found)]


KEPT_BY_SURVIVOR = ("owner_rep_id", "lifecycle_stage", "preferred_channel")
HOLDS_IF_EITHER = ("do_not_contact", "do_not_pursue", "internal")
UNITED = ("handles", "contact_hours")


def absorbed(row: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that staff set, after `other` was found to be the same person as `row`.

    The one who stays keeps what he has; wishes not to be contacted hold if either had them.
    """
    found: dict[str, Any] = {name: row[name] or other[name] for name in KEPT_BY_SURVIVOR}
    found |= {name: row[name] or other[name] for name in HOLDS_IF_EITHER}
    found |= {name: [*row[name], *(entry for entry in other[name] if entry not in row[name])] for name in UNITED}
    found["custom"] = {**other["custom"], **row["custom"]}
    later = max(row, other, key=lambda one: (one["designated_at"] is not None, one["designated_at"], str(one["id"])))
    found["designated_rep_id"], found["designated_at"] = later["designated_rep_id"], later["designated_at"]
    return found
