"""Events of `campaigns`: care reminders as they open, change and close."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.contracts.envelope import Event


class ReminderChanged(Event):
    """A care reminder was opened, snoozed, reassigned, done, skipped, escalated, merged or expired."""

    TYPE: ClassVar[str] = "reminder.changed"
    SUBJECT: ClassVar[str] = "reminder_id"

    reminder_id: UUID
    customer_id: UUID
    rep_id: UUID | None
    rule: str
    status: str
    due_at: datetime
