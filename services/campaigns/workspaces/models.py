"""The table `workspaces`: the gateway's settings as far as care needs them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from services.campaigns.database import Base
from services.kit.tables import NOW, TENANT


class Workspace(Base):
    """A workspace: a row from the first event that names it, its settings once the gateway has told them."""

    __tablename__ = "workspaces"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    version: Mapped[int] = mapped_column(server_default=text("0"))
    time_zone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    locale: Mapped[str] = mapped_column(server_default=text("'en'"))
    reporting_currency: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
