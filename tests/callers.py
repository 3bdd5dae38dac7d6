"""Callers for tests: one set of keys for all services, signed identities, an HTTP client on an application."""

import base64
import contextlib
from collections.abc import AsyncIterator, Iterable
from uuid import UUID, uuid4

import httpx
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from services.kit.identity import HEADER, Identity, IdentitySigner, Visibility

SERVICES = ("gateway", "contacts", "scoring", "campaigns")


def new_key() -> tuple[str, str]:
    """Return a private and a public Ed25519 key as base64."""
    key = Ed25519PrivateKey.generate()
    return (
        base64.b64encode(key.private_bytes_raw()).decode(),
        base64.b64encode(key.public_key().public_bytes_raw()).decode(),
    )


KEYS = {service: new_key() for service in SERVICES}
PUBLIC_KEYS = [f"{service}:k1:{public}" for service, (_, public) in KEYS.items()]
VAULT_KEY = f"v1:{Fernet.generate_key().decode()}"


def key_settings(service: str) -> dict[str, object]:
    """Return the settings about keys that a service needs; connections come from the cluster's fixtures."""
    return {
        "service": service,
        "identity_private_key": f"k1:{KEYS[service][0]}",
        "identity_public_keys": PUBLIC_KEYS,
        "secret_keys": [VAULT_KEY],
    }


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
    ) -> None:
        self.identity = Identity(
            workspace_id=workspace_id or uuid4(),
            actor_id=uuid4(),
            scopes=frozenset(scopes),
            rep_id=rep_id,
            visibility=visibility,
            service=None if issuer == "gateway" else issuer,
        )
        self._signer = IdentitySigner(issuer, f"k1:{KEYS[issuer][0]}")

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
