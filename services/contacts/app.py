"""The application of contacts: its routes, and the worker that runs beside them."""

import contextlib
from collections.abc import AsyncIterator, Mapping

import httpx
from fastapi import FastAPI

from services.contacts.accounts.endpoints import router as accounts
from services.contacts.audited import AUDITED
from services.contacts.container import build_container
from services.contacts.customers.endpoints import router as customers
from services.contacts.exchange_rates.endpoints import router as exchange_rates
from services.contacts.imports.endpoints import router as imports
from services.contacts.interactions.endpoints import router as interactions
from services.contacts.orders.endpoints import router as orders
from services.contacts.orders.totals import router as order_totals
from services.contacts.people.endpoints import router as people
from services.contacts.reps.endpoints import router as reps
from services.contacts.reps.service import languages
from services.contacts.settings import ContactsSettings
from services.contacts.snapshots import SNAPSHOTS
from services.contacts.sources import webhook
from services.contacts.sources.dependencies import way_in
from services.contacts.sources.endpoints import router as sources
from services.contacts.worker import build_worker
from services.kit.audit.endpoints import audit_router
from services.kit.clock import Clock
from services.kit.feeds.positions import Positions
from services.kit.feeds.routes import feed_routes
from services.kit.jobs import Limits
from services.kit.jobs.endpoints import router as jobs
from services.kit.web.app import Kit
from services.kit.web.app import create_app as create_kit_app

ROUTERS = (
    people,
    accounts,
    interactions,
    orders,
    imports,
    exchange_rates,
    reps,
    sources,
    jobs,
    audit_router(AUDITED),
    customers,
    order_totals,
)
TAGS = [
    {"name": "people", "description": "Consumers, and the persons at accounts."},
    {"name": "accounts", "description": "Customers that are organisations."},
    {"name": "interactions", "description": "What happened between us and a customer."},
    {"name": "orders", "description": "What was bought, from shops, requests and files alike."},
    {"name": "imports", "description": "Files of orders, taken in by jobs."},
    {"name": "exchange-rates", "description": "What other currencies are worth, from which day on."},
    {"name": "reps", "description": "Members of staff who look after customers."},
    {"name": "sources", "description": "Connected shops, their secrets, and every call that came from them."},
    {"name": "webhooks", "description": "Where connected shops call; their signature is the key."},
]


def create_app(
    settings: ContactsSettings,
    clock: Clock | None = None,
    transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """Return the application; nothing is opened before its lifespan begins. Tests replace `transports` and `limits`."""
    kit = Kit.build(settings, clock)
    container = build_container(kit, transports)
    shops = way_in(kit)
    kit.positions = Positions("contacts", kit.database, container.peers)
    kit.languages = languages

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker = build_worker(kit, container, settings, limits)
        async with worker.running(), shops.running():
            yield
        await container.peers.close()

    app = create_kit_app(
        kit,
        title="Kith contacts",
        routers=ROUTERS,
        routes=[*shops.routes, *feed_routes(SNAPSHOTS)],
        lifespan=lifespan,
        openapi_tags=TAGS,
    )
    app.state.contacts = container
    app.state.way_in = shops
    app.state.documented = {webhook.PATH: {"post": webhook.operation()}}
    return app
