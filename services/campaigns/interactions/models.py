"""The table `interactions`: what decides rhythm, habits and pressure; no text, no name."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from services.campaigns.database import Base
from services.kit.tables import Tenant


class Interaction(Tenant, Base):
    """One interaction as its last event told it; a deleted one keeps its row, so that no older event revives it."""

    __tablename__ = "interactions"

    version: Mapped[int]
    customer_id: Mapped[UUID]
    rep_id: Mapped[UUID | None]
    function: Mapped[str]
    channel: Mapped[str]
    direction: Mapped[str]
    outcome: Mapped[str | None]
    occurred_at: Mapped[datetime]
    deleted: Mapped[bool]
    contact: Mapped[bool]
    """A contact by itself (scoring 11.8): what the rhythm is counted from."""

    __table_args__ = (
        Index(
            "interactions_customer_idx",
            "workspace_id",
            "customer_id",
            "occurred_at",
            postgresql_where=text("NOT deleted"),
        ),
    )
