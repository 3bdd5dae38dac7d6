"""A key to hash with that outlives those of the settings; comments say which columns are sealed, hashed or plain."""

from migrations.sealed import create_sealed_keys

revision = "campaigns_0004"
down_revision = "campaigns_0003"


def upgrade() -> None:
    """Apply."""
    create_sealed_keys()
