"""A key to hash with that outlives those of the settings; comments say which columns are sealed, hashed or plain."""

from migrations import support
from migrations.sealed import create_sealed_keys

revision = "contacts_0006"
down_revision = "contacts_0005"

BYTES = {
    "source_secrets.sealed": "sealed",
    "deliveries.body": "plain: as the shop sent it",
    "import_pieces.data": "plain: a piece of a file as it was sent",
}


def upgrade() -> None:
    """Apply."""
    create_sealed_keys()
    support.say_what_bytes_are(BYTES)
