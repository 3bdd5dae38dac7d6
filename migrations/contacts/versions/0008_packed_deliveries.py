"""Bodies of deliveries are packed before they are stored; the database need not try it again."""

import sqlalchemy as sa
from alembic import op

from migrations import support

revision = "contacts_0008"
down_revision = "contacts_0007"


def upgrade() -> None:
    """Apply."""
    op.add_column("deliveries", sa.Column("size", sa.BigInteger(), nullable=True))
    op.execute("ALTER TABLE deliveries ALTER COLUMN body SET STORAGE EXTERNAL")
    support.say_what_bytes_are({"deliveries.body": "plain: as the shop sent it, packed where `size` is set"})
