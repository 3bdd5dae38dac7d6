"""Every table of `scoring`; Alembic imports this and nothing else."""

from services.scoring.database import Base

metadata = Base.metadata

__all__ = ["metadata"]
