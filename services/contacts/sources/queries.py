"""The parameters of the lists of sources and deliveries, and the conditions they stand for."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.contacts.conditions import MAX_CHOICES, Choice, add_choice, add_span
from services.contacts.sources.rules import DeliveryStatus, Platform, first_id_at
from services.contacts.sources.schemas import ReplayCommand
from services.kit.web.lists import ListQuery, Where

SLACK = timedelta(minutes=5)
"""How far the clock that makes ids and the one that dates rows may be apart."""


class SourceQuery(ListQuery):
    """Filters of the list of sources; a repeated one means: any of these."""

    key: list[Choice] = Field(default_factory=list, max_length=MAX_CHOICES, description="Has this key.")
    platform: list[Platform] = Field(default_factory=list, max_length=12, description="Is on this platform.")
    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")


class DeliveryQuery(ListQuery):
    """Filters of the list of deliveries; a repeated one means: any of these."""

    status: list[DeliveryStatus] = Field(default_factory=list, max_length=6, description="Stands like this.")
    topic: list[Choice] = Field(default_factory=list, max_length=MAX_CHOICES, description="Is of this topic.")
    external_id: list[Choice] = Field(
        default_factory=list, max_length=MAX_CHOICES, description="Is about what the shop calls so."
    )
    received_after: AwareDatetime | None = Field(None, description="Received later than this.")
    received_before: AwareDatetime | None = Field(None, description="Received earlier than this.")
    sort: Literal["received_at", "-received_at"] = Field("-received_at", description="Order of the list.")


def source_conditions(query: SourceQuery, workspace_id: UUID) -> Where:
    """Return the conditions of a list of sources."""
    where = Where().add("s.workspace_id = {}", workspace_id)
    add_choice(where, "s.key", query.key)
    add_choice(where, "s.platform", query.platform)
    return where


def delivery_conditions(query: DeliveryQuery, workspace_id: UUID, source_id: UUID) -> Where:
    """Return the conditions of a list of deliveries."""
    where = of_source(workspace_id, source_id)
    add_choice(where, "d.status", query.status)
    add_choice(where, "d.topic", query.topic)
    if query.external_id:
        where.add("d.external_id IS NOT NULL AND d.external_id = any({}::text[])", query.external_id)
    return within(where, query.received_after, query.received_before)


def replay_conditions(body: ReplayCommand, workspace_id: UUID, source_id: UUID) -> Where:
    """Return the conditions of a replay."""
    where = of_source(workspace_id, source_id)
    add_choice(where, "d.status", body.status)
    return within(where, body.received_after, body.received_before)


def of_source(workspace_id: UUID, source_id: UUID) -> Where:
    """Return the conditions for the deliveries of one source."""
    return Where().add("d.workspace_id = {} AND d.source_id = {}", workspace_id, source_id)


def within(where: Where, after: datetime | None, before: datetime | None) -> Where:
    """Limit deliveries to a span of time; the ids, which the primary key is sorted by, narrow it down first."""
    if after:
        where.add("d.id > {}::uuid", first_id_at(after - SLACK))
    if before:
        where.add("d.id < {}::uuid", first_id_at(before + SLACK))
    add_span(where, "d.received_at", after, before)
    return where
