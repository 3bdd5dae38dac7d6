"""Proving tokens: found out whose they are, verified with their provider's keys, turned into an identity."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.tokens import repository, rules
from gateway.tokens.jwks import ProviderSilent, PublishedKeys
from gateway.tokens.rules import Provider, Unproven
from services.kit.clock import Clock
from services.kit.database import Database
from services.kit.egress import Egress
from services.kit.identity import Identity
from services.kit.problems import Unauthorized, Unavailable

MOST_CANDIDATES = 20
"""So many workspaces with the same issuer and audience are tried where the token names none."""


@dataclass(frozen=True, slots=True)
class Proven:
    """Whom a token stands for, and until when."""

    identity: Identity
    expires_at: datetime


class Tokens:
    """Opens tokens of all workspaces' providers."""

    def __init__(
        self, database: Database, clock: Clock, egress: Egress, now: Callable[[], float], cache_seconds: float
    ) -> None:
        """Take the collaborators; providers are read anew after `cache_seconds` of the monotonic clock `now`."""
        self._database = database
        self._clock = clock
        self._keys = PublishedKeys(egress, now)
        self._now = now
        self._cache_seconds = cache_seconds
        self._providers: Mapping[str, Sequence[Provider]] = {}
        self._fresh_until = float("-inf")
        self._reading = asyncio.Lock()

    def forget(self) -> None:
        """Read the providers anew before the next token is opened."""
        self._fresh_until = float("-inf")

    async def open(self, text: str) -> Proven:
        """Return whom a token stands for; Unauthorized for one that counts nowhere, or in several workspaces."""
        unproven = rules.read_unproven(text)
        if unproven is None:
            raise Unauthorized
        found = [one for one in (await self._all()).get(unproven.issuer, ()) if unproven.may_be_for(one)]
        proven, silent = await self._prove(text, unproven, found[:MOST_CANDIDATES])
        if len(proven) > 1:
            message = f"Several workspaces take such tokens: this one must name its own as {rules.WORKSPACE_CLAIM}."
            raise Unauthorized(message)
        if proven:
            return proven[0]
        if silent:
            message = "The identity provider does not answer."
            raise Unavailable(message, retry_after=5)
        raise Unauthorized

    async def _prove(self, text: str, unproven: Unproven, candidates: Sequence[Provider]) -> tuple[list[Proven], bool]:
        proven: list[Proven] = []
        silent = False
        for provider in candidates:
            try:
                key = await self._keys.find(provider, unproven.key_id)
            except ProviderSilent:
                silent = True
                continue
            claims = rules.prove(text, provider, key, self._clock.now()) if key else None
            if claims is not None:
                identity = await self._with_team(rules.identity_of(claims, provider))
                proven.append(Proven(identity, rules.expiry(claims)))
        return proven, silent

    async def _with_team(self, identity: Identity) -> Identity:
        if identity.visibility != "team" or identity.rep_id is None:
            return identity
        async with self._database.worker() as session:
            mates = await repository.team(session, identity.workspace_id, identity.rep_id)
        return replace(identity, team=mates)

    async def _all(self) -> Mapping[str, Sequence[Provider]]:
        async with self._reading:  # however many tokens wait, the database is asked once
            if self._fresh_until <= self._now():
                async with self._database.worker() as session:
                    rows = await repository.providers(session)
                found: defaultdict[str, list[Provider]] = defaultdict(list)
                for row in rows:
                    provider = Provider.of(row["workspace_id"], row["identity"])
                    found[provider.issuer].append(provider)
                self._providers = found
                self._fresh_until = self._now() + self._cache_seconds
        return self._providers
