"""A key to hash with that outlives those of the settings; comments say which columns are sealed, hashed or plain."""

from migrations import support
from migrations.sealed import create_sealed_keys

revision = "gateway_0004"
down_revision = "gateway_0003"

BYTES = {
    "api_keys.secret_hash": "hashed",
}


def upgrade() -> None:
    """Apply."""
    create_sealed_keys()
    support.say_what_bytes_are(BYTES)
