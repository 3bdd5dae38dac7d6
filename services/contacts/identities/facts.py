"""What somebody told us about a person or an account: the input of identity resolution."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

EffectsName = Literal["none", "scores", "all"]


@dataclass(frozen=True, slots=True)
class ExternalId:
    """An id in another system; `source` is the key of a source of ours."""

    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `kind` (billing, shipping, home, ...) is unique per person, the newest one of a kind wins."""

    kind: str
    name: str | None = None
    company: str | None = None
    lines: tuple[str, ...] = ()
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class PersonFact:
    """What a delivery, a row or a request says about a person at one instant; None and () mean: not said.

    E-mail addresses and phone numbers may be as written by people; the first of each is the primary one. They count
    as verified: only signed deliveries, staff and imports make facts.
    """

    at: datetime
    source: str
    external_ids: tuple[ExternalId, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    default_region: str | None = None
    """Country (ISO 3166) of phone numbers that are written without a country code."""
    given_name: str | None = None
    family_name: str | None = None
    display_name: str | None = None
    phonetic_name: str | None = None
    birthday: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    region: str | None = None
    addresses: tuple[Address, ...] = ()
    tags: tuple[str, ...] = ()
    effects: EffectsName = "all"
    owner_rep_id: UUID | None = None
    """Who looks after the person where this fact is the first that we hear of him or her."""


@dataclass(frozen=True, slots=True)
class AccountFact:
    """What a delivery, a row or a request says about an organisation that is known by an external id."""

    at: datetime
    source: str
    external_id: ExternalId
    name: str | None = None
    effects: EffectsName = "all"
    owner_rep_id: UUID | None = None
    """Who looks after the account where this fact is the first that we hear of it."""
