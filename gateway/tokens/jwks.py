"""The keys that identity providers publish: fetched when needed, kept for minutes, fetched anew if one is missing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
import orjson

from gateway.tokens.rules import Provider, usable_key
from services.kit.egress import Egress, Unanswered

FRESH_SECONDS = 600.0
STALE_SECONDS = 86_400.0
"""So long known keys count while their provider does not answer."""
BETWEEN_ASKING = 30.0
"""Anybody can send tokens that name unknown keys: the provider is asked no more often for that."""
MOST_KEYS = 100
MOST_BYTES = 262_144
SECONDS = 5.0
OK = 200

Place = tuple[str, str, str]
"""Issuer, address of the keys, algorithm."""


class ProviderSilent(Exception):
    """The provider did not answer with keys, and none are known from before."""


@dataclass(slots=True)
class Shelf:
    """What is known of one provider's keys. Times are seconds of a monotonic clock."""

    keys: dict[str | None, jwt.PyJWK] = field(default_factory=dict)
    fetched_at: float = float("-inf")
    asked_at: float = float("-inf")
    asking: "asyncio.Task[None] | None" = None


class PublishedKeys:
    """Keys by provider, shared by all workspaces that trust it for the same."""

    def __init__(self, egress: Egress, now: Callable[[], float]) -> None:
        """Take the client for addresses of users, and a monotonic clock in seconds."""
        self._egress = egress
        self._now = now
        self._shelves: dict[Place, Shelf] = {}

    async def find(self, provider: Provider, key_id: str | None) -> jwt.PyJWK | None:
        """Return the key of a token; None where the provider has none of that name. ProviderSilent if it is away."""
        shelf = self._shelves.setdefault((provider.issuer, provider.jwks_url, provider.algorithm), Shelf())
        age = self._now() - shelf.fetched_at
        missing = key_id not in shelf.keys if key_id else len(shelf.keys) != 1
        if (age > FRESH_SECONDS or missing) and self._now() - shelf.asked_at > BETWEEN_ASKING:
            await self._refresh(shelf, provider)
        elif shelf.asking is not None:
            await asyncio.shield(shelf.asking)
        if self._now() - shelf.fetched_at > STALE_SECONDS:
            raise ProviderSilent
        if key_id is not None:
            return shelf.keys.get(key_id)
        return next(iter(shelf.keys.values())) if len(shelf.keys) == 1 else None

    async def _refresh(self, shelf: Shelf, provider: Provider) -> None:
        if shelf.asking is None:
            shelf.asked_at = self._now()
            shelf.asking = asyncio.create_task(self._fetch(shelf, provider))
        try:
            await asyncio.shield(shelf.asking)
        finally:
            if shelf.asking is not None and shelf.asking.done():
                shelf.asking = None

    async def _fetch(self, shelf: Shelf, provider: Provider) -> None:
        try:
            document = await self._read(provider.jwks_url)
            if "jwks_uri" in document:
                document = await self._read(keys_of(document, provider.issuer))
        except (Unanswered, ValueError):
            return  # what is known counts on for a while; the call has been logged
        found = document.get("keys")
        listed = found[:MOST_KEYS] if isinstance(found, list) else []
        usable = (usable_key(one, provider.algorithm) for one in listed)
        shelf.keys = {key.key_id: key for key in usable if key is not None}
        shelf.fetched_at = self._now()

    async def _read(self, url: str) -> dict[str, Any]:
        answer = await self._egress.send("oidc", "GET", url, most_bytes=MOST_BYTES, seconds=SECONDS)
        document = orjson.loads(answer.body) if answer.status == OK else None
        if not isinstance(document, dict):
            message = "no JSON object"
            raise ValueError(message)  # noqa: TRY004 - the type is what came from outside, not what a caller passed
        return document


def keys_of(description: dict[str, Any], issuer: str) -> str:
    """Return where an issuer's description says that its keys are; ValueError for the description of another one."""
    address = description["jwks_uri"]
    if description.get("issuer") != issuer or not isinstance(address, str):
        message = "the description is of another issuer, or names no keys"
        raise ValueError(message)
    return address
