"""The table `exchange_rates`."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from services.contacts.database import Base
from services.kit.tables import Versioned


class ExchangeRate(Versioned, Base):
    """From a date on, one unit of `currency` is worth `rate` units of the reporting currency."""

    __tablename__ = "exchange_rates"

    currency: Mapped[str]
    valid_from: Mapped[date]
    rate: Mapped[Decimal]

    __table_args__ = (
        CheckConstraint("rate > 0", name="rate"),
        UniqueConstraint("workspace_id", "currency", "valid_from"),
    )
