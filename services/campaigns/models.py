"""Every table of `campaigns`; Alembic imports this and nothing else."""

from services.campaigns.audience.models import Customer, CustomerTag
from services.campaigns.care_rules.models import CareRule
from services.campaigns.database import Base
from services.campaigns.interactions.models import Interaction
from services.campaigns.reminders.models import Reminder
from services.campaigns.reps.models import Rep
from services.campaigns.workspaces.models import Workspace

metadata = Base.metadata

__all__ = ["CareRule", "Customer", "CustomerTag", "Interaction", "Reminder", "Rep", "Workspace", "metadata"]
