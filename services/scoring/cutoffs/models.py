"""The table `cutoffs`."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.kit.tables import FALSE, NOW, Tenant
from services.scoring.database import Base


class Cutoff(Tenant, Base):
    """The cut-offs of one population as they were taken: facts, never rewritten (scoring 11.1)."""

    __tablename__ = "cutoffs"

    population: Mapped[str]
    family: Mapped[str]
    computed_at: Mapped[datetime]
    dated: Mapped[bool] = mapped_column(server_default=FALSE)
    """Taken for one time on request; only reads as of exactly that time look at it."""
    policy_version: Mapped[int]
    body: Mapped[dict[str, object]]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        CheckConstraint("population IN ('person', 'account')", name="population"),
        CheckConstraint("family IN ('tiers', 'daily')", name="family"),
        Index("cutoffs_force_idx", "workspace_id", "dated", "population", "family", "computed_at", "id"),
    )
