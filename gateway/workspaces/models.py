"""The table `workspaces`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database import Base
from services.kit.tables import NOW, TENANT


class Workspace(Base):
    """One company: its name and the settings that dates, money and texts depend on."""

    __tablename__ = "workspaces"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
    name: Mapped[str]
    mode: Mapped[str] = mapped_column(server_default=text("'live'"))
    time_zone: Mapped[str]
    locale: Mapped[str]
    reporting_currency: Mapped[str]
    fiscal_year_start: Mapped[str] = mapped_column(server_default=text("'01-01'"))
    """MM-DD."""
    default_region: Mapped[str | None]
    identity: Mapped[dict[str, object] | None] = mapped_column(JSONB(none_as_null=True))
    """The OIDC provider whose tokens count here, and what its claims mean."""

    __table_args__ = (CheckConstraint("mode IN ('live', 'test')", name="mode"),)
