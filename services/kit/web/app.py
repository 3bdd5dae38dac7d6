"""Building a service's application: its kit, its routes, problems for every failure, health, start and stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.routing import APIRouter
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from services.kit.clock import Clock, SystemClock
from services.kit.database import Database, Session
from services.kit.feeds.positions import Positions
from services.kit.identity import Identity, IdentitySigner, IdentityVerifier
from services.kit.readiness import Check, checks, revision_check
from services.kit.sealing import open_hash_key
from services.kit.secrets import Vault
from services.kit.settings import ServiceSettings
from services.kit.web.dispatch import Dispatch
from services.kit.web.idempotency import Replies
from services.kit.web.observe import Observe
from services.kit.web.ops import ops_server

CHECK_SECONDS = 2.0
"""A check that takes longer has failed: who asks does not wait for ever."""


Languages = Callable[[Session, Identity], Awaitable[Sequence[str | None]]]
"""Returns language tags, the caller's own before his workspace's."""


@dataclass
class Kit:
    """The plumbing of one process; features reach it through `request.app.state.kit`."""

    settings: ServiceSettings
    clock: Clock
    database: Database
    vault: Vault
    signer: IdentitySigner
    verifier: IdentityVerifier
    replies: Replies
    checks: dict[str, Check] = field(default_factory=dict)
    """What readiness looks at: own database, migrations, keys; never another service."""
    positions: Positions | None = None
    """Lets reads wait for the writes of services that this one follows."""
    languages: Languages | None = None
    """Tells which languages a caller and his workspace prefer, where a request does not say."""
    reports: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    """What the operations port tells beside: feed lags, loops, peers."""
    started: bool = False
    stopping: bool = False

    @classmethod
    def build(cls, settings: ServiceSettings, clock: Clock | None = None) -> "Kit":
        """Build the plumbing from settings; opens nothing yet."""
        clock = clock or SystemClock()
        vault = Vault([key.get_secret_value() for key in settings.secret_keys])
        database = Database(
            settings.service,
            api_url=settings.api_database_url.get_secret_value(),
            worker_url=settings.worker_database_url.get_secret_value(),
            direct_url=settings.direct_url,
            api_pool_size=settings.api_pool_size,
            worker_pool_size=settings.worker_pool_size,
        )
        signer = IdentitySigner(settings.service, settings.identity_private_key.get_secret_value())
        verifier = IdentityVerifier(settings.service, settings.identity_public_keys)
        return cls(
            settings=settings,
            clock=clock,
            database=database,
            vault=vault,
            signer=signer,
            verifier=verifier,
            replies=Replies(vault, clock, settings.idempotency_hours),
            checks=checks(database, vault, signer, verifier),
        )

    async def open(self) -> None:
        """Read from the database what the plumbing needs of it."""
        async with self.database.worker() as session:
            await open_hash_key(session, self.database.schema, self.vault)

    def require_revision(self, number: int) -> None:
        """Be ready only where the schema has come as far as this release needs."""
        self.checks["migrations"] = revision_check(self.database, number)

    def drain(self) -> None:
        """Become unready and end long polls: the process will stop as soon as its requests are answered."""
        self.stopping = True
        self.database.wakeups.close()

    async def failures(self) -> dict[str, str]:
        """Return what is not ready: the name of each failed check and the kind of its failure."""
        checked = await asyncio.gather(
            *(asyncio.wait_for(check(), CHECK_SECONDS) for check in self.checks.values()), return_exceptions=True
        )
        return {
            name: type(failure).__name__
            for name, failure in zip(self.checks, checked, strict=True)
            if isinstance(failure, BaseException)
        }

    async def details(self) -> dict[str, object]:
        """Return the health of this process in full, for the operations port."""
        details: dict[str, object] = {"service": self.settings.service, "failed": await self.failures()}
        for name, report in self.reports.items():
            details[name] = await report()
        return details


Lifespan = Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]


def create_app(
    kit: Kit,
    *,
    title: str,
    routers: Sequence[APIRouter],
    routes: Sequence[BaseRoute] = (),
    lifespan: Lifespan | None = None,
    openapi_tags: list[dict[str, Any]] | None = None,
    door: Callable[[ASGIApp], ASGIApp] | None = None,
) -> FastAPI:
    """Return the application of a service.

    `lifespan` starts and stops what the service runs beside requests (its worker); it runs inside the database's.
    `door` puts something before what serves requests.
    """

    @contextlib.asynccontextmanager
    async def whole_life(app: FastAPI) -> AsyncIterator[None]:
        await kit.database.start()
        try:
            await kit.open()
            async with (
                lifespan(app) if lifespan else contextlib.nullcontext(),
                ops_server(kit.settings.host, kit.settings.ops_port, kit.details),
            ):
                kit.started = True
                yield
                kit.stopping = True
        finally:
            await kit.database.stop()

    app = FastAPI(
        title=title,
        version="1",
        lifespan=whole_life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        openapi_tags=openapi_tags,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.kit = kit
    app.router.routes.extend(routes)
    app.router.routes.extend(health_routes(kit))
    for router in routers:
        app.router.routes.extend(router.routes)
    # In place of FastAPI's layers.
    served = Observe(Dispatch(app.router.routes, app.router), kit.settings.service)
    app.middleware_stack = door(served) if door else served
    return app


def health_routes(kit: Kit) -> list[BaseRoute]:
    """Return /health/live (no I/O), /health/ready (own database, migrations, keys) and /health/startup."""

    async def live(_: Request) -> Response:
        return health("live", ok=True)

    async def ready(_: Request) -> Response:
        failed = await kit.failures()
        return health("ready", ok=kit.started and not kit.stopping and not failed, failed=failed)

    async def startup(_: Request) -> Response:
        return health("startup", ok=kit.started)

    return [
        Route("/health/live", live, name="read_liveness"),
        Route("/health/ready", ready, name="read_readiness"),
        Route("/health/startup", startup, name="read_startup"),
    ]


def health(kind: str, *, ok: bool, failed: dict[str, str] | None = None) -> Response:
    """Return a health answer: 200 or 503."""
    body = {"check": kind, "status": "pass" if ok else "fail", "failed": failed or {}}
    return Response(orjson.dumps(body), 200 if ok else 503, media_type="application/json")
