"""The table `interactions`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contacts.database import Base
from services.kit.tables import NO_ITEMS, Versioned


class Interaction(Versioned, Base):
    """Something that happened between us and a customer."""

    __tablename__ = "interactions"

    deleted_at: Mapped[datetime | None]
    customer_id: Mapped[UUID]
    customer_type: Mapped[str]
    rep_id: Mapped[UUID | None]
    function: Mapped[str]
    channel: Mapped[str]
    direction: Mapped[str]
    occurred_at: Mapped[datetime]
    purpose: Mapped[str | None]
    summary: Mapped[str | None]
    outcome: Mapped[str | None]
    sentiment: Mapped[float | None]
    participants: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)
    cost_minor: Mapped[int | None]
    cost_currency: Mapped[str | None]
    findings: Mapped[str | None]
    next_step: Mapped[str | None]
    next_step_due_at: Mapped[datetime | None]
    effects: Mapped[str] = mapped_column(server_default=text("'all'"))

    __table_args__ = (
        CheckConstraint("customer_type IN ('person', 'account')", name="customer_type"),
        CheckConstraint(
            "function IN ('care', 'information', 'transaction', 'service', 'intelligence')", name="function"
        ),
        CheckConstraint(
            "channel IN ('visit', 'call', 'email', 'chat', 'sms', 'social', 'event', 'gift', 'other')", name="channel"
        ),
        CheckConstraint("direction IN ('inbound', 'outbound')", name="direction"),
        CheckConstraint(
            "outcome IN ('reached', 'no_answer', 'left_message', 'done', 'declined', 'other')", name="outcome"
        ),
        CheckConstraint("sentiment BETWEEN -1 AND 1", name="sentiment"),
        CheckConstraint("effects IN ('none', 'scores', 'all')", name="effects"),
        Index("interactions_occurred_idx", "workspace_id", "occurred_at", "id"),
        Index("interactions_created_idx", "workspace_id", "created_at", "id"),
        Index("interactions_updated_idx", "workspace_id", "updated_at", "id"),
        Index("interactions_customer_idx", "workspace_id", "customer_id", "occurred_at", "id"),
        Index("interactions_rep_idx", "workspace_id", "rep_id", "occurred_at", "id"),
    )
