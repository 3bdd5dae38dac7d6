"""The table `teams`."""

from uuid import UUID

from sqlalchemy import ARRAY, Index, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database import Base
from services.kit.tables import Versioned


class Team(Versioned, Base):
    """Reps who see one another's customers with keys of the visibility `team`."""

    __tablename__ = "teams"

    name: Mapped[str] = mapped_column(Text(collation="C"))
    rep_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=text("'{}'::uuid[]"))

    __table_args__ = (
        Index("teams_created_idx", "workspace_id", "created_at", "id"),
        Index("teams_name_idx", "workspace_id", "name", "id"),
    )
