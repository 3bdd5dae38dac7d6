"""The parameters of the list of orders, and the conditions they stand for."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.contacts.conditions import (
    MAX_CHOICES,
    OF_SOURCES,
    Choice,
    Null,
    RepChoice,
    add_choice,
    add_optional,
    add_reps,
    add_span,
)
from services.contacts.orders.facts import FulfilmentStatus, OrderStatus, PaymentKind, PaymentStatus
from services.contacts.orders.repository import OWNER
from services.kit.identity import Identity
from services.kit.web.lists import ListQuery, Where
from services.kit.web.visibility import only_visible


class OrderQuery(ListQuery):
    """Filters of the list of orders; a repeated one means: any of these."""

    source_id: list[UUID] = Field(default_factory=list, max_length=MAX_CHOICES, description="From this source.")
    source: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="From the source of this key."
    )
    external_id: list[Choice] = Field(
        default_factory=list,
        max_length=MAX_CHOICES,
        description="Has this id in `source`, or in any where none is given.",
    )
    number: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Has this number; `null` = has none."
    )
    customer_id: list[UUID | Null] = Field(
        default_factory=list,
        max_length=MAX_CHOICES,
        description="Credited to this person or account; `null` = to nobody.",
    )
    buyer_id: list[UUID | Null] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Bought by this person; `null` = by nobody we know."
    )
    account_id: list[UUID | Null] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Bought for this account; `null` = for none."
    )
    rep_id: list[RepChoice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Sold by this rep; `null` = by nobody in particular."
    )
    status: list[OrderStatus] = Field(
        default_factory=list, max_length=11, description="Has this status; deleted ones are listed only when asked for."
    )
    payment_status: list[PaymentStatus] = Field(default_factory=list, max_length=7, description="Paid so far.")
    fulfilment_status: list[FulfilmentStatus] = Field(default_factory=list, max_length=4, description="Sent so far.")
    payment_kind: list[Literal[PaymentKind, "null"]] = Field(
        default_factory=list, max_length=7, description="Paid in this way; `null` = in one that we do not know."
    )
    placed_after: AwareDatetime | None = Field(None, description="Placed later than this.")
    placed_before: AwareDatetime | None = Field(None, description="Placed earlier than this.")
    updated_after: AwareDatetime | None = Field(None, description="Changed here later than this.")
    updated_before: AwareDatetime | None = Field(None, description="Changed here earlier than this.")
    test: bool | None = Field(None, description="Only test orders, or only real ones.")
    deleted: bool = Field(default=False, description="List what was deleted instead.")
    sort: Literal["placed_at", "-placed_at", "updated_at", "-updated_at"] = Field(
        "-placed_at", description="Order of the list."
    )


def conditions(query: OrderQuery, caller: Identity) -> Where:
    """Return the conditions of a list."""
    where = Where()
    if query.deleted:
        where.add("o.status = 'deleted'")
    elif not query.status:
        where.add("o.status <> 'deleted'")
    if query.source or query.external_id:
        where.add(f"o.source = {OF_SOURCES}", query.source or None)
    for name in ("external_id", "status", "payment_status", "fulfilment_status"):
        add_choice(where, f"o.{name}", getattr(query, name))
    add_choice(where, "o.source_id", query.source_id, "uuid")
    for name in ("number", "payment_kind"):
        add_optional(where, f"o.{name}", getattr(query, name))
    for name in ("customer_id", "buyer_id", "account_id"):
        add_optional(where, f"o.{name}", getattr(query, name), "uuid")
    add_reps(where, "o.rep_id", query.rep_id, caller)
    add_span(where, "o.placed_at", query.placed_after, query.placed_before)
    add_span(where, "o.updated_at", query.updated_after, query.updated_before)
    if query.test is not None:
        where.add("o.test = {}", query.test)
    return only_visible(where, caller, OWNER)
