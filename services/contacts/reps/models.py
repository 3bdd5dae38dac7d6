"""The table `reps`."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contacts.database import SORTED_TEXT, Base
from services.kit.tables import Versioned


class Rep(Versioned, Base):
    """A member of staff who looks after customers."""

    __tablename__ = "reps"

    display_name: Mapped[str] = mapped_column(SORTED_TEXT)
    email: Mapped[str | None]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        Index("reps_created_idx", "workspace_id", "created_at", "id"),
        Index("reps_name_idx", "workspace_id", "display_name", "id"),
        Index("reps_email_key", "workspace_id", "email", unique=True, postgresql_where=text("email IS NOT NULL")),
    )
