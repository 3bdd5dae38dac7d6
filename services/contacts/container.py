"""What the features of contacts share while the process runs; they reach it through `request.app.state.contacts`."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from services.contacts.identities.repository import IdentityRepository
from services.contacts.identities.service import Identities
from services.contacts.interactions.moves import InteractionMover
from services.contacts.interactions.repository import InteractionsRepository
from services.contacts.orders.intake import OrderIntake
from services.contacts.orders.intake_rows import IntakeRows
from services.contacts.orders.moves import OrderMover
from services.kit.client import Peers
from services.kit.clock import Clock
from services.kit.web.app import Kit


@dataclass(frozen=True, slots=True)
class Container:
    """Identity resolution, the one way into orders, and the other services."""

    identities: Identities
    intake: OrderIntake
    peers: Peers


def build_identities(clock: Clock) -> Identities:
    """Return identity resolution, with everything that follows when people are joined."""
    movers = (OrderMover(IntakeRows(), clock), InteractionMover(InteractionsRepository(), clock))
    return Identities(IdentityRepository(), clock, movers)


def build_container(kit: Kit, transports: Mapping[str, httpx.AsyncBaseTransport] | None = None) -> Container:
    """Wire what requests and background work share; `transports` replaces the network by peer, in tests."""
    identities = build_identities(kit.clock)
    intake = OrderIntake(IntakeRows(), identities, kit.clock)
    return Container(identities, intake, Peers(kit.settings.peers, kit.signer, transports))
