"""The table `identities`."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contacts.database import TENANT, Base


class IdentityKey(Base):
    """One identifier of one person or account. Never removed by an edit; a join moves it to the survivor."""

    __tablename__ = "identities"

    workspace_id: Mapped[UUID] = mapped_column(server_default=TENANT)
    kind: Mapped[str]
    source: Mapped[str]
    """Key of the source an external id belongs to; empty for e-mail and phone."""
    value: Mapped[str]
    owner_type: Mapped[str]
    owner_id: Mapped[UUID]
    joins: Mapped[bool]
    """Whether all who hold this key are one person; a phone number only joins once it came without anything better."""

    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "kind", "source", "value", "owner_id"),
        CheckConstraint("kind IN ('external', 'email', 'phone')", name="kind"),
        CheckConstraint("owner_type IN ('person', 'account')", name="owner_type"),
        Index(
            "identities_joining_key",
            "workspace_id",
            "owner_type",
            "kind",
            "source",
            "value",
            unique=True,
            postgresql_where=text("joins"),
        ),
        Index("identities_owner_idx", "workspace_id", "owner_id"),
    )
