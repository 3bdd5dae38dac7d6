"""${message}."""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
from migrations import support

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}
