"""The conditions that the parameters of the list of accounts stand for."""

from services.contacts.accounts.repository import filtered
from services.contacts.accounts.schemas import AccountQuery
from services.contacts.conditions import add_optional, add_reps, add_span
from services.contacts.people.rules import clean_text
from services.kit.identity import Identity
from services.kit.web.lists import Where
from services.kit.web.visibility import only_visible


def conditions(query: AccountQuery, caller: Identity) -> Where:
    """Return the conditions of a list."""
    where = filtered(
        deleted=query.deleted,
        tags=[clean_text(tag) for tag in query.tag],
        sources=query.source,
        external_ids=query.external_id,
    )
    add_reps(where, "c.owner_rep_id", query.owner_rep_id, caller)
    add_optional(where, "c.domain", [domain.lower() for domain in query.domain])
    add_optional(where, "c.industry", query.industry)
    add_optional(where, "c.region", query.region)
    add_optional(where, "c.lifecycle_stage", query.lifecycle_stage)
    add_span(where, "c.created_at", query.created_after, query.created_before)
    add_span(where, "c.updated_at", query.updated_after, query.updated_before)
    return only_visible(where, caller, "c.owner_rep_id")
