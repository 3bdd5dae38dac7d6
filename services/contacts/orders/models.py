"""The table `orders`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contacts.database import NO_ITEMS, NO_KEYS, NO_TEXTS, Base, Versioned


class Order(Versioned, Base):
    """An order of a shop as all facts about it add up; amounts are minor units of `currency`."""

    __tablename__ = "orders"

    source_id: Mapped[UUID | None]
    source: Mapped[str]
    external_id: Mapped[str]
    number: Mapped[str | None]
    buyer_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    """Who is credited: the account if there is one, else the buyer."""
    customer_type: Mapped[str | None]
    status: Mapped[str]
    payment_status: Mapped[str]
    fulfilment_status: Mapped[str]
    platform_status: Mapped[str | None]
    payment_kind: Mapped[str | None]
    currency: Mapped[str]
    total_minor: Mapped[int]
    subtotal_minor: Mapped[int | None]
    discount_minor: Mapped[int | None]
    tax_minor: Mapped[int | None]
    shipping_minor: Mapped[int | None]
    refunded_minor: Mapped[int]
    net_minor: Mapped[int]
    goods_minor: Mapped[int | None]
    placed_at: Mapped[datetime]
    platform_updated_at: Mapped[datetime]
    status_rank: Mapped[int]
    body_hash: Mapped[str]
    cancelled_at: Mapped[datetime | None]
    deleted_balance: Mapped[int] = mapped_column(server_default=text("0"))
    items: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)
    refunds: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)
    coupons: Mapped[list[str]] = mapped_column(server_default=NO_TEXTS)
    store: Mapped[str | None]
    rep_id: Mapped[UUID | None]
    promised_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    test: Mapped[bool] = mapped_column(server_default=text("false"))
    effects: Mapped[str] = mapped_column(server_default=text("'all'"))
    merge_state: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS)
    """What the columns alone do not tell and the next merge needs; `orders.rules` owns its shape."""

    __table_args__ = (
        UniqueConstraint("workspace_id", "source", "external_id", name="orders_external_key"),
        CheckConstraint(
            "status IN ('draft', 'pending', 'paid', 'partially_paid', 'fulfilled', 'cancelled', 'refunded',"
            " 'partially_refunded', 'failed', 'on_hold', 'deleted')",
            name="status",
        ),
        CheckConstraint(
            "payment_kind IN ('card', 'transfer', 'cash_on_delivery', 'invoice', 'wallet', 'other')",
            name="payment_kind",
        ),
        CheckConstraint("customer_type IN ('person', 'account')", name="customer_type"),
        CheckConstraint("effects IN ('none', 'scores', 'all')", name="effects"),
        Index("orders_placed_idx", "workspace_id", "placed_at", "id"),
        Index("orders_updated_idx", "workspace_id", "updated_at", "id"),
        Index("orders_customer_idx", "workspace_id", "customer_id", "placed_at", "id"),
        Index(
            "orders_account_buyer_idx",
            "workspace_id",
            "buyer_id",
            postgresql_where=text("account_id IS NOT NULL"),
        ),
    )
