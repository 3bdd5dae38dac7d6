"""The sources that call us, kept in memory for moments: a call must not wait for a look-up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.contacts.sources.adapters.base import Adapter, Headers
from services.contacts.sources.adapters.registry import ADAPTERS
from services.kit.secrets import Vault

PURPOSE = "webhook"
KNOWN_SECONDS = 30.0
UNKNOWN_SECONDS = 1.0
MAX_ENTRIES = 10_000

Load = Callable[[UUID], Awaitable[dict[str, Any] | None]]
"""Reads workspace_id, platform and secrets ([{sealed (hex), expires_at}]) of a source; None if there is none."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A source that may call: whose it is, and what its calls are signed with."""

    workspace_id: UUID
    source_id: UUID
    adapter: Adapter
    keys: tuple[tuple[bytes, datetime | None], ...]
    """Signing keys, each with the time from which it no longer counts."""

    def signed(self, headers: Headers, body: bytes, now: datetime) -> bool:
        """Tell whether a key that still counts signed the body."""
        keys = [key for key, ends in self.keys if ends is None or ends > now]
        return self.adapter.is_signed(headers, body, keys)


class Directory:
    """Finds callers; forgets them after half a minute, and at once when asked to."""

    def __init__(self, load: Load, vault: Vault) -> None:
        self._load = load
        self._vault = vault
        self._found: dict[UUID, tuple[float, Caller | None]] = {}
        self._loading: dict[UUID, asyncio.Task[Caller | None]] = {}

    async def find(self, source_id: UUID) -> Caller | None:
        """Return a source that takes calls, None if there is none."""
        entry = self._found.get(source_id)
        if entry and entry[0] > asyncio.get_running_loop().time():
            return entry[1]
        return await self.look_up(source_id)

    async def look_up(self, source_id: UUID) -> Caller | None:
        """Read a source anew, so that a secret added elsewhere counts at once; those who ask together read once."""
        task = self._loading.get(source_id)
        if task is None:
            task = asyncio.create_task(self._look_up(source_id))
            self._loading[source_id] = task
            task.add_done_callback(lambda _: self._loading.pop(source_id, None))
        return await asyncio.shield(task)

    def forget(self, source_id: UUID) -> None:
        """Read the source anew the next time it calls."""
        self._found.pop(source_id, None)

    async def _look_up(self, source_id: UUID) -> Caller | None:
        row = await self._load(source_id)
        caller = self._caller(source_id, row) if row else None
        if len(self._found) >= MAX_ENTRIES:
            self._found.clear()
        life = KNOWN_SECONDS if caller else UNKNOWN_SECONDS
        self._found[source_id] = (asyncio.get_running_loop().time() + life, caller)
        return caller

    def _caller(self, source_id: UUID, row: dict[str, Any]) -> Caller | None:
        adapter = ADAPTERS.get(row["platform"])
        if adapter is None:
            return None
        keys = tuple(
            (
                adapter.signing_key(self._vault.decrypt(bytes.fromhex(secret["sealed"])).decode()),
                datetime.fromisoformat(secret["expires_at"]) if secret["expires_at"] else None,
            )
            for secret in row["secrets"]
        )
        return Caller(row["workspace_id"], source_id, adapter, keys)
