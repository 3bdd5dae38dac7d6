"""From what a client sent to plain values and rows: what is known before the database is asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.contacts.accounts.patches import EMPTY, columns_after
from services.contacts.accounts.schemas import AccountUpdate, Potential
from services.contacts.callers import rep_of
from services.contacts.customer_events import customer_event
from services.contacts.customer_rows import Draft
from services.contacts.identities.rules import Key, mark_time
from services.contacts.vocabulary import ExternalIdentifier
from services.kit.identity import Identity
from services.kit.money import Money

Sent = dict[str, Any]


def plain(body: AccountUpdate, caller: Identity) -> Sent:
    """Return the fields that were sent as plain values."""
    sent: Sent = {name: plain_value(value) for name, value in body.changes().items() if name != "external_ids"}
    if sent.get("owner_rep_id"):
        sent["owner_rep_id"] = rep_of(caller, sent["owner_rep_id"])
    if sent.get("designation"):
        sent["designation"]["rep_id"] = rep_of(caller, sent["designation"]["rep_id"])
    return sent


def plain_value(value: object) -> object:
    """Return a model as a map, money in minor units, all else as it is."""
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, Potential):
        return {name: plain_value(amount) for name, amount in value.changes().items()}
    return value.model_dump() if isinstance(value, BaseModel) else value


def draft_account(
    account_id: UUID,
    sent: Sent,
    external_ids: Sequence[ExternalIdentifier],
    *,
    source: str,
    now: datetime,
    effects: str,
) -> Draft:
    """Return the row of a new account."""
    values = {**EMPTY, **columns_after(EMPTY, sent, (mark_time(now), source)), "created_at": now, "updated_at": now}
    keys = keys_in(external_ids)
    event = customer_event(values, "account", effects=effects, row_id=account_id, version=1)
    return Draft(account_id, values, keys, frozenset(), event.model_dump(mode="json"))


def keys_in(external_ids: Sequence[ExternalIdentifier]) -> frozenset[Key]:
    """Return external ids as match keys."""
    return frozenset(Key("external", entry.source, entry.id) for entry in external_ids)
