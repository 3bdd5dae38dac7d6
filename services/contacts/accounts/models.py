"""The table `accounts`."""

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contacts.database import SORTED_TEXT, Base, Customer
from services.kit.tables import NO_KEYS, NO_TEXTS


class Account(Customer, Base):
    """A customer that is an organisation."""

    __tablename__ = "accounts"

    name: Mapped[str] = mapped_column(SORTED_TEXT)
    domain: Mapped[str | None]
    industry: Mapped[str | None]
    relations: Mapped[list[str]] = mapped_column(server_default=NO_TEXTS)
    profile: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS)
    total_market_minor: Mapped[int | None]
    not_serviceable_minor: Mapped[int | None]
    potential_currency: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("lifecycle_stage IN ('lead', 'prospect', 'customer', 'former')", name="lifecycle_stage"),
        Index("accounts_created_idx", "workspace_id", "created_at", "id"),
        Index("accounts_updated_idx", "workspace_id", "updated_at", "id"),
        Index("accounts_name_idx", "workspace_id", "name", "id"),
        Index("accounts_owner_idx", "workspace_id", "owner_rep_id", "created_at", "id"),
        Index("accounts_domain_idx", "workspace_id", "domain"),
        Index("accounts_tags_idx", "workspace_id", "tags", postgresql_using="gin"),
        Index(
            "accounts_merged_idx",
            "workspace_id",
            "merged_into",
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )
