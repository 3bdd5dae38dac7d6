"""The table `reminders`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.campaigns.database import Base
from services.kit.tables import FALSE, NO_ITEMS, NO_KEYS, ZERO, Versioned

ACTIVE = text("status IN ('open', 'snoozed', 'escalated')")
SWEEP = (
    "CASE WHEN status = 'snoozed' THEN LEAST(snoozed_until, expires_at) "
    "WHEN status IN ('open', 'escalated') THEN expires_at END"
)
CHANNELS = "('visit', 'call', 'email', 'chat', 'sms', 'social', 'event', 'gift', 'other')"


class Reminder(Versioned, Base):
    """One task for one cause. Its words are made when it is read: only codes and parameters are stored."""

    __tablename__ = "reminders"

    customer_id: Mapped[UUID]
    rep_id: Mapped[UUID | None]
    rep_pinned: Mapped[bool] = mapped_column(server_default=FALSE)
    """Somebody chose the rep; otherwise the reminder follows the customer's rep."""
    rule: Mapped[str]
    cause: Mapped[str]
    fact_at: Mapped[datetime]
    order_id: Mapped[UUID | None]
    function: Mapped[str]
    channel: Mapped[str]
    form: Mapped[str]
    priority: Mapped[int]
    status: Mapped[str]
    due_at: Mapped[datetime]
    contact_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    snoozed_until: Mapped[datetime | None]
    sweep_at: Mapped[datetime | None] = mapped_column(Computed(SWEEP, persisted=True))
    """When the clock changes the state: the end of a snooze, or expiry."""
    facts: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS)
    also: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)
    """Reasons of reminders that were folded into this one: `[{"rule", "facts"}]`."""
    merged_into: Mapped[UUID | None]

    closed_at: Mapped[datetime | None]
    """Null exactly while the reminder waits for somebody."""
    closed_by: Mapped[UUID | None]
    close_reason: Mapped[str | None]
    """Why it was skipped or expired, as a code."""
    note: Mapped[str | None]

    completion: Mapped[int] = mapped_column(server_default=ZERO)
    """How often it was completed: each completion writes one interaction."""
    outcome: Mapped[str | None]
    summary: Mapped[str | None]
    contacted_through: Mapped[str | None]
    contacted_at: Mapped[datetime | None]
    interaction_id: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint(
            "status IN ('open', 'snoozed', 'done', 'skipped', 'escalated', 'expired', 'merged')", name="status"
        ),
        CheckConstraint(
            "function IN ('care', 'information', 'transaction', 'service', 'intelligence')", name="function"
        ),
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        CheckConstraint(f"contacted_through IN {CHANNELS}", name="contacted_through"),
        CheckConstraint("(closed_at IS NULL) = (status IN ('open', 'snoozed', 'escalated'))", name="closed_at"),
        UniqueConstraint("workspace_id", "cause"),
        ForeignKeyConstraint(["workspace_id", "customer_id"], ["audience.workspace_id", "audience.customer_id"]),
        Index("reminders_due_idx", "workspace_id", "due_at", "id"),
        Index("reminders_priority_idx", "workspace_id", "priority", "id"),
        Index("reminders_active_due_idx", "workspace_id", "due_at", "id", postgresql_where=ACTIVE),
        Index("reminders_active_priority_idx", "workspace_id", "priority", "id", postgresql_where=ACTIVE),
        Index("reminders_customer_idx", "workspace_id", "customer_id", "due_at", "id"),
        Index("reminders_rep_idx", "workspace_id", "rep_id", "status", "due_at", "id"),
        Index("reminders_sweep_idx", "workspace_id", "sweep_at", postgresql_where=text("sweep_at IS NOT NULL")),
    )
