"""The tables of facts: `customers`, `orders`, `interactions`, `exchange_rates`, `reps`."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Date, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from services.kit.tables import FALSE, NO_ITEMS, NOW, TENANT, ZERO
from services.scoring.database import Base

TYPES = "type IN ('person', 'account')"
MEMBER = "NOT (do_not_pursue OR internal OR deleted OR erased OR merged_into IS NOT NULL)"


class Customer(Base):
    """A person or an account, as far as scores look at it. Version 0: only heard of in an order so far."""

    __tablename__ = "customers"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(server_default=ZERO)
    type: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    deleted: Mapped[bool] = mapped_column(server_default=FALSE)
    erased: Mapped[bool] = mapped_column(server_default=FALSE)
    merged_into: Mapped[UUID | None]
    owner_rep_id: Mapped[UUID | None]
    designated_rep_id: Mapped[UUID | None]
    designated_at: Mapped[datetime | None]
    do_not_pursue: Mapped[bool] = mapped_column(server_default=FALSE)
    internal: Mapped[bool] = mapped_column(server_default=FALSE)
    member: Mapped[bool] = mapped_column(Computed(MEMBER, persisted=True), nullable=True)
    """Whether the customer belongs to a population (scoring 11.3)."""

    __table_args__ = (
        CheckConstraint(TYPES, name="type"),
        Index("customers_owner_idx", "workspace_id", "owner_rep_id"),
        Index("customers_designated_idx", "workspace_id", "designated_rep_id"),
    )


class Order(Base):
    """An order as contacts told it, and what it comes to once all its facts are known.

    From `settled_at` on, `counts` and `net_minor` hold for every later time; before it, the rules look at the rest.
    """

    __tablename__ = "orders"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    customer_id: Mapped[UUID | None]
    customer_type: Mapped[str | None]
    buyer_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    placed_at: Mapped[datetime]
    status: Mapped[str]
    status_before: Mapped[str | None]
    """The last status we saw that was neither cancelled nor deleted."""
    payment_kind: Mapped[str | None]
    currency: Mapped[str]
    total_minor: Mapped[int]
    goods_minor: Mapped[int | None]
    refunds: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)
    cancelled_at: Mapped[datetime | None]
    test: Mapped[bool] = mapped_column(server_default=FALSE)
    effects: Mapped[str] = mapped_column(server_default=text("'all'"))

    settled_at: Mapped[datetime]
    day: Mapped[date] = mapped_column(Date())
    counts: Mapped[bool]
    net_minor: Mapped[int | None] = mapped_column(BigInteger())
    missing_rate: Mapped[str | None]
    over_refunded: Mapped[bool] = mapped_column(server_default=FALSE)

    __table_args__ = (
        CheckConstraint("customer_type IN ('person', 'account')", name="customer_type"),
        Index("orders_customer_idx", "workspace_id", "customer_id", "placed_at"),
        Index(
            "orders_buyer_idx",
            "workspace_id",
            "buyer_id",
            "placed_at",
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index("orders_settled_idx", "workspace_id", "settled_at"),
        Index("orders_currency_idx", "workspace_id", "currency", "customer_id"),
    )


class Interaction(Base):
    """A contact with a customer."""

    __tablename__ = "interactions"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    interaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    customer_id: Mapped[UUID]
    function: Mapped[str]
    channel: Mapped[str]
    direction: Mapped[str]
    occurred_at: Mapped[datetime]
    outcome: Mapped[str | None]
    rep_id: Mapped[UUID | None]
    deleted: Mapped[bool] = mapped_column(server_default=FALSE)

    __table_args__ = (Index("interactions_customer_idx", "workspace_id", "customer_id", "occurred_at"),)


class ExchangeRate(Base):
    """A dated rate into the reporting currency."""

    __tablename__ = "exchange_rates"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    rate_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    currency: Mapped[str]
    valid_from: Mapped[date] = mapped_column(Date())
    rate: Mapped[Decimal] = mapped_column(Numeric())
    deleted: Mapped[bool] = mapped_column(server_default=FALSE)

    __table_args__ = (Index("exchange_rates_currency_idx", "workspace_id", "currency", "valid_from"),)


class Rep(Base):
    """A member of staff: whether he or she is still there."""

    __tablename__ = "reps"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    rep_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    active: Mapped[bool]
