"""What the fields a client sends make of the columns of a person; pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.contacts.identities.rules import REGISTERS, address_mark
from services.contacts.people.rules import clean_tags, display_name

Columns = dict[str, Any]
Mark = tuple[str, str]
"""Since when a field holds (UTC text) and the key of the source that said so."""

EMPTY: Mapping[str, Any] = {
    "given_name": None,
    "family_name": None,
    "display_name": None,
    "phonetic_name": None,
    "birthday": None,
    "locale": None,
    "time_zone": None,
    "preferred_channel": None,
    "contact_hours": [],
    "emails": [],
    "primary_email": None,
    "phones": [],
    "primary_phone": None,
    "addresses": [],
    "handles": [],
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
"""A person of whom nothing is known."""

AS_SENT = (
    "given_name",
    "family_name",
    "phonetic_name",
    "birthday",
    "locale",
    "time_zone",
    "region",
    "preferred_channel",
    "lifecycle_stage",
    "owner_rep_id",
    "contact_hours",
    "addresses",
    "handles",
    "do_not_contact",
    "do_not_pursue",
    "internal",
)
"""Fields that go into the column of the same name as they are; null empties."""


def columns_after(row: Mapping[str, Any], sent: Mapping[str, Any], mark: Mark) -> Columns:
    """Return the columns that differ after a merge patch (RFC 7396); nothing if nothing changes.

    `sent` holds plain values: phone numbers in E.164, entries as maps, reps as ids.
    """
    after: Columns = {name: EMPTY[name] if sent[name] is None else sent[name] for name in AS_SENT if name in sent}
    if "emails" in sent:
        after |= points(row, sent["emails"] or [], "emails", "address", "primary_email")
    if "phones" in sent:
        after |= points(row, sent["phones"] or [], "phones", "number", "primary_phone")
    if "tags" in sent:
        after["tags"] = clean_tags(sent["tags"] or [])
    if "custom" in sent:
        after["custom"] = patched(row["custom"], sent["custom"])
    if "designation" in sent:
        after |= designated(sent["designation"])
    after |= shown_name(row, sent)
    changed = {name: value for name, value in after.items() if row[name] != value}
    return changed | {"provenance": marked(row["provenance"], changed, sent, mark)} if changed else {}


def points(row: Mapping[str, Any], sent: Sequence[Mapping[str, Any]], name: str, key: str, primary: str) -> Columns:
    """Return the columns for e-mail addresses or phone numbers: each once, and which one is the primary.

    The one marked so, else the present one if it stays, else the first. What staff enter counts as verified.
    """
    values = list(dict.fromkeys(entry[key] for entry in sent))
    chosen = next((entry[key] for entry in sent if entry["primary"]), None)
    if chosen is None:
        chosen = row[primary] if row[primary] in values else next(iter(values), None)
    extra = {"verified": True} if name == "emails" else {}
    return {name: [{key: value, **extra} for value in values], primary: chosen}


def patched(held: Mapping[str, Any], sent: Mapping[str, Any] | None) -> Columns:
    """Return a map after a merge patch: null removes a member, null for the whole map empties it."""
    if sent is None:
        return {}
    return {name: value for name, value in {**held, **sent}.items() if value is not None}


def designated(sent: Mapping[str, Any] | None) -> Columns:
    """Return the columns for the rep whom the customer asked for."""
    if sent is None:
        return {"designated_rep_id": None, "designated_at": None}
    return {"designated_rep_id": sent["rep_id"], "designated_at": sent["asked_at"]}


def shown_name(row: Mapping[str, Any], sent: Mapping[str, Any]) -> Columns:
    """Return the display name: the one sent; else it follows the other names unless it was told apart from them."""
    if sent.get("display_name") is not None:
        return {"display_name": sent["display_name"]}
    told_apart = row["display_name"] not in {None, display_name(row["given_name"], row["family_name"])}
    if "display_name" not in sent and (told_apart or not {"given_name", "family_name"} & set(sent)):
        return {}
    given, family = (sent.get(name, row[name]) for name in ("given_name", "family_name"))
    return {"display_name": display_name(given, family)}


def marked(held: Mapping[str, Any], changed: Columns, sent: Mapping[str, Any], mark: Mark) -> Columns:
    """Return since when each field holds, after the change."""
    names = [name for name in REGISTERS if name in sent or name in changed]
    if "addresses" in changed:
        names += [address_mark(entry) for entry in changed["addresses"]]
    return {**held} | {name: list(mark) for name in names}
