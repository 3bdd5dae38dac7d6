"""The tables `journal` and `journal_heads`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database import Base
from services.kit.tables import NOW, TENANT


class JournalEvent(Base):
    """One event as callers get it. Partitions are days; the positions of a workspace have no gaps."""

    __tablename__ = "journal"

    workspace_id: Mapped[UUID] = mapped_column(server_default=TENANT)
    position: Mapped[int]
    recorded_at: Mapped[datetime]
    id: Mapped[UUID]
    type: Mapped[str]
    object_type: Mapped[str | None]
    object_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    """Whose event it is: who may not see the customer does not get it."""
    occurred_at: Mapped[datetime]
    version: Mapped[int]
    data: Mapped[dict[str, object]] = mapped_column(JSON())

    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "position", "recorded_at"),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )


class JournalHead(Base):
    """The newest position of a workspace; the lock on it makes positions appear in their order."""

    __tablename__ = "journal_heads"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    head: Mapped[int] = mapped_column(server_default=text("0"))
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW)
