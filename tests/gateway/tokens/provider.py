"""An identity provider on this machine: it publishes keys, signs tokens, and counts what it is asked."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

AUDIENCE = "https://crm.example/v1"
WELL_KNOWN = "/.well-known/openid-configuration"
WRITERS: dict[str, Any] = {
    "RS256": jwt.algorithms.RSAAlgorithm,
    "ES256": jwt.algorithms.ECAlgorithm,
    "EdDSA": jwt.algorithms.OKPAlgorithm,
}


@cache
def private_key(algorithm: str, name: str = "first") -> Any:  # noqa: ANN401 - three kinds of keys
    """Return a key of an algorithm; the same for the same name."""
    if algorithm == "RS256":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else ed25519.Ed25519PrivateKey.generate()


def public_jwk(algorithm: str, name: str = "first", **more: object) -> dict[str, Any]:
    """Return the published half of a key."""
    found = WRITERS[algorithm].to_jwk(private_key(algorithm, name).public_key(), as_dict=True)
    return {**found, "kid": name, "use": "sig", "alg": algorithm} | more


@dataclass
class Provider:
    """What it publishes, and what it was asked."""

    url: str = ""
    algorithm: str = "RS256"
    keys: list[object] = field(default_factory=list)
    described_as: str | None = None
    status: int = 200
    asked: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, Any]:
        """Return what a workspace says of it."""
        return {"issuer": self.url, "audience": AUDIENCE, "algorithm": self.algorithm}

    def token(self, name: str = "first", head: dict[str, Any] | None = None, **claims: object) -> str:
        """Return a signed token; a claim that is None is left out."""
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "user-1", "scope": "openid people:read workspace:read"}
        said = {key: value for key, value in (good | claims).items() if value is not None}
        headers = {key: value for key, value in ({"kid": name} | (head or {})).items() if value is not None}
        return jwt.encode(said, private_key(self.algorithm, name), self.algorithm, headers=headers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode()
            self.asked.append(path)
            described = {"issuer": self.described_as or self.url, "jwks_uri": f"{self.url}/keys"}
            body = json.dumps(described if path == WELL_KNOWN else {"keys": self.keys}).encode()
            writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def running(algorithm: str = "RS256") -> AsyncIterator[Provider]:
    """Run a provider that publishes one key."""
    provider = Provider(algorithm=algorithm, keys=[public_jwk(algorithm)])
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield provider
