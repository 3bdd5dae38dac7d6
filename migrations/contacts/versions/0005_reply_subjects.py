"""Kept replies name whom they concern, so that they can be forgotten together with an erased person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "contacts_0005"
down_revision = "contacts_0004"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "idempotency_keys",
        sa.Column("subjects", ARRAY(sa.Uuid()), nullable=False, server_default=sa.text("'{}'::uuid[]")),
    )
