"""Every query on people that is not shared with accounts: lists and lookups."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.contacts.conditions import OF_SOURCES
from services.contacts.customer_rows import EXTERNAL_IDS, CustomerRows
from services.kit.database import Session
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

if TYPE_CHECKING:
    import asyncpg

COLUMNS = {
    "given_name": "text",
    "family_name": "text",
    "display_name": "text",
    "phonetic_name": "text",
    "birthday": "text",
    "locale": "text",
    "time_zone": "text",
    "preferred_channel": "text",
    "contact_hours": "jsonb",
    "emails": "jsonb",
    "primary_email": "text",
    "phones": "jsonb",
    "primary_phone": "text",
    "addresses": "jsonb",
    "handles": "jsonb",
}
SUMMARY = f"""
    c.id, c.version, c.created_at, c.updated_at, c.deleted_at, c.display_name, c.given_name, c.family_name,
    c.phonetic_name, c.emails, c.primary_email, c.phones, c.primary_phone, c.region, c.tags, c.owner_rep_id,
    c.lifecycle_stage, c.do_not_contact, o.display_name AS owner_name, {EXTERNAL_IDS}"""
PEOPLE = Listing(
    columns=SUMMARY,
    source="people c LEFT JOIN reps o ON o.workspace_id = c.workspace_id AND o.id = c.owner_rep_id",
    sorts={
        "created_at": Sort("c.created_at", "timestamptz"),
        "updated_at": Sort("c.updated_at", "timestamptz"),
        "display_name": Sort("c.display_name", "text", nullable=True),
    },
    id_column="c.id",
)
HOLDERS = "c.id IN (SELECT i.owner_id FROM identities i WHERE i.owner_type = 'person' AND "
BY_EMAIL = (
    f"{HOLDERS} i.kind = 'email' AND i.source = '' AND i.value = any({{}}::text[]))"
    " AND EXISTS (SELECT FROM jsonb_array_elements(c.emails) e WHERE e ->> 'address' = any({}::text[]))"
)
"""The index of match keys finds candidates; keys outlive edits, so the address must still be there."""
BY_PHONE = (
    f"{HOLDERS} i.kind = 'phone' AND i.source = '' AND i.value = any({{}}::text[]))"
    " AND EXISTS (SELECT FROM jsonb_array_elements(c.phones) e WHERE e ->> 'number' = any({}::text[]))"
)
BY_EXTERNAL_ID = f"{HOLDERS} i.kind = 'external' AND i.source = {OF_SOURCES} AND i.value = any({{}}::text[]))"
BY_SOURCE = f"{HOLDERS} i.kind = 'external' AND i.source = any({{}}::text[]))"
BY_TAGS = "c.id IN (SELECT find_people_by_tags({}::text[]))"


class PeopleRepository(CustomerRows):
    """The table `people`."""

    def __init__(self) -> None:
        super().__init__("people", "person", COLUMNS)

    async def page(self, session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
        """Return a page of people."""
        return await PEOPLE.fetch(session, where, query, bound, sort=sort)

    async def find(self, session: Session, where: Where) -> "list[asyncpg.Record]":
        """Return every person that fits; for questions that few can fit."""
        return await session.fetch(
            f"SELECT {PEOPLE.columns} FROM {PEOPLE.source} WHERE {where.sql} ORDER BY c.id LIMIT 50", *where.args
        )

    async def default_region(self, session: Session) -> str | None:
        """Return the country of phone numbers that are written without a country code."""
        region: str | None = await session.fetchval(
            "SELECT default_region FROM workspaces WHERE workspace_id = $1", session.tenant
        )
        return region


def filtered(
    *,
    deleted: bool,
    emails: Sequence[str] = (),
    phones: Sequence[str] = (),
    tags: Sequence[str] = (),
    sources: Sequence[str] = (),
    external_ids: Sequence[str] = (),
) -> Where:
    """Return the conditions that need more than a comparison of a column."""
    where = Where().add("c.merged_into IS NULL")
    where.add("c.deleted_at IS NOT NULL" if deleted else "c.deleted_at IS NULL")
    if emails:
        where.add(BY_EMAIL, emails, emails)
    if phones:
        where.add(BY_PHONE, phones, phones)
    if tags:
        where.add(BY_TAGS, tags)
    if external_ids:
        where.add(BY_EXTERNAL_ID, sources or None, external_ids)
    elif sources:
        where.add(BY_SOURCE, sources)
    return where
