"""The application of contacts: its routes, and the worker that runs beside them."""

from fastapi import FastAPI

from services.contacts.accounts.endpoints import router as accounts
from services.contacts.exchange_rates.endpoints import router as exchange_rates
from services.contacts.interactions.endpoints import router as interactions
from services.contacts.people.endpoints import router as people
from services.contacts.reps.endpoints import router as reps
from services.contacts.settings import ContactsSettings
from services.kit.clock import Clock
from services.kit.web.app import Kit
from services.kit.web.app import create_app as create_kit_app

ROUTERS = (people, accounts, interactions, exchange_rates, reps)


def create_app(settings: ContactsSettings, clock: Clock | None = None) -> FastAPI:
    """Return the application; nothing is opened before its lifespan begins."""
    kit = Kit.build(settings, clock)
    return create_kit_app(kit, title="Kith contacts", routers=ROUTERS)
