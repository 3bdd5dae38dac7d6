"""What a process must have before it takes requests: its database, its tables, its keys; never another service."""

import re
from collections.abc import Awaitable, Callable

from services.kit.database import Database
from services.kit.identity import IdentitySigner, IdentityVerifier
from services.kit.sealing import HASH_KEY, READ_KEY
from services.kit.secrets import Vault

Check = Callable[[], Awaitable[None]]
"""Raises when something that the process needs is not there."""

NUMBER = re.compile(r"[a-z]+_(\d+)")


class SchemaTooOld(Exception):
    """The migrations of this release have not run."""


class KeysUnusable(Exception):
    """Nobody would believe what this process signs: its own key is not among those that it was told to trust."""


def checks(database: Database, vault: Vault, signer: IdentitySigner, verifier: IdentityVerifier) -> dict[str, Check]:
    """Return what every process looks at, by name."""

    async def answers() -> None:
        await database.api_pool.fetchval("SELECT 1")

    async def opens() -> None:
        sealed = await database.worker_pool.fetchval(READ_KEY, HASH_KEY)
        vault.decrypt(sealed or b"")
        if not verifier.trusts(signer):
            raise KeysUnusable

    return {"database": answers, "keys": opens}


def revision_check(database: Database, needed: int) -> Check:
    """Return the check that the schema has come as far as this release needs; further is fine, for the next one."""

    async def migrated() -> None:
        rows = await database.worker_pool.fetch("SELECT version_num FROM alembic_version")
        found = [NUMBER.fullmatch(row["version_num"]) for row in rows]
        if max((int(match[1]) for match in found if match), default=0) < needed:
            raise SchemaTooOld

    return migrated
