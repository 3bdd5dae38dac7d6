"""The table `reps`: who may be given reminders, as contacts tells it."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from services.campaigns.database import Base
from services.kit.tables import NOW, Tenant


class Rep(Tenant, Base):
    """A member of staff who looks after customers."""

    __tablename__ = "reps"

    version: Mapped[int]
    active: Mapped[bool]
    time_zone: Mapped[str | None]
    locale: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
