"""Every event by its type name, and which service publishes it."""

from services.contracts.campaigns import ReminderChanged
from services.contracts.contacts import (
    CustomerChanged,
    ExchangeRateChanged,
    InteractionChanged,
    OrderChanged,
    RepChanged,
)
from services.contracts.envelope import Event
from services.contracts.gateway import WorkspaceChanged
from services.contracts.scoring import CustomerScored

PRODUCERS: dict[str, tuple[type[Event], ...]] = {
    "gateway": (WorkspaceChanged,),
    "contacts": (CustomerChanged, RepChanged, OrderChanged, InteractionChanged, ExchangeRateChanged),
    "scoring": (CustomerScored,),
    "campaigns": (ReminderChanged,),
}
EVENTS: dict[str, type[Event]] = {event.TYPE: event for events in PRODUCERS.values() for event in events}
