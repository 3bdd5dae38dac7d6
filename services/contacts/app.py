"""The application of contacts: its routes, and the worker that runs beside them."""

from fastapi import FastAPI

from services.contacts.accounts.endpoints import router as accounts
from services.contacts.container import build_container
from services.contacts.exchange_rates.endpoints import router as exchange_rates
from services.contacts.interactions.endpoints import router as interactions
from services.contacts.orders.endpoints import router as orders
from services.contacts.people.endpoints import router as people
from services.contacts.reps.endpoints import router as reps
from services.contacts.settings import ContactsSettings
from services.kit.clock import Clock
from services.kit.web.app import Kit
from services.kit.web.app import create_app as create_kit_app

ROUTERS = (people, accounts, interactions, orders, exchange_rates, reps)


def create_app(settings: ContactsSettings, clock: Clock | None = None) -> FastAPI:
    """Return the application; nothing is opened before its lifespan begins."""
    kit = Kit.build(settings, clock)
    app = create_kit_app(kit, title="Kith contacts", routers=ROUTERS)
    app.state.contacts = build_container(kit.clock)
    return app
