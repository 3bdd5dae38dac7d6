"""Kept replies name whom they concern, so that they can be forgotten together with an erased person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "gateway_0003"
down_revision = "gateway_0002"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "idempotency_keys",
        sa.Column("subjects", ARRAY(sa.Uuid()), nullable=False, server_default=sa.text("'{}'::uuid[]")),
    )
