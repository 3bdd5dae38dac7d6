"""The table `scoring_policies`."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.kit.tables import NOW, Tenant
from services.scoring.database import Base


class ScoringPolicy(Tenant, Base):
    """One version of the rules of a workspace; once it was active it is never changed."""

    __tablename__ = "scoring_policies"

    version: Mapped[int]
    status: Mapped[str]
    rules: Mapped[dict[str, object]]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    activated_at: Mapped[datetime | None]
    """From then on it is in force, until the next one; the first version also before."""

    __table_args__ = (
        CheckConstraint("status IN ('draft', 'active', 'retired')", name="status"),
        Index("scoring_policies_version_idx", "workspace_id", "version", unique=True),
    )
