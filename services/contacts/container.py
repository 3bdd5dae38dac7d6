"""What the features of contacts share while the process runs; they reach it through `request.app.state.contacts`."""

from dataclasses import dataclass

from services.contacts.identities.repository import IdentityRepository
from services.contacts.identities.service import Identities
from services.contacts.interactions.moves import InteractionMover
from services.contacts.interactions.repository import InteractionsRepository
from services.contacts.orders.intake import OrderIntake
from services.contacts.orders.intake_rows import IntakeRows
from services.contacts.orders.moves import OrderMover
from services.kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Container:
    """Identity resolution, and the one way into orders."""

    identities: Identities
    intake: OrderIntake


def build_container(clock: Clock) -> Container:
    """Wire what requests and background work share."""
    rows = IntakeRows()
    movers = (OrderMover(rows, clock), InteractionMover(InteractionsRepository(), clock))
    identities = Identities(IdentityRepository(), clock, movers)
    return Container(identities, OrderIntake(rows, identities, clock))
