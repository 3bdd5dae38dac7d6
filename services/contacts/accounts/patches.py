"""What the fields a client sends make of the columns of an account; pure functions."""

from collections.abc import Mapping
from typing import Any

from services.contacts.people.rules import clean_tags

Columns = dict[str, Any]

EMPTY: Mapping[str, Any] = {
    "name": "",
    "domain": None,
    "industry": None,
    "relations": [],
    "profile": {},
    "total_market_minor": None,
    "not_serviceable_minor": None,
    "potential_currency": None,
    "region": None,
    "tags": [],
    "custom": {},
    "owner_rep_id": None,
    "designated_rep_id": None,
    "designated_at": None,
    "lifecycle_stage": None,
    "do_not_contact": False,
    "do_not_pursue": False,
    "internal": False,
    "provenance": {},
}
"""An account of which nothing is known."""

AS_SENT = (
    "name",
    "domain",
    "industry",
    "region",
    "relations",
    "lifecycle_stage",
    "owner_rep_id",
    "do_not_contact",
    "do_not_pursue",
    "internal",
)
"""Fields that go into the column of the same name as they are; null empties."""


def columns_after(row: Mapping[str, Any], sent: Mapping[str, Any], mark: tuple[str, str]) -> Columns:
    """Return the columns that differ after a merge patch (RFC 7396); nothing if nothing changes.

    `sent` holds plain values; money as {"minor", "currency"}. `mark` says since when the name holds, and who said so.
    """
    after: Columns = {name: EMPTY[name] if sent[name] is None else sent[name] for name in AS_SENT if name in sent}
    if "tags" in sent:
        after["tags"] = clean_tags(sent["tags"] or [])
    for name in ("custom", "profile"):
        if name in sent:
            after[name] = patched(row[name], sent[name])
    if "potential" in sent:
        after |= potential(row, sent["potential"])
    if "designation" in sent:
        asked = sent["designation"] or {"rep_id": None, "asked_at": None}
        after |= {"designated_rep_id": asked["rep_id"], "designated_at": asked["asked_at"]}
    changed = {name: value for name, value in after.items() if row[name] != value}
    if "name" in changed:
        changed["provenance"] = {**row["provenance"], "name": list(mark)}
    return changed


def patched(held: Mapping[str, Any], sent: Mapping[str, Any] | None) -> Columns:
    """Return a map after a merge patch: null removes a member, null for the whole map empties it."""
    if sent is None:
        return {}
    return {name: value for name, value in {**held, **sent}.items() if value is not None}


def potential(row: Mapping[str, Any], sent: Mapping[str, Any] | None) -> Columns:
    """Return the columns of the market potential; an amount in another currency than the one kept replaces both."""
    told = sent or {"total_market": None, "not_serviceable": None}
    currencies = {money["currency"] for money in told.values() if money}
    currency = next(iter(currencies), row["potential_currency"])
    kept = row if currency == row["potential_currency"] else EMPTY
    after: Columns = {
        f"{name}_minor": (told[name] or {}).get("minor") if name in told else kept[f"{name}_minor"]
        for name in ("total_market", "not_serviceable")
    }
    left = any(value is not None for value in after.values())
    return after | {"potential_currency": currency if left else None}
