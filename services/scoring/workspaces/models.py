"""The tables `workspaces` and `schedules`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from services.kit.tables import NOW, TENANT, ZERO
from services.scoring.database import Base


class Workspace(Base):
    """A workspace: a row from the first event that names it, its settings once the gateway has told them."""

    __tablename__ = "workspaces"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    version: Mapped[int] = mapped_column(server_default=ZERO)
    time_zone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    locale: Mapped[str] = mapped_column(server_default=text("'en'"))
    reporting_currency: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
    evaluated_at: Mapped[datetime | None]
    """When everybody was last found to stand where scores say."""


class Schedule(Base):
    """When a workspace is to be evaluated again without a new fact."""

    __tablename__ = "schedules"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    daily_at: Mapped[datetime | None]
    """The next local midnight whose evaluation has not been asked for."""
    stirred_at: Mapped[datetime | None]
    """When facts last moved cut-offs that are not recorded yet, so that others may stand differently."""
    sweep_after: Mapped[datetime | None]
    """No look at those others before this time."""
