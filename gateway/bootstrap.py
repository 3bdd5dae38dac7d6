"""The first workspace and its key, and what the command line creates; works while nothing else runs."""

import contextlib
from collections.abc import AsyncIterator, Callable
from random import SystemRandom
from uuid import UUID

from gateway.access.rules import ADMIN, unknown_scopes
from gateway.keys import repository as keys
from gateway.keys.rules import make_key
from gateway.keys.service import new_row
from gateway.settings import GatewaySettings
from gateway.workspaces import repository as workspaces
from gateway.workspaces.rules import known_time_zone
from gateway.workspaces.service import WorkspaceService
from services.kit.audit.author import Author
from services.kit.clock import SystemClock
from services.kit.database import Database, Session
from services.kit.ids import new_id
from services.kit.money import known_currency
from services.kit.sealing import open_hash_key
from services.kit.secrets import Vault

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('kith.first_workspace', 0))"
COMMAND_LINE = Author("command_line")
FIRST_KEY = "First admin key"
LONGEST_NAME = 255
SEVERAL = "There are several workspaces: name one with --workspace (`GET /v1/me` shows the id of a key's own)."


async def ensure_first_workspace(settings: GatewaySettings, keep: Callable[[str], None] = lambda _: None) -> str | None:
    """Create a workspace and an admin key where there is no workspace yet; returns the key, None otherwise.

    `keep` is given the key before anything counts: a workspace whose only key was lost could not be entered.
    """
    async with worker_session(settings) as session:
        await session.fetchval(LOCK)  # two first starts at once make one workspace
        if await workspaces.ids(session, 1):
            return None
        workspace_id = await _add_workspace(session, settings, settings.first_workspace_name)
        key = await _add_key(session, settings, workspace_id, FIRST_KEY, [ADMIN])
        keep(key)
        return key


async def create_workspace(settings: GatewaySettings, name: str) -> tuple[UUID, str]:
    """Create a workspace; returns its id and an admin key."""
    check_name(name)
    async with worker_session(settings) as session:
        workspace_id = await _add_workspace(session, settings, name)
        return workspace_id, await _add_key(session, settings, workspace_id, FIRST_KEY, [ADMIN])


async def create_key(settings: GatewaySettings, workspace_id: UUID | None, name: str, scopes: list[str]) -> str:
    """Create a key and return its text. Without an id, the only workspace; ValueError where that is not clear."""
    check_name(name)
    unknown = [scopes[place] for place in unknown_scopes(scopes)]
    if unknown:
        raise ValueError(f"There is no scope {unknown[0]!r}.")
    async with worker_session(settings) as session:
        return await _add_key(session, settings, await _chosen(session, workspace_id), name, scopes)


def check_name(name: str) -> None:
    """Refuse a name that the API would not take either."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"A name has 1 to {LONGEST_NAME} characters, all of them printable.")


@contextlib.asynccontextmanager
async def worker_session(settings: GatewaySettings) -> AsyncIterator[Session]:
    """Open one transaction of the worker role; what it changes is audited as the command line's."""
    database = Database(
        "gateway",
        api_url=settings.api_database_url.get_secret_value(),
        worker_url=settings.worker_database_url.get_secret_value(),
        api_pool_size=1,
        worker_pool_size=1,
    )
    await database.start()
    try:
        async with database.worker() as session:
            await session.execute(COMMAND_LINE.setting)
            yield session
    finally:
        await database.stop()


async def _chosen(session: Session, workspace_id: UUID | None) -> UUID:
    if workspace_id is not None:
        if await workspaces.read(session, workspace_id) is None:
            raise ValueError(f"There is no workspace {workspace_id}.")
        return workspace_id
    found = await workspaces.ids(session, 2)
    if len(found) != 1:
        raise ValueError("There is no workspace yet." if not found else SEVERAL)
    return found[0]


async def _add_workspace(session: Session, settings: GatewaySettings, name: str) -> UUID:
    workspace_id = new_id()
    values = {
        "name": name,
        "mode": "live",
        "time_zone": known_time_zone(settings.first_workspace_time_zone),
        "locale": settings.first_workspace_locale,
        "reporting_currency": known_currency(settings.first_workspace_currency),
        "default_region": None,
    }
    await WorkspaceService(SystemClock()).create(session, workspace_id, values)
    return workspace_id


async def _add_key(
    session: Session, settings: GatewaySettings, workspace_id: UUID, name: str, scopes: list[str]
) -> str:
    vault = Vault([key.get_secret_value() for key in settings.secret_keys])
    await open_hash_key(session, "gateway", vault)
    text = make_key(await keys.workspace_mode(session, workspace_id), SystemRandom())
    values = {
        "name": name,
        "scopes": scopes,
        "rep_id": None,
        "visibility": "all",
        "origins": [],
        "networks": [],
        "expires_at": None,
    }
    now = SystemClock().now()
    row = new_row(text, vault, values, workspace_id=workspace_id, created_at=now, created_by=(None, "system"))
    await keys.insert(session, row)
    return text.text
