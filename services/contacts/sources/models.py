"""The tables of sources: shops, their secrets, and every call that came from them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contacts.database import NO_KEYS, NOW, TENANT, Base, Tenant, Versioned


class Source(Versioned, Base):
    """One connected shop, or a name under which other systems give their ids."""

    __tablename__ = "sources"

    key: Mapped[str]
    platform: Mapped[str]
    name: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'active'"))
    rejected: Mapped[int] = mapped_column(server_default=text("0"))
    """Calls whose signature did not fit; they are counted, not kept: anybody can make them."""
    rejected_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("status IN ('active', 'paused')", name="status"),
        CheckConstraint("platform IN ('shopify', 'woocommerce', 'generic')", name="platform"),
        Index("sources_key_key", "workspace_id", "key", unique=True),
        Index("sources_created_idx", "workspace_id", "created_at", "id"),
    )


class SourceSecret(Tenant, Base):
    """A secret that a shop signs with; several are accepted while one replaces the other."""

    __tablename__ = "source_secrets"

    source_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime | None]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed")
    last4: Mapped[str]

    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "source_id"], ["sources.workspace_id", "sources.id"], ondelete="CASCADE"),
        Index("source_secrets_source_idx", "workspace_id", "source_id", "id"),
    )


class Delivery(Base):
    """One call of a shop: raw as it came, and what became of it.

    There is no foreign key to the source: it would lock the source's row once more for every call.
    """

    __tablename__ = "deliveries"

    workspace_id: Mapped[UUID] = mapped_column(server_default=TENANT)
    source_id: Mapped[UUID]
    id: Mapped[UUID]
    received_at: Mapped[datetime] = mapped_column(server_default=NOW)
    topic: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    outcome: Mapped[str | None]
    error: Mapped[str | None]
    processed_at: Mapped[datetime | None]
    external_id: Mapped[str | None]
    order_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    effects: Mapped[str] = mapped_column(server_default=text("'all'"))
    dedupe_key: Mapped[UUID]
    event_key: Mapped[UUID | None]
    headers: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS)
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="plain: as the shop sent it, packed where `size` is set")
    size: Mapped[int | None]
    """Of the body in bytes, where it is stored packed."""

    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "source_id", "id"),
        CheckConstraint(
            "status IN ('received', 'processed', 'ignored', 'failed', 'parked', 'rejected')", name="status"
        ),
        CheckConstraint("effects IN ('none', 'scores', 'all')", name="effects"),
        Index("deliveries_dedupe_key", "workspace_id", "source_id", "dedupe_key", unique=True),
        Index(
            "deliveries_event_key",
            "workspace_id",
            "source_id",
            "event_key",
            unique=True,
            postgresql_where=text("event_key IS NOT NULL"),
        ),
        Index("deliveries_waiting_idx", "id", postgresql_where=text("status = 'received'")),
        Index(
            "deliveries_unfinished_idx",
            "workspace_id",
            "source_id",
            "status",
            "id",
            postgresql_where=text("status IN ('failed', 'parked')"),
        ),
        Index(
            "deliveries_resource_idx",
            "workspace_id",
            "source_id",
            "external_id",
            "id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )
