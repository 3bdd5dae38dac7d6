"""The tables `api_keys` and `rate_buckets`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database import Base
from services.kit.tables import NO_TEXTS, NOW, TENANT, Versioned


class ApiKey(Versioned, Base):
    """A key: what it may do, for how long, from where; of its text only a keyed hash."""

    __tablename__ = "api_keys"

    public_id: Mapped[str]
    """The ten characters in the key's text by which it is found."""
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="hashed")
    hint: Mapped[str]
    name: Mapped[str]
    scopes: Mapped[list[str]]
    rep_id: Mapped[UUID | None]
    visibility: Mapped[str] = mapped_column(server_default=text("'all'"))
    origins: Mapped[list[str]] = mapped_column(server_default=NO_TEXTS)
    networks: Mapped[list[str]] = mapped_column(server_default=NO_TEXTS)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    rotated_from_id: Mapped[UUID | None]
    created_by_id: Mapped[UUID | None]
    """The actor who made it; null for a key made on the command line."""
    created_by_kind: Mapped[str]

    __table_args__ = (
        CheckConstraint("visibility IN ('own', 'team', 'all')", name="visibility"),
        # The text names no workspace, so it must be unique over all of them.
        UniqueConstraint("public_id", name="api_keys_public_id_key"),
        Index("api_keys_created_idx", "workspace_id", "created_at", "id"),
        Index("api_keys_rep_idx", "workspace_id", "rep_id", "created_at", "id"),
    )


class RateBucket(Base):
    """What is left of a key's rate limit; replicas lease slices of it."""

    __tablename__ = "rate_buckets"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    key_id: Mapped[UUID] = mapped_column(primary_key=True)
    tokens: Mapped[float] = mapped_column(Double)
    granted: Mapped[int]
    """What the last lease got; UPDATE can return it only as a column."""
    filled_at: Mapped[datetime] = mapped_column(server_default=NOW)
