"""From what a client sent to plain values, match keys and rows: what is known before the database is asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.contacts.callers import rep_of
from services.contacts.customer_events import customer_event
from services.contacts.customer_rows import Draft
from services.contacts.identities.facts import ExternalId, PersonFact
from services.contacts.identities.rules import Keys, keys_of, mark_time
from services.contacts.people.patches import EMPTY, columns_after
from services.contacts.people.rules import normalise_phone
from services.contacts.people.schemas import PersonUpdate
from services.contacts.vocabulary import ExternalIdentifier
from services.kit.identity import Identity
from services.kit.problems import ErrorItem, Invalid

Sent = dict[str, Any]


def plain(body: PersonUpdate, caller: Identity, region: str | None) -> Sent:
    """Return the fields that were sent as plain values; Invalid names phone numbers that are none.

    `region` is the country of numbers that are written without a country code.
    """
    sent: Sent = {name: plain_value(value) for name, value in body.changes().items() if name != "external_ids"}
    if sent.get("owner_rep_id"):
        sent["owner_rep_id"] = rep_of(caller, sent["owner_rep_id"])
    if sent.get("designation"):
        sent["designation"]["rep_id"] = rep_of(caller, sent["designation"]["rep_id"])
    if sent.get("phones"):
        sent["phones"] = e164(sent["phones"], region, "#/phones")
    return sent


def plain_value(value: object) -> object:
    """Return a model as a map, a list of models as a list of maps, all else as it is."""
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    if isinstance(value, list):
        return [plain_value(entry) for entry in value]
    return value


def e164(entries: Sequence[Mapping[str, Any]], region: str | None, pointer: str) -> list[dict[str, Any]]:
    """Return phone entries with their numbers in E.164; Invalid names each that is no number."""
    faults: list[ErrorItem] = []
    found: list[dict[str, Any]] = []
    for place, entry in enumerate(entries):
        try:
            found.append({**entry, "number": normalise_phone(entry["number"], region)})
        except ValueError as error:
            faults.append(ErrorItem("body", str(error), "phone_number", pointer=f"{pointer}/{place}/number"))
    if faults:
        raise Invalid("A phone number cannot be read.", errors=faults)
    return found


def needs_region(body: PersonUpdate) -> bool:
    """Tell whether a phone number is written without a country code."""
    return any(not entry.number.lstrip().startswith(("+", "\uff0b")) for entry in body.phones or ())


def keys_in(values: Mapping[str, Any], external_ids: Sequence[ExternalIdentifier], now: datetime, source: str) -> Keys:
    """Return the match keys among the columns of a person and its external ids."""
    fact = PersonFact(
        at=now,
        source=source,
        external_ids=tuple(ExternalId(entry.source, entry.id) for entry in external_ids),
        emails=tuple(entry["address"] for entry in values["emails"]),
        phones=tuple(entry["number"] for entry in values["phones"]),
    )
    return keys_of(fact)


def draft_person(
    person_id: UUID,
    sent: Sent,
    external_ids: Sequence[ExternalIdentifier],
    *,
    source: str,
    now: datetime,
    effects: str,
) -> Draft:
    """Return the row of a new person."""
    values = {**EMPTY, **columns_after(EMPTY, sent, (mark_time(now), source)), "created_at": now, "updated_at": now}
    keys = keys_in(values, external_ids, now, source)
    event = customer_event(values, "person", effects=effects, row_id=person_id, version=1)
    return Draft(person_id, values, keys.joining, keys.holding, event.model_dump(mode="json"))
