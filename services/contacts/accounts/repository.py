"""Every query on accounts that is not shared with people: the list."""

from collections.abc import Sequence

from services.contacts.conditions import OF_SOURCES
from services.contacts.customer_rows import EXTERNAL_IDS, CustomerRows
from services.kit.database import Session
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

COLUMNS = {
    "name": "text",
    "domain": "text",
    "industry": "text",
    "relations": "text[]",
    "profile": "jsonb",
    "total_market_minor": "bigint",
    "not_serviceable_minor": "bigint",
    "potential_currency": "text",
}
SUMMARY = f"""
    c.id, c.version, c.created_at, c.updated_at, c.deleted_at, c.name, c.domain, c.industry, c.region, c.relations,
    c.tags, c.owner_rep_id, c.lifecycle_stage, c.do_not_contact, o.display_name AS owner_name, {EXTERNAL_IDS}"""
ACCOUNTS = Listing(
    columns=SUMMARY,
    source="accounts c LEFT JOIN reps o ON o.workspace_id = c.workspace_id AND o.id = c.owner_rep_id",
    sorts={
        "created_at": Sort("c.created_at", "timestamptz"),
        "updated_at": Sort("c.updated_at", "timestamptz"),
        "name": Sort("c.name", "text"),
    },
    id_column="c.id",
)
HOLDERS = "c.id IN (SELECT i.owner_id FROM identities i WHERE i.owner_type = 'account' AND i.kind = 'external' AND "
BY_EXTERNAL_ID = f"{HOLDERS} i.source = {OF_SOURCES} AND i.value = any({{}}::text[]))"
BY_SOURCE = f"{HOLDERS} i.source = any({{}}::text[]))"
BY_TAGS = "c.id IN (SELECT find_accounts_by_tags({}::text[]))"


class AccountsRepository(CustomerRows):
    """The table `accounts`."""

    def __init__(self) -> None:
        super().__init__("accounts", "account", COLUMNS)

    async def page(self, session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
        """Return a page of accounts."""
        return await ACCOUNTS.fetch(session, where, query, bound, sort=sort)


def filtered(
    *, deleted: bool, tags: Sequence[str] = (), sources: Sequence[str] = (), external_ids: Sequence[str] = ()
) -> Where:
    """Return the conditions that need more than a comparison of a column."""
    where = Where().add("c.merged_into IS NULL")
    where.add("c.deleted_at IS NOT NULL" if deleted else "c.deleted_at IS NULL")
    if tags:
        where.add(BY_TAGS, tags)
    if external_ids:
        where.add(BY_EXTERNAL_ID, sources or None, external_ids)
    elif sources:
        where.add(BY_SOURCE, sources)
    return where
