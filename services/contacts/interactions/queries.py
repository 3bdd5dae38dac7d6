"""The conditions that the parameters of the list of interactions stand for."""

from services.contacts.conditions import add_choice, add_optional, add_reps, add_span
from services.contacts.interactions.schemas import InteractionQuery
from services.kit.identity import Identity
from services.kit.web.lists import Where
from services.kit.web.visibility import only_visible


def conditions(query: InteractionQuery, caller: Identity) -> Where:
    """Return the conditions of a list."""
    where = Where().add("i.deleted_at IS NOT NULL" if query.deleted else "i.deleted_at IS NULL")
    if query.customer_id:
        where.add("i.customer_id = any({}::uuid[])", query.customer_id)
    add_reps(where, "i.rep_id", query.rep_id, caller)
    add_choice(where, "i.function", query.function)
    add_choice(where, "i.channel", query.channel)
    add_choice(where, "i.direction", [query.direction] if query.direction else [])
    add_optional(where, "i.outcome", query.outcome)
    add_span(where, "i.occurred_at", query.occurred_after, query.occurred_before)
    add_span(where, "i.updated_at", query.updated_after, query.updated_before)
    return only_visible(where, caller, "coalesce(p.owner_rep_id, a.owner_rep_id)")
