"""How a row of `people` looks to a caller."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from services.contacts.callers import READ_CONTACT
from services.contacts.people.schemas import PersonPage, PersonRead
from services.contacts.vocabulary import ActivityRead
from services.kit.identity import Identity
from services.kit.web.schemas import Count

if TYPE_CHECKING:
    import asyncpg

Row: TypeAlias = "Mapping[str, Any] | asyncpg.Record"

NOTHING: Mapping[UUID, ActivityRead] = MappingProxyType({})
AS_THEY_ARE = (
    "id",
    "version",
    "created_at",
    "updated_at",
    "deleted_at",
    "display_name",
    "given_name",
    "family_name",
    "phonetic_name",
    "region",
    "tags",
    "owner_rep_id",
    "lifecycle_stage",
    "do_not_contact",
    "external_ids",
)
MORE_AS_THEY_ARE = (
    "birthday",
    "locale",
    "time_zone",
    "preferred_channel",
    "contact_hours",
    "custom",
    "do_not_pursue",
    "internal",
)


def page_of(
    rows: Iterable[Row],
    caller: Identity,
    next_cursor: str | None,
    count: Count | None,
    activity: Mapping[UUID, ActivityRead] = NOTHING,
) -> PersonPage:
    """Return a page of people; validated as a whole, which takes half the time of one by one."""
    sees_contact = caller.may(READ_CONTACT)
    items = [summary_values(row, sees_contact=sees_contact, activity=activity) for row in rows]
    return PersonPage.model_validate({"items": items, "next_cursor": next_cursor, "count": count})


def person_of(row: Row, caller: Identity, activity: Mapping[UUID, ActivityRead] = NOTHING) -> PersonRead:
    """Return a person in full."""
    sees_contact = caller.may(READ_CONTACT)
    values = summary_values(row, sees_contact=sees_contact, activity=activity)
    values |= {name: row[name] for name in MORE_AS_THEY_ARE}
    values["designation"] = designation_of(row)
    values["addresses"] = row["addresses"] if sees_contact else []
    values["handles"] = row["handles"] if sees_contact else []
    return PersonRead.model_validate(values)


def summary_values(row: Row, *, sees_contact: bool, activity: Mapping[UUID, ActivityRead]) -> dict[str, Any]:
    """Return the fields of a summary; contact data is empty for those who may not see it."""
    values = {name: row[name] for name in AS_THEY_ARE}
    values["type"] = "person"
    values["activity"] = activity.get(row["id"])
    values["owner_rep"] = rep_ref(row["owner_rep_id"], row["owner_name"])
    values["emails"] = with_primary(row["emails"], "address", row["primary_email"]) if sees_contact else []
    values["phones"] = with_primary(row["phones"], "number", row["primary_phone"]) if sees_contact else []
    return values


def with_primary(entries: Sequence[Row], key: str, primary: str | None) -> list[dict[str, Any]]:
    """Return addresses or numbers, the primary one marked."""
    return [{**entry, "primary": entry[key] == primary} for entry in entries]


def rep_ref(rep_id: object, name: str | None) -> dict[str, Any] | None:
    """Return the reference to a rep; the name of one who is gone is null."""
    return {"id": rep_id, "type": "rep", "display_name": name} if rep_id else None


def designation_of(row: Row) -> dict[str, Any] | None:
    """Return the rep whom the customer asked for."""
    rep_id = row["designated_rep_id"]
    if rep_id is None:
        return None
    return {"rep_id": rep_id, "rep": rep_ref(rep_id, row["designated_name"]), "asked_at": row["designated_at"]}
