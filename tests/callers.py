"""Callers for tests: signed identities, and an HTTP client on an application."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from services.kit.identity import HEADER, Identity, IdentitySigner, Visibility
from tests import keys

LIFETIME_SECONDS = 3600
"""What a test signs once outlives it, also on a machine that is slow."""


class Caller:
    """Somebody with an identity, signed as the gateway (or another service) signs it."""

    def __init__(
        self,
        scopes: Iterable[str] = ("admin",),
        *,
        workspace_id: UUID | None = None,
        rep_id: UUID | None = None,
        issuer: str = "gateway",
        visibility: Visibility = "all",
        team: Iterable[UUID] = (),
    ) -> None:
        self.identity = Identity(
            workspace_id=workspace_id or uuid4(),
            actor_id=uuid4(),
            scopes=frozenset(scopes),
            rep_id=rep_id,
            visibility=visibility,
            team=frozenset(team),
            service=None if issuer == "gateway" else issuer,
        )
        self._signer = IdentitySigner(issuer, keys.private_key(issuer), lifetime=LIFETIME_SECONDS)

    @property
    def workspace_id(self) -> UUID:
        """The caller's workspace."""
        return self.identity.workspace_id

    def headers(self, audience: str) -> dict[str, str]:
        """Return the headers of a call to a service."""
        return {HEADER: self._signer.sign(self.identity, audience)}

    def with_scopes(self, *scopes: str) -> "Caller":
        """Return a caller of the same workspace with other scopes."""
        return Caller(scopes, workspace_id=self.workspace_id, rep_id=self.identity.rep_id)


@contextlib.asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Run an application's lifespan in this loop and return a client on it; nothing listens on a port."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            yield client
