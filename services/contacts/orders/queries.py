"""The parameters of the list of orders, and the conditions they stand for."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.contacts.conditions import MAX_CHOICES, Choice, RepChoice, add_choice, add_reps, add_span
from services.contacts.orders.facts import FulfilmentStatus, OrderStatus, PaymentKind, PaymentStatus
from services.contacts.orders.repository import OWNER
from services.kit.identity import Identity
from services.kit.problems import bad_parameter
from services.kit.web.lists import ListQuery, Where
from services.kit.web.visibility import only_visible


class OrderQuery(ListQuery):
    """Filters of the list of orders; a repeated one means: any of these."""

    source_id: list[UUID] = Field(default_factory=list, max_length=MAX_CHOICES, description="From this source.")
    source: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="From the source of this key."
    )
    external_id: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Has this id in `source`, which must be given too."
    )
    number: list[Choice] = Field(default_factory=list, max_length=MAX_CHOICES, description="Has this number.")
    customer_id: list[UUID] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Credited to this person or account."
    )
    buyer_id: list[UUID] = Field(default_factory=list, max_length=MAX_CHOICES, description="Bought by this person.")
    account_id: list[UUID] = Field(default_factory=list, max_length=MAX_CHOICES, description="Bought for this account.")
    rep_id: list[RepChoice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Sold by this rep; `null` = by nobody in particular."
    )
    status: list[OrderStatus] = Field(
        default_factory=list, max_length=11, description="Has this status; deleted ones are listed only when asked for."
    )
    payment_status: list[PaymentStatus] = Field(default_factory=list, max_length=7, description="Paid so far.")
    fulfilment_status: list[FulfilmentStatus] = Field(default_factory=list, max_length=4, description="Sent so far.")
    payment_kind: list[PaymentKind] = Field(default_factory=list, max_length=6, description="Paid in this way.")
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
    if query.external_id and not query.source:
        raise bad_parameter("external_id", "Give `source` as well: ids are unique within a source only.")
    where = Where()
    if query.deleted:
        where.add("o.status = 'deleted'")
    elif not query.status:
        where.add("o.status <> 'deleted'")
    for name in ("source", "external_id", "number", "status", "payment_status", "fulfilment_status", "payment_kind"):
        add_choice(where, f"o.{name}", getattr(query, name))
    for name in ("source_id", "customer_id", "buyer_id", "account_id"):
        add_choice(where, f"o.{name}", getattr(query, name), "uuid")
    add_reps(where, "o.rep_id", query.rep_id, caller)
    add_span(where, "o.placed_at", query.placed_after, query.placed_before)
    add_span(where, "o.updated_at", query.updated_after, query.updated_before)
    if query.test is not None:
        where.add("o.test = {}", query.test)
    return only_visible(where, caller, OWNER)
