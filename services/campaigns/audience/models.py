"""The tables `audience` and `audience_tags`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.campaigns.database import Base
from services.kit.tables import FALSE, NO_ITEMS, NO_KEYS, NO_TEXTS, NOW, TENANT, ZERO

LISTED = "created_at IS NOT NULL AND NOT deleted AND merged_into IS NULL"
SHOWN = text("listed")
SORTED_BY = (
    "display_name",
    "created_at",
    "net_revenue_minor",
    "last_order_at",
    "last_contact_at",
    "next_reminder_at",
)
"""Columns that the list of customers can be sorted by; each has an index. Points have one, too."""


class Customer(Base):
    """A customer with all that care and communication look at: facts of contacts, scores, contacts, reminders.

    Each producer's columns have that producer's version beside them, so that an older event never overwrites a newer.
    """

    __tablename__ = "audience"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)

    # contacts: facts of its event
    customer_version: Mapped[int] = mapped_column(server_default=ZERO)
    created_at: Mapped[datetime | None]
    owner_rep_id: Mapped[UUID | None]
    designated_rep_id: Mapped[UUID | None]
    tags: Mapped[list[str]] = mapped_column(server_default=NO_TEXTS)
    lifecycle_stage: Mapped[str | None]
    region: Mapped[str | None]
    do_not_contact: Mapped[bool] = mapped_column(server_default=FALSE)
    do_not_pursue: Mapped[bool] = mapped_column(server_default=FALSE)
    internal: Mapped[bool] = mapped_column(server_default=FALSE)
    deleted: Mapped[bool] = mapped_column(server_default=FALSE)
    merged_into: Mapped[UUID | None]
    listed: Mapped[bool] = mapped_column(Computed(LISTED, persisted=True), nullable=True)

    # contacts: personal values, fetched by id
    profile_version: Mapped[int] = mapped_column(server_default=ZERO)
    display_name: Mapped[str | None] = mapped_column(Text(collation="C"))
    time_zone: Mapped[str | None]
    locale: Mapped[str | None]
    preferred_channel: Mapped[str | None]
    contact_hours: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)

    # scoring
    scored_version: Mapped[int] = mapped_column(server_default=ZERO)
    currency: Mapped[str | None]
    net_revenue_minor: Mapped[int | None]
    orders_count: Mapped[int] = mapped_column(server_default=ZERO)
    purchase_days: Mapped[int] = mapped_column(server_default=ZERO)
    first_order_at: Mapped[datetime | None]
    last_order_id: Mapped[UUID | None]
    last_order_at: Mapped[datetime | None]
    last_order_effects: Mapped[str] = mapped_column(server_default=text("'all'"))
    overdue_ratio: Mapped[float | None]
    value_tier: Mapped[str | None]
    value_tier_points: Mapped[int | None]
    """Points x 100, as a whole number that an index can sort under row security."""
    value_tier_since: Mapped[datetime | None]
    customer_class: Mapped[str | None]
    rfm: Mapped[str | None]
    churn_risk: Mapped[str | None]
    churn_risk_since: Mapped[datetime | None]
    scores: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS)
    """Every score: `{kind: {"value", "points"}}`."""

    # our own
    last_contact_at: Mapped[datetime | None]
    open_reminders: Mapped[int] = mapped_column(server_default=ZERO)
    next_reminder_at: Mapped[datetime | None]
    care_from: Mapped[datetime | None]
    """When facts last came in that may start nothing."""
    look_at: Mapped[datetime | None]
    """When the clock alone may make care due."""

    __table_args__ = (
        CheckConstraint("type IN ('person', 'account')", name="type"),
        *(
            Index(f"audience_{column}_idx", "workspace_id", column, "customer_id", postgresql_where=SHOWN)
            for column in SORTED_BY
        ),
        Index(
            "audience_value_tier_points_idx",
            "workspace_id",
            text("value_tier_points DESC"),
            "customer_id",
            postgresql_where=SHOWN,
        ),
        Index("audience_owner_idx", "workspace_id", "owner_rep_id", "customer_id", postgresql_where=SHOWN),
        Index("audience_look_idx", "workspace_id", "look_at", postgresql_where=text("look_at IS NOT NULL")),
        Index(
            "audience_merged_idx",
            "workspace_id",
            "merged_into",
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )


class CustomerTag(Base):
    """One tag of one customer: a table of its own, since row security keeps array operators off their index."""

    __tablename__ = "audience_tags"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    tag: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["audience.workspace_id", "audience.customer_id"], ondelete="CASCADE"
        ),
        Index("audience_tags_customer_idx", "workspace_id", "customer_id"),
    )
