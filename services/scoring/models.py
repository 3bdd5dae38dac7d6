"""Every table of `scoring`; Alembic imports this and nothing else."""

from services.scoring.cutoffs.models import Cutoff
from services.scoring.database import Base
from services.scoring.facts.models import Customer, ExchangeRate, Interaction, Order, Rep
from services.scoring.ledger.models import DatedRun, DatedScore, Score, ScoreChange, Standing
from services.scoring.policies.models import ScoringPolicy
from services.scoring.workspaces.models import Schedule, Workspace

metadata = Base.metadata

__all__ = [
    "Customer",
    "Cutoff",
    "DatedRun",
    "DatedScore",
    "ExchangeRate",
    "Interaction",
    "Order",
    "Rep",
    "Schedule",
    "Score",
    "ScoreChange",
    "ScoringPolicy",
    "Standing",
    "Workspace",
    "metadata",
]
