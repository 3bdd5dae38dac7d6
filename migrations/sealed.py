"""The table of keys that outlive those of the settings, and what the bytes of the kit's columns are (ADR 0011)."""

import sqlalchemy as sa
from alembic import op

from migrations import support

OF_THE_KIT = {
    "idempotency_keys.fingerprint": "plain: a digest of the request",
    "idempotency_keys.body": "sealed",
    "public_handles.handle_hash": "hashed",
    "sealed_keys.sealed": "sealed",
}


def create_sealed_keys() -> None:
    """Create the table in the schema that is being migrated; its worker also learns the schema's revision."""
    op.create_table(
        "sealed_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        support.instant("created_at", nullable=False, default_now=True),
        sa.PrimaryKeyConstraint("id"),
    )
    support.grant("SELECT, INSERT, UPDATE", "sealed_keys", support.roles().worker)
    support.grant("SELECT", "alembic_version", support.roles().worker)
    support.say_what_bytes_are(OF_THE_KIT)
