"""Every table of `campaigns`; Alembic imports this and nothing else."""

from services.campaigns.database import Base

metadata = Base.metadata

__all__ = ["metadata"]
