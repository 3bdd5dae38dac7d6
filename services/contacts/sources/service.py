"""What can be done with sources: connect, rename, rotate secrets, look at deliveries and put them in line again."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.contacts.sources.adapters.registry import ADAPTERS
from services.contacts.sources.directory import PURPOSE
from services.contacts.sources.errors import SourceKeyTaken, SourceTakesNoCalls
from services.contacts.sources.repository import SourcesRepository
from services.contacts.sources.rules import key_for
from services.contacts.sources.schemas import ReplayCommand, SecretCreate, SourceCreate, SourceUpdate
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.handles import Handles
from services.kit.ids import new_id
from services.kit.problems import NotFound
from services.kit.secrets import Vault
from services.kit.versions import check_version
from services.kit.web.lists import Where

Versions = frozenset[int] | None
Row = dict[str, Any]
MAX_REPLAY = 10_000
MADE_UP = frozenset({"woocommerce"})
"""Platforms where the merchant types the secret in, so that we can make it up; the others give us theirs."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that was added."""

    id: UUID
    shown: str | None
    """The secret itself where we made it up."""


class Sources:
    """The verbs on sources."""

    def __init__(
        self,
        rows: SourcesRepository,
        vault: Vault,
        clock: Clock,
        forget: Callable[[UUID], None] = lambda _: None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """`forget` is told of sources whose secrets changed, `wake` that deliveries stand in line again."""
        self.rows = rows
        self._vault = vault
        self._handles = Handles(vault)
        self._clock = clock
        self._forget = forget
        self._wake = wake

    async def create(self, session: Session, body: SourceCreate) -> tuple[Row, str | None]:
        """Connect a shop; returns it with the secret that we made up, if so."""
        taken = await self.rows.keys(session)
        key = body.key or key_for(body.name, body.platform, {*taken, "import", "manual"})
        source_id = new_id()
        if not await self.rows.create(session, source_id, key, body.platform, body.name, self._clock.now()):
            raise SourceKeyTaken(taken.get(key))
        shown = None
        if body.platform in ADAPTERS:
            await self._handles.keep(session, PURPOSE, str(source_id), source_id)
            if body.secret or body.platform in MADE_UP:
                shown = (await self._add_secret(session, source_id, body.secret)).shown
        elif body.secret:
            raise SourceTakesNoCalls
        return await self.read(session, source_id), shown

    async def read(self, session: Session, source_id: UUID) -> Row:
        """Return a source."""
        row = await self.rows.read(session, source_id)
        if row is None:
            raise NotFound
        return self.present(row)

    def present(self, row: Mapping[str, Any]) -> Row:
        """Return a source with those of its secrets that are accepted now."""
        now = self._clock.now()
        standing = [one for one in row["secrets"] if one["expires_at"] is None or moment(one["expires_at"]) > now]
        return {**row, "secrets": standing}

    async def change(self, session: Session, source_id: UUID, body: SourceUpdate, wanted: Versions) -> Row:
        """Rename a source."""
        row = await self._locked(session, source_id)
        check_version(row["version"], wanted)
        if body.name and body.name != row["name"]:
            await self.rows.rename(session, source_id, body.name, self._clock.now())
        return await self.read(session, source_id)

    async def add_secret(self, session: Session, source_id: UUID, body: SecretCreate) -> tuple[Row, str | None]:
        """Add a secret; those before it are accepted until the overlap ends."""
        row = await self._locked(session, source_id)
        if row["platform"] not in ADAPTERS:
            raise SourceTakesNoCalls
        added = await self._add_secret(session, source_id, body.secret)
        await self.rows.end_secrets(session, source_id, added.id, self._clock.now() + body.overlap)
        row = await self.read(session, source_id)
        return next(one for one in row["secrets"] if one["id"] == str(added.id)), added.shown

    async def delivery(self, session: Session, source_id: UUID, delivery_id: UUID, *, with_body: bool = False) -> Row:
        """Return a delivery."""
        row = await self.rows.delivery(session, source_id, delivery_id, with_body=with_body)
        if row is None:
            raise NotFound
        return row

    async def retry(self, session: Session, source_id: UUID, delivery_id: UUID) -> Row:
        """Put a delivery in line again."""
        if not await self.rows.retry(session, source_id, delivery_id):
            raise NotFound
        session.after_commit(self._wake)
        return await self.delivery(session, source_id, delivery_id)

    async def replay(self, session: Session, source_id: UUID, body: ReplayCommand, where: Where) -> tuple[int, Any]:
        """Put deliveries in line again; returns how many, and the time of the last one where more may fit."""
        await self.read(session, source_id)
        queued, last = await self.rows.replay(session, source_id, where, body.effects, MAX_REPLAY)
        session.after_commit(self._wake)
        return queued, last if queued == MAX_REPLAY else None

    async def _locked(self, session: Session, source_id: UUID) -> Row:
        row = await self.rows.read(session, source_id, lock=True)
        if row is None:
            raise NotFound
        return row

    async def _add_secret(self, session: Session, source_id: UUID, given: str | None) -> NewSecret:
        secret = given or secrets.token_urlsafe(32)
        secret_id = new_id()
        last4 = secret[-4:] if len(secret) >= 8 else ""  # noqa: PLR2004 - of a short one, four letters tell too much
        await self.rows.add_secret(session, source_id, secret_id, self._vault.encrypt(secret), last4, self._clock.now())
        session.after_commit(lambda: self._forget(source_id))
        return NewSecret(secret_id, None if given else secret)


def moment(text: str) -> datetime:
    """Return the instant in a time that the database wrote into json."""
    return datetime.fromisoformat(text)
