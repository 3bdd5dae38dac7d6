"""The table `people`."""

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contacts.database import SORTED_TEXT, Base, Customer
from services.kit.tables import NO_ITEMS

STAGES = "lifecycle_stage IN ('lead', 'prospect', 'customer', 'former')"
CHANNELS = "preferred_channel IN ('visit', 'call', 'email', 'chat', 'sms', 'social', 'event', 'gift', 'other')"


class Person(Customer, Base):
    """A consumer, or somebody at an account."""

    __tablename__ = "people"

    given_name: Mapped[str | None]
    family_name: Mapped[str | None]
    display_name: Mapped[str | None] = mapped_column(SORTED_TEXT)
    phonetic_name: Mapped[str | None]
    birthday: Mapped[str | None]
    """`YYYY-MM-DD`, or `--MM-DD` where the year is not known."""
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    preferred_channel: Mapped[str | None]
    contact_hours: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)
    emails: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)
    primary_email: Mapped[str | None]
    phones: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)
    primary_phone: Mapped[str | None]
    addresses: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)
    handles: Mapped[list[object]] = mapped_column(server_default=NO_ITEMS)

    __table_args__ = (
        CheckConstraint(STAGES, name="lifecycle_stage"),
        CheckConstraint(CHANNELS, name="preferred_channel"),
        Index("people_created_idx", "workspace_id", "created_at", "id"),
        Index("people_updated_idx", "workspace_id", "updated_at", "id"),
        Index("people_name_idx", "workspace_id", "display_name", "id"),
        Index("people_owner_idx", "workspace_id", "owner_rep_id", "created_at", "id"),
        Index("people_tags_idx", "workspace_id", "tags", postgresql_using="gin"),
        Index(
            "people_merged_idx",
            "workspace_id",
            "merged_into",
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )
