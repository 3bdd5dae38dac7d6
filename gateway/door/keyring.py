"""Keys and tokens as the door knows them: proven, remembered for seconds, forgotten when one changes."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.keys import rules
from gateway.keys.errors import KeyNotUsableHere
from gateway.keys.service import CHANGED, PURPOSE
from gateway.tokens.service import Tokens
from services.kit.clock import Clock
from services.kit.database import UNREACHABLE, Database
from services.kit.identity import Identity, IdentitySigner, Signed
from services.kit.problems import Unauthorized, Unavailable
from services.kit.secrets import Vault

MOST_KEYS = 10_000
MOST_STRANGERS = 10_000
LOOK_UPS_AT_ONCE = 4
"""Public ids can be made up by the million: they may not take all connections of the database."""
FIND = "SELECT * FROM find_api_key($1)"


@dataclass(slots=True)
class Holder:
    """A key that exists, with what is needed to let its requests pass."""

    key_id: UUID
    secret_hash: bytes
    identity: Identity
    expires_at: datetime | None
    revoked_at: datetime | None
    origins: frozenset[str]
    networks: tuple[rules.Network, ...]
    fresh_until: float
    tokens: dict[str, Signed] = field(default_factory=dict)


class Keyring:
    """All keys that were used of late."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        signer: IdentitySigner,
        tokens: Tokens,
        clock: Clock,
        now: Callable[[], float],
        cache_seconds: float,
    ) -> None:
        """Take the collaborators; `now` is a monotonic clock in seconds."""
        self._database = database
        self._vault = vault
        self._signer = signer
        self._tokens = tokens
        self._clock = clock
        self._now = now
        self._cache_seconds = cache_seconds
        self._holders: dict[str, Holder] = {}
        self._proven: dict[bytes, Holder] = {}
        """By the digest of the whole header: what was found good a moment ago is not taken apart again."""
        self._generation = 0
        self._strangers: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[Holder | None]] = {}
        self._look_ups = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    async def open(self, authorization: bytes | None, origin: bytes | None, address: str | None) -> Holder:
        """Return the holder of the key in an Authorization header; a problem for any that does not count here."""
        proof = hashlib.sha256(authorization or b"").digest()
        holder = self._proven.get(proof)
        if holder is None or holder.fresh_until <= self._now():
            holder = await self._prove(authorization, proof)
        self._admit(holder, origin, address)
        return holder

    async def _prove(self, authorization: bytes | None, proof: bytes) -> Holder:
        """Return the holder of a key after a look at all of it."""
        text = bearer(authorization)
        key = rules.parse_key(text)
        if key is None:
            return await self._prove_token(text, proof)
        holder = self._holders.get(key.public_id)
        if holder is None or holder.fresh_until <= self._now():
            holder = await self._ask(key.public_id)
        if holder is None or not self._matches(holder, key.text):
            raise Unauthorized
        if self._holders.get(key.public_id) is holder:  # else it was told to forget meanwhile
            _make_room(self._proven, MOST_KEYS)
            self._proven[proof] = holder
        return holder

    async def _prove_token(self, text: str, proof: bytes) -> Holder:
        """Return the holder that a token of a workspace's provider makes."""
        generation = self._generation
        proven = await self._tokens.open(text)
        before = self._proven.get(proof)
        holder = Holder(
            key_id=proven.identity.actor_id,
            secret_hash=b"",
            identity=proven.identity,
            expires_at=proven.expires_at,
            revoked_at=None,
            origins=frozenset(),
            networks=(),
            fresh_until=self._now() + self._cache_seconds,
        )
        if before is not None and before.identity == holder.identity:
            holder.tokens = before.tokens
        if generation == self._generation:  # else it was told to forget meanwhile
            _make_room(self._proven, MOST_KEYS)
            self._proven[proof] = holder
        return holder

    def token(self, holder: Holder, audience: str) -> bytes:
        """Return the signed identity of a holder for one service."""
        signed = self._signer.renew(holder.tokens.get(audience), holder.identity, audience)
        holder.tokens[audience] = signed
        return signed.token

    def forget(self) -> None:
        """Forget everything: a key was changed or revoked, or news may have been missed."""
        self._generation += 1
        self._holders.clear()
        self._proven.clear()
        self._tokens.forget()
        self._strangers.clear()
        self._asking.clear()  # answers under way are from before

    async def heed(self) -> None:
        """Forget whenever a key was changed anywhere, until cancelled."""
        while True:
            news = self._database.wakeups.next(CHANGED)
            self.forget()
            await news.wait()

    def _matches(self, holder: Holder, text: str) -> bool:
        return hmac.compare_digest(holder.secret_hash, self._vault.keyed_hash(PURPOSE, text))

    def _admit(self, holder: Holder, origin: bytes | None, address: str | None) -> None:
        if not rules.is_live(self._clock.now(), holder.expires_at, holder.revoked_at):
            raise Unauthorized("The key is revoked." if holder.revoked_at else "The key has expired.")
        if holder.networks and not rules.in_networks(address, holder.networks):
            raise KeyNotUsableHere("The key is bound to other networks.")
        if holder.origins and not rules.from_origin(origin.decode("latin-1") if origin else None, holder.origins):
            raise KeyNotUsableHere("The key is bound to other origins.")

    async def _ask(self, public_id: str) -> Holder | None:
        """Ask the database once, however many requests wait for the same key."""
        if self._strangers.get(public_id, 0.0) > self._now():
            return None
        asking = self._asking.get(public_id)
        if asking is None:
            asking = asyncio.create_task(self._look_up(public_id))
            self._asking[public_id] = asking
            asking.add_done_callback(lambda done: self._forget_question(public_id, done))
        return await asyncio.shield(asking)

    def _forget_question(self, public_id: str, done: "asyncio.Task[Holder | None]") -> None:
        if self._asking.get(public_id) is done:
            del self._asking[public_id]

    async def _look_up(self, public_id: str) -> Holder | None:
        this = asyncio.current_task()
        try:
            async with self._look_ups:
                row = await self._database.api_pool.fetchrow(FIND, public_id)
        except UNREACHABLE as error:
            raise Unavailable from error
        until = self._now() + self._cache_seconds
        holder = holder_of(dict(row), until) if row else None
        if self._asking.get(public_id) is this:  # else it was told to forget meanwhile
            self._remember(public_id, holder, until)
        return holder

    def _remember(self, public_id: str, holder: Holder | None, until: float) -> None:
        if holder is None:
            _make_room(self._strangers, MOST_STRANGERS)
            self._strangers[public_id] = until
            return
        _make_room(self._holders, MOST_KEYS)
        before = self._holders.get(public_id)
        if before is not None and before.identity == holder.identity:
            holder.tokens = before.tokens
        self._holders[public_id] = holder


def bearer(authorization: bytes | None) -> str:
    """Return the token of an Authorization header; empty where there is none."""
    scheme, _, token = (authorization or b"").decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def holder_of(row: Mapping[str, Any], fresh_until: float) -> Holder:
    """Return the holder that a row describes."""
    identity = Identity(
        workspace_id=row["workspace_id"],
        actor_id=row["id"],
        actor_kind="key",
        scopes=frozenset(row["scopes"]),
        rep_id=row["rep_id"],
        visibility=row["visibility"],
        team=frozenset(row["team"]),
    )
    return Holder(
        key_id=row["id"],
        secret_hash=row["secret_hash"],
        identity=identity,
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        origins=frozenset(row["origins"]),
        networks=rules.parse_networks(row["networks"]),
        fresh_until=fresh_until,
    )


def _make_room(cache: "dict[Any, Any]", most: int) -> None:
    if len(cache) >= most:
        cache.clear()
