"""The language of workspaces, for the texts of scores where a request asks for none."""

import sqlalchemy as sa
from alembic import op

revision = "scoring_0007"
down_revision = "scoring_0006"


def upgrade() -> None:
    """Apply."""
    op.add_column("workspaces", sa.Column("locale", sa.Text(), nullable=False, server_default=sa.text("'en'")))
