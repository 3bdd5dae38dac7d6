"""Every table of `gateway`; Alembic imports this and nothing else."""

from gateway.database import Base
from gateway.events.models import JournalEvent, JournalHead
from gateway.keys.models import ApiKey, RateBucket
from gateway.teams.models import Team
from gateway.workspaces.models import Workspace

metadata = Base.metadata

__all__ = ["ApiKey", "JournalEvent", "JournalHead", "RateBucket", "Team", "Workspace", "metadata"]
