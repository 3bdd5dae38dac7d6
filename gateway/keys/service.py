"""Making, changing, rotating and revoking keys; nobody grants what he lacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from gateway.keys import repository, rules
from gateway.keys.errors import KeyNotActive, ScopeNotHeld
from gateway.keys.repository import NewKey
from gateway.keys.schemas import ApiKeyCreate, ApiKeyUpdate
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.problems import NotFound, invalid_body
from services.kit.secrets import Vault
from services.kit.versions import check_version

if TYPE_CHECKING:
    import asyncpg

PURPOSE = "api-key"
CHANGED = "api_keys"
"""Topic of the wake-up that follows a changed or revoked key."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key: its id, and its text, which nobody sees again."""

    id: UUID
    text: str


class KeyService:
    """The verbs of API keys."""

    def __init__(self, clock: Clock, vault: Vault, chance: Random, forget: Callable[[], None]) -> None:
        """Take what the verbs need; `chance` is a SystemRandom outside tests, `forget` empties the local memory."""
        self._clock = clock
        self._vault = vault
        self._chance = chance
        self._forget = forget

    async def create(self, session: Session, body: ApiKeyCreate, caller: Identity) -> Issued:
        """Make a key for a caller who holds all that it is given."""
        values = resolve_me(body.model_dump(), caller)
        self._check(values, caller)
        return await self._issue(session, values, caller)

    async def read(self, session: Session, key_id: UUID) -> "asyncpg.Record":
        """Return a key; NotFound where there is none."""
        row = await repository.read(session, key_id)
        if row is None:
            raise NotFound
        return row

    async def change(
        self, session: Session, key_id: UUID, body: ApiKeyUpdate, caller: Identity, wanted: frozenset[int] | None
    ) -> None:
        """Change a key. The result, too, may hold no more than the caller does."""
        row = await self._lock(session, key_id, wanted)
        if row["revoked_at"] is not None:
            raise KeyNotActive
        changes = resolve_me(body.changes(), caller)
        self._check(dict(row) | changes, caller)
        await repository.update(session, key_id, changes, self._clock.now())
        self.announce(session)

    async def rotate(
        self, session: Session, key_id: UUID, overlap: timedelta, caller: Identity, wanted: frozenset[int] | None
    ) -> Issued:
        """Make a new key with the same rights; the old one goes on to count until the overlap ends."""
        row = dict(await self._lock(session, key_id, wanted))
        now = self._clock.now()
        if not rules.is_live(now, row["expires_at"], row["revoked_at"]):
            raise KeyNotActive
        self._check(row, caller)  # whoever gets the new text gets all its rights
        ends = min(now + overlap, row["expires_at"] or datetime.max.replace(tzinfo=now.tzinfo))
        await repository.update(session, key_id, {"expires_at": ends}, now)
        self.announce(session)
        return await self._issue(session, row, caller, rotated_from=key_id)

    async def revoke(self, session: Session, key_id: UUID, wanted: frozenset[int] | None) -> None:
        """End a key at once; a key that is revoked stays so."""
        row = await self._lock(session, key_id, wanted)
        if row["revoked_at"] is None:
            now = self._clock.now()
            await repository.update(session, key_id, {"revoked_at": now}, now)
            self.announce(session)

    def announce(self, session: Session) -> None:
        """Once the change is durable, forget what is known about keys: here at once, elsewhere within milliseconds."""
        session.after_commit(self._forget)
        session.after_commit(lambda: session.wakeups.tell(CHANGED))

    async def _lock(self, session: Session, key_id: UUID, wanted: frozenset[int] | None) -> "asyncpg.Record":
        row = await repository.lock(session, key_id)
        if row is None:
            raise NotFound
        check_version(row["version"], wanted)
        return row

    async def _issue(
        self, session: Session, values: Mapping[str, Any], caller: Identity, rotated_from: UUID | None = None
    ) -> Issued:
        text = rules.make_key(await repository.workspace_mode(session, session.tenant), self._chance)
        row = new_row(
            text,
            self._vault,
            values,
            workspace_id=session.tenant,
            created_at=self._clock.now(),
            rotated_from_id=rotated_from,
            created_by=(caller.actor_id, caller.actor_kind),
        )
        await repository.insert(session, row)
        return Issued(row.id, text.text)

    def _check(self, values: Mapping[str, Any], caller: Identity) -> None:
        check_grant(values, caller)
        if values["visibility"] != "all" and values["rep_id"] is None:
            raise invalid_body("#/rep_id", "A key that does not see all needs the rep whose customers it sees.")
        if values["expires_at"] is not None and values["expires_at"] <= self._clock.now():
            raise invalid_body("#/expires_at", "This time has passed already; revoke the key to end it.")


def new_row(
    text: rules.KeyText,
    vault: Vault,
    values: Mapping[str, Any],
    *,
    workspace_id: UUID,
    created_at: datetime,
    created_by: tuple[UUID | None, str],
    rotated_from_id: UUID | None = None,
) -> NewKey:
    """Return the row of a new key; its text is kept as a keyed hash only."""
    return NewKey(
        workspace_id=workspace_id,
        id=new_id(),
        created_at=created_at,
        public_id=text.public_id,
        secret_hash=vault.keyed_hash(PURPOSE, text.text),
        hint=rules.hint(text.text),
        name=values["name"],
        scopes=sorted(set(values["scopes"])),
        rep_id=values["rep_id"],
        visibility=values["visibility"],
        origins=values["origins"],
        networks=values["networks"],
        expires_at=values["expires_at"],
        rotated_from_id=rotated_from_id,
        created_by_id=created_by[0],
        created_by_kind=created_by[1],
    )


def check_grant(values: Mapping[str, Any], caller: Identity) -> None:
    """Raise ScopeNotHeld where a key could do or see more than its maker."""
    missing = rules.missing_scopes(frozenset(values["scopes"]), caller.scopes)
    if missing:
        raise ScopeNotHeld(missing[0], f"You do not hold {', '.join(missing)}.")
    if not rules.may_grant_visibility(values["visibility"], caller.visibility):
        raise ScopeNotHeld("keys:write", f"You see {caller.visibility}, so you cannot grant {values['visibility']}.")
    if caller.visibility != "all" and values["rep_id"] != caller.rep_id:
        raise ScopeNotHeld("keys:write", "You see one rep's customers, so you can make keys of that rep only.")


def resolve_me(values: dict[str, Any], caller: Identity) -> dict[str, Any]:
    """Return the values with `me` replaced by the caller's rep; a problem where the caller stands for none."""
    if values.get("rep_id") != "me":
        return values
    if caller.rep_id is None:
        raise invalid_body("#/rep_id", "Your key stands for no rep.")
    return values | {"rep_id": caller.rep_id}
