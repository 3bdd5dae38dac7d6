"""The table `care_rules`."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.campaigns.database import Base
from services.kit.tables import NO_KEYS, Versioned


class CareRule(Versioned, Base):
    """A workspace's own setting of one care rule; what it leaves out has the rule's default."""

    __tablename__ = "care_rules"

    code: Mapped[str]
    enabled: Mapped[bool]
    parameters: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS)

    __table_args__ = (
        CheckConstraint("code IN ('first_order_thanks', 'purchase_follow_up', 'tier_rhythm', 'silence')", name="code"),
        UniqueConstraint("workspace_id", "code"),
    )
