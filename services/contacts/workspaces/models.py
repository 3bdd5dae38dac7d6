"""The table `workspaces`: the gateway's settings as far as contacts needs them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from services.contacts.database import Base
from services.kit.tables import NOW, TENANT


class Workspace(Base):
    """The settings of one workspace, as its last `workspace.changed` event told them."""

    __tablename__ = "workspaces"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    version: Mapped[int]
    name: Mapped[str]
    mode: Mapped[str] = mapped_column(server_default=text("'live'"))
    time_zone: Mapped[str]
    locale: Mapped[str]
    reporting_currency: Mapped[str]
    default_region: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
