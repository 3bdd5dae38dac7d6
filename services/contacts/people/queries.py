"""The parameters of the list of people, and the conditions they stand for."""

from typing import Literal

from pydantic import AwareDatetime, Field

from services.contacts.callers import READ_CONTACT
from services.contacts.conditions import MAX_CHOICES, Choice, RepChoice, add_optional, add_reps, add_span, spelled
from services.contacts.people.repository import filtered
from services.contacts.people.rules import clean_text, normalise_email, normalise_phone
from services.contacts.vocabulary import Embedding, Stage
from services.kit.identity import Identity
from services.kit.web.lists import ListQuery, Where
from services.kit.web.visibility import only_visible


class PersonQuery(Embedding, ListQuery):
    """Filters of the list of people; a repeated one means: any of these."""

    email: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Has this e-mail address now."
    )
    phone: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Has this telephone number now, with country code."
    )
    tag: list[Choice] = Field(default_factory=list, max_length=MAX_CHOICES, description="Has this tag.")
    owner_rep_id: list[RepChoice] = Field(
        default_factory=list,
        max_length=MAX_CHOICES,
        description="Is looked after by this rep; `null` = by nobody, `me` = by the rep of the key.",
    )
    source: list[Choice] = Field(default_factory=list, max_length=MAX_CHOICES, description="Has an id in this source.")
    external_id: list[Choice] = Field(
        default_factory=list,
        max_length=MAX_CHOICES,
        description="Has this id in `source`, or in any where none is given.",
    )
    lifecycle_stage: list[Literal[Stage, "null"]] = Field(
        default_factory=list, max_length=5, description="Is at this stage; `null` = at none."
    )
    region: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Is in this region; `null` = in none that we know."
    )
    created_after: AwareDatetime | None = Field(None, description="Created later than this.")
    created_before: AwareDatetime | None = Field(None, description="Created earlier than this.")
    updated_after: AwareDatetime | None = Field(None, description="Changed later than this.")
    updated_before: AwareDatetime | None = Field(None, description="Changed earlier than this.")
    deleted: bool = Field(default=False, description="List what was deleted instead.")
    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at", "display_name", "-display_name"] = Field(
        "-created_at", description="Order of the list; nulls come last."
    )


def conditions(query: PersonQuery, caller: Identity) -> Where:
    """Return the conditions of a list; Forbidden for contact data that the caller may not see."""
    if query.email or query.phone:
        caller.require(READ_CONTACT)
    where = filtered(
        deleted=query.deleted,
        emails=spelled("email", query.email, normalise_email),
        phones=spelled("phone", query.phone, normalise_phone),
        tags=[clean_text(tag) for tag in query.tag],
        sources=query.source,
        external_ids=query.external_id,
    )
    add_reps(where, "c.owner_rep_id", query.owner_rep_id, caller)
    add_optional(where, "c.lifecycle_stage", query.lifecycle_stage)
    add_optional(where, "c.region", query.region)
    add_span(where, "c.created_at", query.created_after, query.created_before)
    add_span(where, "c.updated_at", query.updated_after, query.updated_before)
    return only_visible(where, caller, "c.owner_rep_id")
