"""Every table of `contacts`; Alembic imports this and nothing else."""

from services.contacts.accounts.models import Account
from services.contacts.database import Base
from services.contacts.exchange_rates.models import ExchangeRate
from services.contacts.identities.models import IdentityKey
from services.contacts.imports.models import Import, ImportFault, ImportPiece
from services.contacts.interactions.models import Interaction
from services.contacts.orders.models import Order
from services.contacts.people.models import Person
from services.contacts.reps.models import Rep
from services.contacts.sources.models import Delivery, Source, SourceSecret
from services.contacts.workspaces.models import Workspace

metadata = Base.metadata

__all__ = [
    "Account",
    "Delivery",
    "ExchangeRate",
    "IdentityKey",
    "Import",
    "ImportFault",
    "ImportPiece",
    "Interaction",
    "Order",
    "Person",
    "Rep",
    "Source",
    "SourceSecret",
    "Workspace",
    "metadata",
]
