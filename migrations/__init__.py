"""The database's shape: one Alembic environment, one history per schema."""

SCHEMAS = ("gateway", "contacts", "scoring", "campaigns")
